from __future__ import annotations

import httpx
import pytest

from tests.service.running import RunningService
from tests.service.test_life import run_pagemill


async def test_keys_are_made_listed_and_revoked_beside_a_running_service(scratch):
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
        assert (await run_pagemill("keys", "--data-dir", str(folder), "revoke", key_id))[0] == 0
        assert await status(service, secret.strip()) == 401
        assert await status(service, service.key) == 404
        code, _, errors = await run_pagemill("keys", "--data-dir", str(folder), "revoke", "key_nobody")
        assert (code, "no key" in errors) == (1, True)


async def test_keys_are_made_while_no_service_runs(scratch):
    folder = scratch / "early-keys"
    code, secret, _ = await run_pagemill("keys", "--data-dir", str(folder), "create", "reader")
    assert code == 0
    async with RunningService(folder, workers=1) as service:
        assert await status(service, secret.strip()) == 404


@pytest.mark.parametrize("command", ["api", "worker", "migrate"])
async def test_the_halves_need_a_database(command):
    code, _, errors = await run_pagemill(command)
    assert (code, "PAGEMILL_DATABASE_URL" in errors) == (1, True)


async def status(service, secret):
    async with httpx.AsyncClient(base_url=service.address, headers={"X-API-Key": secret}) as client:
        return (await client.get("/v1/url-scraper/job_nothing")).status_code
