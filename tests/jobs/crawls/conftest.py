"""Maps and crawls by real workers, of a generated site."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import pytest

from pagemill import bodies
from pagemill.jobs.crawls.store import CrawlStore
from pagemill.jobs.keys.keys import ANONYMOUS
from pagemill.jobs.queue.store import JobStore, Site
from pagemill.jobs.worker import Worker
from pagemill.model import Format, JobKind, ScrapeOptions, SiteOptions
from pagemill.sites.candidates import digest
from pagemill.sites.identity import site_url

OPTIONS = ScrapeOptions(formats=(Format.MARKDOWN,))


class Sites:
    """Submits maps and crawls, and reads how they ended."""

    def __init__(self, database, settings):
        self.store = JobStore(database)
        self.crawls = CrawlStore(database)
        self.settings = settings

    async def submit(self, kind, url, key_id=ANONYMOUS, webhook_url=None, options=OPTIONS, **site):
        found = site_url(url)
        chosen = Site(kind, SiteOptions(url=url, **site), bytes.fromhex(digest(found.identity)), found.host)
        batch = kind is JobKind.CRAWL
        return await self.store.submit(key_id, [url], options, batch=batch, site=chosen, webhook_url=webhook_url)

    async def ended(self, job, seconds=60):
        async with asyncio.timeout(seconds):
            while not (found := await self.store.get(job.id, job.key_id)).status.ended:
                await asyncio.sleep(0.02)
        return found

    async def map(self, url, **site):
        """The job of a map, and what it found."""
        job = await self.ended(await self.submit(JobKind.MAP, url, **site))
        [page] = await self.store.pages(job.id)
        stored = await self.store.bodies(page.id)
        return job, bodies.unpack(stored["map"]) if "map" in stored else page.failure

    async def crawl(self, url, **site):
        """The job of a crawl, and its pages in the order of completion."""
        job = await self.ended(await self.submit(JobKind.CRAWL, url, **site))
        return job, await self.crawls.ended_pages(job.id, 0, 100_000)

    @contextlib.asynccontextmanager
    async def working(self, name="worker", **changes):
        stop = asyncio.Event()
        task = asyncio.create_task(Worker(self.settings.changed(**changes), name).run(stop))
        try:
            yield task
        finally:
            stop.set()
            await task


@pytest.fixture
def sites(database, settings):
    return Sites(database, settings.changed(host_interval=0.0, fetch_attempts=2, crawl_poll_interval=0.01))


@pytest.fixture
def unused_port():
    """A port that is bound, and refuses connections, as nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]
