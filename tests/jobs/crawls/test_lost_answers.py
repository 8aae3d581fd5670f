"""Crawls by workers whose connections break at the worst moments and who die, on a real PostgreSQL, in any order."""

from __future__ import annotations

import asyncio
import random
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.jobs.queue.test_lost_answers import FAULTS, UnreliableDatabase

from pagemill.jobs.crawls.frontier import Frontier
from pagemill.jobs.crawls.store import CrawlStore
from pagemill.jobs.database.migrator import migrate
from pagemill.jobs.database.pool import Database
from pagemill.jobs.keys.keys import ANONYMOUS
from pagemill.jobs.queue.claims import Queue, rescue
from pagemill.jobs.queue.store import JobStore, Site
from pagemill.model import Failure, JobKind, ScrapeOptions, SiteOptions
from pagemill.settings import Settings
from pagemill.sites.candidates import Candidate, digest

PAGES, LINKS = 40, 3
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["release", "claim", "end", "end", "fail", "defer", "reconcile", "die", "late", "release", "claim"]
        ),
        FAULTS,
    ),
    min_size=10,
    max_size=40,
)


def candidate(number):
    url = f"http://h{number % 3}.example/{number}"
    return Candidate(
        url, digest(url), f"h{number % 3}.example", digest("f") if number % 10 == 9 else None, "", None, None
    )


def links(number):
    """Each page links to three more, and back."""
    named = [number * LINKS + n for n in range(1, LINKS + 1)] + [number // LINKS, number]
    return [candidate(n) for n in named if n < PAGES]


class CrawlingWorker:
    """Two workers in turn, the second as the first dies, and what they keep in memory."""

    def __init__(self, url, limit):
        self.unreliable, self.reliable = UnreliableDatabase(url), Database(url, connections=1, wait=30)
        self.limit = limit
        sites = Settings(host_interval=0.0, crawl_pages_in_flight=4, crawl_family_urls=2)
        self.frontier = Frontier(self.unreliable, sites)
        self.sites = sites
        self.count = 0
        self.pages = []

    async def start(self):
        for table in ("jobs", "workers", "host_turns"):
            await self.reliable.rows(f"DELETE FROM {table}")
        self.queue = Queue(self.unreliable, f"w{self.count}")
        await self.queue.heartbeat()
        first = candidate(0)
        site = Site(
            JobKind.CRAWL, SiteOptions(url=first.url, limit=self.limit), bytes.fromhex(first.identity), first.host
        )
        self.unreliable.faults.extend(["lost after it took effect"])
        self.job = await JobStore(self.unreliable).submit(
            ANONYMOUS, [first.url], ScrapeOptions(), batch=True, site=site, webhook_url="http://hook.example/"
        )

    async def step(self, action, faults):
        self.unreliable.faults.extend(faults)
        await getattr(self, action)()
        self.unreliable.faults.clear()

    async def release(self):
        await self.frontier.release()

    async def claim(self):
        self.pages += await self.queue.claim(2)

    async def end(self):
        if self.pages:
            page = self.pages.pop(0)
            number = int(page.url.rpartition("/")[2])
            await self.frontier.add(page.job_id, links(number), 1, page.position, None)
            await self.frontier.record_contents(
                page.job_id, page.position, [digest(page.url).encode(), b"same"], b"canonical"
            )
            await self.queue.complete(page, final_url=page.url, status_code=200, bodies={"markdown": b"x"})

    async def fail(self):
        if self.pages:
            await self.queue.fail(self.pages.pop(), Failure("timeout", "It took too long."))

    async def defer(self):
        if self.pages:
            page = self.pages.pop()
            await self.queue.defer(page, urlsplit(page.url).netloc)

    async def reconcile(self):
        await self.queue.reconcile()

    async def die(self):
        dead = f"w{self.count}"
        self.count += 1
        self.pages = []
        self.queue = Queue(self.unreliable, f"w{self.count}")
        await self.queue.heartbeat()
        await rescue(self.unreliable, 1000, dead_worker=dead)

    async def late(self):
        await self.unreliable.let_late_ones_arrive()

    async def drain(self):
        """Work without faults until the crawl has ended, as it must."""
        await self.late()
        async with asyncio.timeout(60):
            while not (job := await JobStore(self.reliable).get(self.job.id, ANONYMOUS)).status.ended:
                await rescue(self.reliable, 1000)  # a claim that came late may have given pages to one that is gone
                for action in ("reconcile", "release", "claim", "end", "end"):
                    await getattr(self, action)()
                await self.check()
        return job

    async def check(self):
        """What must hold at any time."""
        row = await self.reliable.row(
            "SELECT urls_waiting, pages AS counted, pages_left, "
            "CASE WHEN completed_at IS NULL THEN pages ELSE 0 END AS queued, "
            "(SELECT coalesce(sum(pages), 0) FROM unended_pages WHERE key_id = jobs.key_id) AS queued_of_key, "
            "(SELECT coalesce(sum(pages), 0) FROM unended_pages WHERE key_id = '') AS queued_in_all, "
            "(SELECT count(*) FROM crawl_urls WHERE job_id = jobs.id AND position IS NULL) AS waiting, "
            "(SELECT count(*) FROM crawl_urls WHERE job_id = jobs.id AND position IS NOT NULL) AS released, "
            "(SELECT count(*) FROM pages WHERE job_id = jobs.id) AS pages, "
            "(SELECT count(*) FROM pages WHERE job_id = jobs.id AND completed_at IS NULL) AS unended, "
            "(SELECT count(*) FROM crawl_urls WHERE job_id = jobs.id AND number IS NOT NULL) AS numbered, "
            "(SELECT max(number) FROM crawl_urls WHERE job_id = jobs.id) AS last "
            "FROM jobs WHERE id = $1",
            self.job.id,
        )
        assert row["urls_waiting"] == row["waiting"]
        assert row["counted"] == row["released"] == row["pages"] <= self.limit
        assert row["pages_left"] == row["unended"] <= 4
        assert row["queued"] == row["queued_of_key"] == row["queued_in_all"]
        assert row["numbered"] == row["pages"] - row["unended"] == (row["last"] or 0)


@pytest.fixture(scope="module")
def crawl_database(postgres_url):
    """A migrated database, and a loop that outlives the examples. What is lost is sent again at once."""
    patch = pytest.MonkeyPatch()
    patch.setattr("pagemill.jobs.database.pool._FIRST_DELAY", 0.001)
    with asyncio.Runner() as runner:

        async def create():
            async with Database(postgres_url, connections=1, wait=5) as server:
                await server.rows("CREATE DATABASE lost_crawls")
            url = postgres_url.replace("/postgres?", "/lost_crawls?")
            async with Database(url, connections=1, wait=5) as database:
                await migrate(database)
            return url

        yield runner.run(create()), runner
    patch.undo()


@settings(
    max_examples=10, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck), derandomize=True
)
@given(steps=STEPS, limit=st.sampled_from([5, 1000]))
def test_a_crawl_ends_with_each_page_once(crawl_database, steps, limit):
    url, runner = crawl_database

    async def crawl():
        worker = CrawlingWorker(url, limit)
        async with worker.unreliable, worker.reliable:
            await worker.start()
            for action, faults in steps:
                await worker.step(action, faults)
                await worker.check()
            await worker.drain()
            await worker.check()
            ended = await CrawlStore(worker.reliable).ended_pages(worker.job.id, 0, 1000)
            deliveries = await worker.reliable.rows(
                "SELECT event, count(*) AS count FROM webhook_deliveries WHERE job_id = $1 GROUP BY event",
                worker.job.id,
            )
            return ended, {row["event"]: row["count"] for row in deliveries}

    ended, deliveries = runner.run(crawl())
    urls = [crawled.page.url for crawled in ended]
    completed = sum(crawled.page.status == "completed" for crawled in ended)
    assert len(set(urls)) == len(urls) <= limit
    assert deliveries.pop("page.completed", 0) == completed
    assert deliveries == {"crawl.completed" if completed else "crawl.failed": 1}
    if all(action != "fail" for action, _ in steps) and limit > PAGES:
        # All that links lead to, but for the family that has no end: of that, two.
        family = [n for n in range(PAGES) if n % 10 == 9]
        reached = reachable(set(family))
        assert {f"http://h{n % 3}.example/{n}" for n in reached} <= set(urls)
    same = [crawled for crawled in ended if crawled.duplicate_of is None and crawled.page.status == "completed"]
    assert len(same) <= 1


