from __future__ import annotations

import base64

import pytest

from pagemill.jobs.keys.keys import Keys, KnownKey


@pytest.fixture
def keys(database):
    return Keys(database)


async def test_a_key_is_found_by_its_secret(keys):
    key_id, secret = await keys.create("mine")
    assert await keys.find(secret) == KnownKey(key_id, operator=False)
    assert await keys.find(secret + "x") is None
    assert await keys.find("") is None


async def test_a_key_has_256_random_bits(keys):
    secrets = {(await keys.create("mine"))[1] for _ in range(20)}
    assert len(secrets) == 20
    for secret in secrets:
        assert len(base64.urlsafe_b64decode(secret.removeprefix("pm_") + "==")) == 32


async def test_the_secret_is_not_in_the_database(keys, database):
    _, secret = await keys.create("mine")
    for row in await database.rows("SELECT keys::text AS text FROM keys"):
        assert secret not in row["text"]
        assert secret.removeprefix("pm_") not in row["text"]


async def test_a_revoked_key_is_unknown_at_once(keys):
    key_id, secret = await keys.create("mine")
    assert await keys.revoke(key_id)
    assert await keys.find(secret) is None
    assert [key.revoked_at is not None for key in await keys.list()] == [True]


async def test_an_unknown_key_cannot_be_revoked(keys):
    assert not await keys.revoke("key_nobody")
    assert not await keys.revoke("anonymous")


async def test_the_anonymous_key_does_not_count(keys):
    assert not await keys.any()
    assert await keys.list() == []
    await keys.create("mine")
    assert await keys.any()
