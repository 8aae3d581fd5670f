"""`pagemill api` and `pagemill worker` by themselves, on a database given by URL."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys

import httpx

from tests.service.running import free_port
from tests.service.test_life import run_pagemill
from tests.web.http_server import HttpServer, Response

PAGE = Response(b"<html><body><article><h1>Title</h1><p>Words of a page.</p></article></body></html>")


@contextlib.asynccontextmanager
async def running(*words, **settings):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pagemill", *words),
        env={**os.environ, "PAGEMILL_ALLOWED_NETWORKS": "127.0.0.0/8", **settings},
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        async with asyncio.timeout(60):
            assert await process.wait() == 0


async def test_the_halves_work_together_wherever_they_run(database_url):
    url = {"PAGEMILL_DATABASE_URL": database_url}
    assert (await run_pagemill("migrate", **url))[0] == 0
    _, secret, _ = await run_pagemill("keys", "create", "tester", **url)
    ports = [str(free_port()), str(free_port())]
    async with (
        HttpServer({"/": PAGE}) as web,
        running("api", "--port", ports[0], **url),
        running("api", "--port", ports[1], **url),
    ):
        clients = [
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers={"X-API-Key": secret.strip()}, timeout=30)
            for port in ports
        ]
        async with clients[0] as one, clients[1] as other:
            assert await status(one, "/health") == await status(other, "/health") == 200
            assert await status(one, "/ready") == 503
            job = (await one.post("/v1/url-scraper", json={"url": web.url("/")})).json()
            async with running("worker", **url), running("worker", **url):
                answer = (await other.get(f"/v1/url-scraper/{job['id']}", params={"wait": 20})).json()
                assert answer["status"] == "completed"
                assert await status(one, "/ready") == 200
            assert await status(one, "/ready") == 503


async def status(client, path):
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(httpx.TransportError):
                return (await client.get(path)).status_code
            await asyncio.sleep(0.05)
