from __future__ import annotations

import httpx
import pytest

from tests.service.running import RunningService
from tests.service.test_life import run_pagemill


async def test_keys_are_made_listed_and_revoked_beside_a_running_service_and_made_without(scratch):
    folder = scratch / "keys"
    async with RunningService(folder, workers=1) as service:
        code, secret, note = await run_pagemill("keys", "--data-dir", str(folder), "create", "reader")
        assert code == 0
        key_id = note.split()[0]
        assert await status(service, secret.strip()) == 404
        _, listing, _ = await run_pagemill("keys", "--data-dir", str(folder), "list")
        assert "first" in listing
        assert key_id in listing
        assert secret.strip() not in listing
        _, operator, _ = await run_pagemill("keys", "--data-dir", str(folder), "create", "boss", "--operator")
        assert [await status(service, each, "proxy/scores") for each in (operator, service.key, secret)] == [
            200,
            200,
            403,
        ]
        _, listing, _ = await run_pagemill("keys", "--data-dir", str(folder), "list")
        assert [line.endswith("(operator)") for line in listing.splitlines()] == [True, False, True]
        assert (await run_pagemill("keys", "--data-dir", str(folder), "revoke", key_id))[0] == 0
        assert await status(service, secret.strip()) == 401
        assert await status(service, service.key) == 404
        code, _, errors = await run_pagemill("keys", "--data-dir", str(folder), "revoke", "key_nobody")
        assert (code, "no key" in errors) == (1, True)
        _, _, errors = await run_pagemill("keys", "--data-dir", str(scratch / "no-service"), "list")
        assert str(folder) in errors, "the folder of the service that runs"
    code, secret, _ = await run_pagemill("keys", "create", "early", "--data-dir", str(folder))
    assert code == 0
    async with RunningService(folder, workers=1) as service:
        assert await status(service, secret.strip()) == 404


async def test_no_key_is_made_where_no_service_has_run(scratch):
    empty = scratch / "no-service"
    code, secret, errors = await run_pagemill("keys", "create", "reader", "--data-dir", str(empty))
    assert (code, secret, errors.count("\n")) == (1, "", 1)
    assert str(empty) in errors
    assert "--data-dir" in errors
    assert not empty.exists()


@pytest.mark.parametrize("command", ["api", "worker", "migrate"])
async def test_the_halves_need_a_database(command):
    code, _, errors = await run_pagemill(command)
    assert (code, "PAGEMILL_DATABASE_URL" in errors) == (1, True)


async def status(service, secret, path="url-scraper/job_nothing"):
    async with httpx.AsyncClient(base_url=service.address, headers={"X-API-Key": secret.strip()}) as client:
        return (await client.get(f"/v1/{path}")).status_code