def reachable(closed):
    """The pages that are found whichever of the closed ones are taken."""
    found, waiting = {0}, [0]
    while waiting:
        for one in links(waiting.pop()):
            number = int(one.url.rpartition("/")[2])
            if number not in found and number not in closed:
                found.add(number)
                waiting.append(number)
    return found


def test_many_workers_release_no_page_twice(crawl_database):
    """Whoever looks for URLs at the same time: limits and counts hold."""
    url, runner = crawl_database

    async def crawl():
        worker = CrawlingWorker(url, 1000)
        async with worker.unreliable, worker.reliable, Database(url, connections=8, wait=30) as shared:
            await worker.start()
            frontiers = [Frontier(shared, worker.sites) for _ in range(6)]
            queue = Queue(shared, "shared")
            await queue.heartbeat()
            rng = random.Random(7)
            while not (await JobStore(worker.reliable).get(worker.job.id, ANONYMOUS)).status.ended:
                pages, *_ = await asyncio.gather(queue.claim(10), *(one.release() for one in frontiers))
                rng.shuffle(pages)
                await asyncio.gather(*(end(one, queue, page) for one, page in zip(frontiers, pages, strict=False)))
                await queue.reconcile()
                await worker.check()

    async def end(frontier, queue, page):
        number = int(page.url.rpartition("/")[2])
        await frontier.add(page.job_id, links(number), 1, page.position, None)
        await queue.complete(page, final_url=page.url, status_code=200, bodies={})

    async def bounded():
        async with asyncio.timeout(60):
            await crawl()

    runner.run(bounded())
