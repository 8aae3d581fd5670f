"""Whatever is killed, whenever: every submitted job ends, each page once."""

from __future__ import annotations

import asyncio
import gzip
import os
import secrets
import signal

import pytest

from tests.chaos.__main__ import run_all
from tests.chaos.run import Plan
from tests.service.running import RunningService, ended, submit
from tests.web.http_server import HttpServer, Response

PAGES, BATCH = 600, 60


@pytest.fixture
def pages(shared_pages):
    files = sorted((shared_pages / "html").glob("*.html.gz"))[:PAGES]
    return {f"/{number}": gzip.decompress(file.read_bytes()) for number, file in enumerate(files)}


@pytest.mark.shared
async def test_hundreds_of_pages_through_the_death_of_everything(pages, scratch):
    """A worker, then the API, then PostgreSQL, then the supervisor are killed with -9 while 600 pages run."""
    async with HttpServer({path: Response(body, content_type="text/html") for path, body in pages.items()}) as web:
        urls = [web.url(path) for path in pages]
        service = RunningService(scratch / "chaos", PAGEMILL_WORKER_TIMEOUT="4", PAGEMILL_GRACE_PERIOD="3")
        async with service, service.client() as client:
            jobs = []
            for start in range(0, len(urls), BATCH):
                jobs.append(await submit(client, urls[start : start + BATCH]))
                if start == 2 * BATCH:
                    await kill(service, "worker")
                if start == 4 * BATCH:
                    await kill(service, "api")
                if start == 6 * BATCH:
                    await kill(service, "postgres")
            while len(web.requests) < len(urls) // 2:
                await asyncio.sleep(0.1)
            service.process.kill()
            await service.process.wait()
            await service.start()
            results = [await ended(client, job["id"], 300) for job in jobs]
    assert len({job["id"] for job in jobs}) == len(urls) // BATCH
    assert {job["status"] for job in results} == {"completed"}
    ended_pages = [page for job in results for page in job["results"]]
    assert [page["url"] for page in ended_pages] == urls
    assert {page["status"] for page in ended_pages} == {"completed"}
    assert all(page["html"] for page in ended_pages)


async def test_random_faults():
    """The short form of `make chaos`, with another seed each time: it is printed, and `make chaos SEED=` repeats it."""
    [report] = await run_all([Plan(secrets.randbelow(1_000_000), pages=150, seconds=100)])
    assert report.wrong == []
    assert report.jobs == 8


async def kill(service, role):
    victim = service.of(role)[0]
    os.kill(victim.pid, signal.SIGKILL)
    async with asyncio.timeout(20):
        while victim.is_running() or not service.of(role):
            await asyncio.sleep(0.05)
