"""SIGHUP replaces the API and the workers one by one: no request is refused or lost, and every job ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal

import httpx
import pytest

from pagemill.jobs.database.embedded import EmbeddedPostgres
from pagemill.jobs.database.pool import Database
from tests.service.running import RunningService
from tests.web.http_server import HttpServer, Response

PAGE = Response(b"<html><title>T</title><body><article><h1>Title</h1><p>Words of a page.</p></article></body></html>")


@pytest.fixture
async def service(scratch, request):
    async with RunningService(scratch / request.node.name, workers=2) as service:
        yield service


def pids(service):
    return {process.pid for role in ("api", "worker") for process in service.of(role)}


async def restarted(service, before):
    async with asyncio.timeout(90):
        while len(now := pids(service)) != len(before) or now & before:
            await asyncio.sleep(0.1)


class Load:
    """Clients that keep their connections, and one that opens a new one each time. Nothing is sent again."""

    def __init__(self, service, url):
        self._service = service
        self._url = url
        self.jobs = []
        self.requests = 0

    async def __aenter__(self):
        self._tasks = [asyncio.create_task(self._submit_and_poll()) for _ in range(4)]
        self._tasks.append(asyncio.create_task(self._connect()))
        return self

    async def __aexit__(self, *_):
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _submit_and_poll(self):
        async with self._service.client() as client:
            while True:
                answer = await client.post("/v1/url-scraper/batch", json={"urls": [self._url] * 3})
                assert answer.status_code == 202, answer.text
                self.jobs.append(answer.json()["id"])
                answer = await client.get(f"/v1/url-scraper/{self.jobs[-1]}", params={"wait": 1})
                assert answer.status_code == 200, answer.text
                self.requests += 2
                await asyncio.sleep(0.01)

    async def _connect(self):
        while True:
            async with httpx.AsyncClient(base_url=self._service.address, timeout=30) as client:
                assert (await client.get("/health")).status_code == 200
                self.requests += 1


async def test_nothing_is_lost_or_refused_while_everything_is_replaced(service):
    async with HttpServer({"/": PAGE}) as web:
        before = pids(service)
        async with Load(service, web.url("/")) as load:
            await asyncio.sleep(1)
            os.kill(service.process.pid, signal.SIGHUP)
            await restarted(service, before)
            requests = load.requests
            await asyncio.sleep(1)
            assert load.requests > requests
        async with service.client() as client:
            jobs = [(await client.get(f"/v1/url-scraper/{job}", params={"wait": 60})).json() for job in load.jobs]
        assert {job["status"] for job in jobs} == {"completed"}
        url = EmbeddedPostgres(service.data_dir).url
        async with Database(url, connections=1, wait=5) as database:
            crashes = await database.row("SELECT max(crashes) AS most FROM pages")
        assert crashes["most"] == 0


async def test_a_restart_that_cannot_be_done_leaves_the_old_processes(service):
    before = pids(service)
    async with Database(EmbeddedPostgres(service.data_dir).url, connections=1, wait=5) as database:
        await database.rows("INSERT INTO schema_versions (version, name) VALUES (999, 'future')")
    os.kill(service.process.pid, signal.SIGHUP)
    async with asyncio.timeout(30):
        while "not restarted" not in service.log.read_text():
            await asyncio.sleep(0.1)
    assert pids(service) == before
    async with service.client() as client:
        assert (await client.get("/ready")).status_code == 200


async def test_a_stop_during_a_restart_ends_everything(service):
    os.kill(service.process.pid, signal.SIGHUP)
    while len(pids(service)) == 3:
        await asyncio.sleep(0.02)
    await service.stop()
    assert service.process.returncode == 0
