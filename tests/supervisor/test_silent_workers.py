"""Workers that hang: found by their heartbeats, and replaced by the supervisor."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest
from tests.forking.processes import runs
from tests.service.running import RunningService
from tests.web.http_server import HttpServer, Response

from pagemill.errors import UnavailableError
from pagemill.jobs.queue.claims import Queue
from pagemill.supervisor.silent_workers import SilentWorkers

PAGE = Response(b"<html><title>T</title><body><article><h1>Title</h1><p>Words of a page.</p></article></body></html>")


async def test_a_worker_is_silent_once_its_heartbeat_stays_as_it_is(database):
    alive, hanging = Queue(database, "alive"), Queue(database, "hanging")
    workers = SilentWorkers(database, seconds=3, interval=1)
    await hanging.heartbeat()
    for look in range(6):
        await alive.heartbeat()
        assert await workers.poll(["alive", "hanging"]) == (set() if look < 3 else {"hanging"})
    await hanging.heartbeat()
    assert await workers.poll(["alive", "hanging"]) == set()


async def test_one_that_others_took_for_dead_stays_silent(database):
    workers, hanging = SilentWorkers(database, seconds=3, interval=1), Queue(database, "hanging")
    await hanging.heartbeat()
    for look in range(4):
        assert await workers.poll(["hanging"]) == (set() if look < 3 else {"hanging"})
        await database.rows("DELETE FROM workers")
    assert await workers.poll(["new", "hanging"]) == {"hanging"}


async def test_while_the_database_is_away_nobody_falls_silent(database, monkeypatch):
    workers, worker = SilentWorkers(database, seconds=2, interval=1), Queue(database, "worker")
    await worker.heartbeat()
    assert await workers.poll(["worker"]) == set()
    with monkeypatch.context() as away:
        away.setattr(database, "rows", unavailable)
        for _ in range(5):
            with pytest.raises(UnavailableError):
                await workers.poll(["worker"])
    assert await workers.poll(["worker"]) == set()


async def unavailable(*_, **__):
    raise UnavailableError("It is away.")


async def test_the_only_worker_of_a_service_is_replaced_where_it_hangs(scratch):
    async with (
        HttpServer({"/": PAGE}) as web,
        RunningService(scratch / "hanging", workers=1, PAGEMILL_WORKER_HANG_TIMEOUT="10") as service,
    ):
        [worker] = service.of("worker")
        os.kill(worker.pid, signal.SIGSTOP)
        async with service.client() as client:
            submitted = await client.post("/v1/url-scraper", json={"url": web.url("/")})
            async with asyncio.timeout(120):
                while (await client.get(f"/v1/url-scraper/{submitted.json()['id']}")).json()["status"] != "completed":
                    await asyncio.sleep(0.2)
        assert not runs(worker)
        assert len(service.of("worker")) == 1
