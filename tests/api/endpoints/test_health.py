from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.api.conftest import serving

from pagemill import __version__

if TYPE_CHECKING:
    from tests.api.conftest import Api, PlayedWorker

    from pagemill.settings import Settings

HEALTHY = {"status": "ok", "service": "pagemill", "version": __version__, "database": True}


async def test_credentials_can_be_tested(api: Api) -> None:
    answer = await api.client.get("/v1/health")
    assert (answer.status_code, answer.json()) == (200, HEALTHY)
    assert (await api.client.get("/v1/health", headers={"X-API-Key": "wrong"})).status_code == 401


async def test_health_is_the_process(api: Api) -> None:
    answer = await api.client.get("/health")
    assert (answer.status_code, answer.json()) == (200, HEALTHY)


async def test_ready_needs_a_worker_seen_lately(settings: Settings, key: tuple[str, str], worker: PlayedWorker) -> None:
    async with serving(settings.changed(worker_timeout=0.5), key) as api:
        answer = await api.client.get("/ready")
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        assert answer.json() == {
            "error": "unavailable",
            "code": "unavailable",
            "message": "No worker was seen lately.",
            "database": "ok",
            "workers": 0,
        }
        await worker.heartbeat()
        answer = await api.client.get("/ready")
        assert (answer.status_code, answer.json()) == (200, {"status": "ready", "database": "ok", "workers": 1})
        await asyncio.sleep(0.6)
        assert (await api.client.get("/ready")).status_code == 503


async def test_ready_needs_the_database(settings: Settings, key: tuple[str, str]) -> None:
    away = settings.changed(database_url="postgresql://nobody@127.0.0.1:1/nothing")
    async with serving(away, key) as api:
        answer = await api.client.get("/ready")
        assert answer.status_code == 503
        assert answer.json()["database"] == "missing"
        assert answer.json()["error"] == answer.json()["code"] == "unavailable"
        alive = await api.client.get("/health")
        assert (alive.status_code, alive.json()) == (200, HEALTHY | {"database": False})
