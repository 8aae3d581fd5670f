"""One key's queue does not hold up another's page; the figures are made by bench/fairness.py."""

from __future__ import annotations

import asyncio
import time

from tests.jobs.test_worker import working
from tests.web.http_server import HttpServer, Response

from pagemill.jobs.keys.keys import ANONYMOUS, Keys
from pagemill.jobs.queue.store import JobStore
from pagemill.model import ScrapeOptions

PAGE_TIME = 0.4
QUEUED = 10_000


async def test_a_single_page_starts_next_beside_a_long_queue(settings, database):
    asked: dict[str, float] = {}

    async def slow(request):
        asked.setdefault(request.path, time.monotonic())
        await asyncio.sleep(PAGE_TIME)
        return Response(b"<p>Words of a page.</p>")

    store = JobStore(database)
    other, _ = await Keys(database).create("other")
    async with HttpServer() as web:
        web.fallback = slow
        for start in range(0, QUEUED, 1000):
            urls = [web.url(f"/crowd-{number}") for number in range(start, start + 1000)]
            await store.submit(ANONYMOUS, urls, ScrapeOptions(), batch=True)
        async with working(settings, worker_concurrency=4, host_concurrency=8, grace_period=0.1):
            while len(asked) < 4:
                await asyncio.sleep(0.01)
            await store.submit(other, [web.url("/single")], ScrapeOptions(), batch=False)
            async with asyncio.timeout(30):
                while "/single" not in asked:
                    await asyncio.sleep(0.01)
        # The places are taken when it comes; the next one that is free is its own.
        crowd = sum(path.startswith("/crowd") and moment < asked["/single"] for path, moment in asked.items())
        assert crowd <= 8


async def test_with_a_limit_the_next_page_of_a_key_starts_when_one_ends(settings, database):
    running = most = 0

    async def slow(_request):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1
        return Response(b"<p>Words of a page.</p>")

    store = JobStore(database)
    async with HttpServer() as web:
        web.fallback = slow
        urls = [web.url(f"/{number}") for number in range(20)]
        job = await store.submit(ANONYMOUS, urls, ScrapeOptions(), batch=True)
        changes = {"pages_in_flight": 2, "poll_interval": 30.0}  # so it is not polling that finds them
        began = time.monotonic()
        async with working(settings, "a", **changes), working(settings, "b", **changes):
            async with asyncio.timeout(20):
                while not (await store.get(job.id, ANONYMOUS)).status.ended:
                    await asyncio.sleep(0.02)
        assert most == 2
        assert time.monotonic() - began < 15
