"""Sessions in the database: what is kept, for whom, how many, and how long."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import replace

import pytest
from pydantic import SecretStr

from pagemill.errors import (
    ConflictError,
    NotSupportedError,
    SessionError,
    SessionNotFoundError,
    SessionTooLargeError,
    SessionUnreadableError,
    TooManySessionsError,
)
from pagemill.jobs.keys.keys import Keys
from pagemill.jobs.queue.store import pack_options, unpack_options
from pagemill.jobs.sealing import SealingKey
from pagemill.jobs.sessions import statements
from pagemill.jobs.sessions.store import SessionStore
from pagemill.model import Action, ActionType, Cookie, ScrapeOptions, SessionState, SessionUse

URL = "https://user:pass@shop.test/account?secret"


def state_of(value, *, items=1):
    cookie = {"name": "id", "value": value, "domain": ".shop.test", "path": "/"}
    stored = [{"name": f"item {number}", "value": value} for number in range(items)]
    origins = [{"origin": "https://app.shop.test", "localStorage": stored}]
    return SessionState(json.dumps({"cookies": [cookie], "origins": origins}).encode())


@pytest.fixture
async def keys(database):
    """The ids of two API keys."""
    return [(await Keys(database).create(name))[0] for name in ("one", "two")]


@pytest.fixture
def sessions(database, settings):
    return SessionStore(database, settings.changed(sessions_per_key=3, session_max_bytes=10_000))


async def test_a_session_is_found_by_name_and_by_id_by_its_own_key_alone(sessions, keys):
    one, two = keys
    session_id = await sessions.save(one, "shop", state_of("s3cret"), URL)
    for use in (SessionUse(name="shop"), SessionUse(id=session_id), SessionUse(name="shop", save_as="shop")):
        assert await sessions.load(one, use) == state_of("s3cret")
    for use in (SessionUse(name="shop"), SessionUse(id=session_id)):
        with pytest.raises(SessionNotFoundError):
            await sessions.load(two, use)
    assert await sessions.load(two, SessionUse(name="shop", save_as="shop")) is None
    assert await sessions.load(one, SessionUse(save_as="shop")) is None
    [found] = await sessions.sessions_of(one)
    assert (found.id, found.website, found.domains) == (session_id, "https://shop.test", ("shop.test",))
    assert (found.origins, found.cookies, found.storage_items) == (("https://app.shop.test",), 1, 1)
    assert [found.belongs_to(name) for name in ("shop.test", "SHOP.test", "app.shop.test", "op.test", "b.test")] == [
        True, True, True, False, False,
    ]  # fmt: skip
    assert not await sessions.delete(two, session_id)
    assert await sessions.rename(two, session_id, "mine") is None
    assert await sessions.delete(one, session_id)
    assert await sessions.sessions_of(one) == []


async def test_of_two_pages_that_save_at_once_the_last_wins_whole(sessions, keys):
    states = [state_of(f"value {number}", items=number) for number in range(1, 7)]
    ids = await asyncio.gather(*(sessions.save(keys[0], "shop", state, URL) for state in states))
    assert len(set(ids)) == 1
    kept = await sessions.load(keys[0], SessionUse(name="shop"))
    assert kept in states
    [found] = await sessions.sessions_of(keys[0])
    assert found.storage_items == 1 + states.index(kept)


async def test_no_more_are_kept_than_a_key_may_have(sessions, keys):
    saved = await asyncio.gather(
        *(sessions.save(keys[0], f"name {number}", state_of("a"), URL) for number in range(6)), return_exceptions=True
    )
    assert [type(error) for error in saved if isinstance(error, Exception)] == [TooManySessionsError] * 3
    kept = await sessions.sessions_of(keys[0])
    await sessions.save(keys[0], kept[0].name, state_of("b"), URL)  # in place of what is there
    await sessions.save(keys[1], "another key's", state_of("a"), URL)
    with pytest.raises(ConflictError):
        await sessions.rename(keys[0], kept[0].id, kept[1].name)
    with pytest.raises(SessionTooLargeError):
        await sessions.save(keys[1], "large", state_of("a" * 10_000), URL)


async def test_a_save_whose_answer_was_lost_changes_nothing_when_it_is_sent_again(sessions, keys, database):
    values = ("sess_1", keys[0], "shop", b"sealed", "https://shop.test", [], [], 0, 0, 1)
    first, second = [dict(await database.row(statements.SAVE_SESSION, *values)) for _ in range(2)]
    assert first == second == {"id": "sess_1", "full": False}
    assert len(await sessions.sessions_of(keys[0])) == 1


async def test_the_sessions_of_a_revoked_key_are_deleted_and_none_is_saved_any_more(sessions, keys, database):
    await sessions.save(keys[0], "shop", state_of("a"), URL)
    await sessions.save(keys[1], "shop", state_of("a"), URL)
    assert await Keys(database).revoke(keys[0])
    assert await sessions.sessions_of(keys[0]) == []
    with pytest.raises(SessionError, match="revoked"):
        await sessions.save(keys[0], "shop", state_of("a"), URL)
    # One whose saving was not seen by the revocation.
    await database.rows("UPDATE sessions SET key_id = $1", keys[0])
    assert await sessions.delete_unused(10) == 1


async def test_unused_sessions_are_deleted_and_used_ones_stay(sessions, keys, database):
    for name in ("used", "unused"):
        await sessions.save(keys[0], name, state_of("a"), URL)
    await database.rows("UPDATE sessions SET used_at = now() - interval '31 days'")
    await sessions.load(keys[0], SessionUse(name="used"))
    assert await sessions.delete_unused(10) == 1
    assert [found.name for found in await sessions.sessions_of(keys[0])] == ["used"]


async def test_what_another_secret_key_sealed_is_unreadable(sessions, keys, database, settings):
    await sessions.save(keys[0], "shop", state_of("a"), URL)
    other = settings.changed(secret_key=SecretStr(base64.b64encode(b"x" * 32).decode()))
    with pytest.raises(SessionUnreadableError):
        await SessionStore(database, other).load(keys[0], SessionUse(name="shop"))


SECRETS = ScrapeOptions(
    headers=(("Authorization", "Bearer sésame"), ("Accept-Language", "de")),
    cookies=(Cookie("sid", "sésame", domain="example.org"),),
    actions=(Action(ActionType.CLICK, selector="#p"), Action(ActionType.WRITE, text="sésame")),
)


@pytest.mark.parametrize("session", [None, SessionUse(save_as="shop")])
async def test_the_secrets_of_options_are_sealed_for_their_key(sessions, keys, session):
    options = replace(SECRETS, session=session)
    sealed = await sessions.seal_options(keys[0], options)
    assert "sésame" not in json.dumps(pack_options(sealed), ensure_ascii=False)
    assert await sessions.seal_options(keys[0], sealed) == sealed  # a job that is tried again
    assert sealed.is_private
    read = unpack_options(pack_options(sealed))
    assert await sessions.open_options(keys[0], read) == options
    with pytest.raises(SessionUnreadableError):
        await sessions.open_options(keys[1], read)


async def test_options_without_secrets_stay_as_they_are(sessions, keys):
    plain = ScrapeOptions(actions=(Action(ActionType.CLICK, selector="#p"),))
    assert await sessions.seal_options(keys[0], plain) == plain
    assert await sessions.open_options(keys[0], plain) == plain


async def test_a_service_without_a_key_takes_no_secrets(database, keys, settings, tmp_path):
    sessions = SessionStore(database, settings.changed(secret_key=None, data_dir=tmp_path / "empty"))
    with pytest.raises(NotSupportedError, match="PAGEMILL_SECRET_KEY"):
        await sessions.seal_options(keys[0], SECRETS)
    assert await sessions.seal_options(keys[0], ScrapeOptions()) == ScrapeOptions()


def test_what_a_repeated_log_in_is_recognised_by_tells_nobody_its_password(sessions, database, settings):
    other = SessionStore(database, settings.changed(secret_key=SecretStr(base64.b64encode(bytes(32)).decode())))
    for log_in in (
        ScrapeOptions(actions=(Action(ActionType.WRITE, text="open sesame"),)),
        ScrapeOptions(headers=(("Authorization", "Basic open sesame"),)),
        ScrapeOptions(cookies=(Cookie("sid", "open sesame"),)),
    ):
        assert sessions.request_hash(b"request", log_in) == sessions.request_hash(b"request", log_in)
        assert sessions.request_hash(b"request", log_in) != other.request_hash(b"request", log_in)
    plain = ScrapeOptions()
    assert sessions.request_hash(b"request", plain) == other.request_hash(b"request", plain)


def test_a_sealed_state_opens_for_its_key_alone_and_unchanged():
    key = SealingKey(b"k" * 32)
    sealed = key.seal(b"state", "key_1")
    assert key.open(sealed, "key_1") == b"state"
    assert b"state" not in sealed
    assert key.seal(b"state", "key_1") != sealed
    assert key.open(sealed, "key_2") is None
    assert SealingKey(b"x" * 32).open(sealed, "key_1") is None
    for changed in (sealed[:-1] + bytes([sealed[-1] ^ 1]), bytes([sealed[0] ^ 1]) + sealed[1:], sealed[:20], b""):
        assert key.open(changed, "key_1") is None
