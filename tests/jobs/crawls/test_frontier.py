"""The statements of the frontier beside others that are not committed yet."""

from __future__ import annotations

import asyncio

from pagemill.jobs.crawls import statements
from pagemill.jobs.crawls.frontier import Frontier
from pagemill.jobs.crawls.store import CrawlStore
from pagemill.jobs.keys.keys import ANONYMOUS
from pagemill.jobs.queue.claims import Queue
from pagemill.jobs.queue.store import JobStore, Site
from pagemill.model import JobKind, ScrapeOptions, SiteOptions, Status
from pagemill.sites.candidates import Candidate, digest


def candidate(host, number):
    url = f"http://{host}/{number}"
    return Candidate(url, digest(url), host, None, "", None, None)


async def submit(database, host):
    """A crawl whose first page has ended, with three URLs that wait."""
    first = candidate(host, 0)
    site = Site(JobKind.CRAWL, SiteOptions(url=first.url, limit=10), bytes.fromhex(first.identity), host)
    job = await JobStore(database).submit(ANONYMOUS, [first.url], ScrapeOptions(), batch=True, site=site)
    queue = Queue(database, "worker")
    await queue.heartbeat()
    [page] = await queue.claim(1)
    return job, queue, page


async def test_a_crawl_that_is_stopped_as_pages_are_released_ends(database, settings):
    """What is released just then is not seen by who stops it."""
    job, queue, page = await submit(database, "a.example")
    await Frontier(database, settings).add(job.id, [candidate("a.example", n) for n in (1, 2, 3)], 1, 0, None)
    await queue.complete(page, final_url=page.url, status_code=200, bodies={})
    releasing = await database.connect()
    await releasing.execute("BEGIN")
    released = await releasing.fetchrow(statements.RELEASE_PAGES, 16, 4, 0.0, 100)
    assert released["pages"] == 1
    stopping = asyncio.create_task(CrawlStore(database).stop(job.id, ANONYMOUS))
    async with asyncio.timeout(60):
        while not await database.rows("SELECT FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0.01)
    await releasing.execute("COMMIT")
    await releasing.close()
    assert await stopping == 1
    assert (await JobStore(database).get(job.id, ANONYMOUS)).status is Status.COMPLETED
    assert {page.status for page in await JobStore(database).pages(job.id)} == {Status.COMPLETED, Status.FAILED}
    assert await Frontier(database, settings).release() is None


async def test_a_release_locks_a_bounded_number_of_crawls(database, settings):
    for n in range(6):
        job, queue, page = await submit(database, f"h{n}.example")
        await Frontier(database, settings).add(job.id, [candidate(f"h{n}.example", 1)], 1, 0, None)
        await queue.complete(page, final_url=page.url, status_code=200, bodies={})
    releasing = await database.connect()
    await releasing.execute("BEGIN")
    assert (await releasing.fetchrow(statements.RELEASE_PAGES, 16, 4, 0.0, 2))["pages"] == 2
    free = await database.rows("SELECT id FROM jobs FOR UPDATE SKIP LOCKED")
    assert len(free) == 4
    await releasing.execute("ROLLBACK")
    await releasing.close()
    frontier = Frontier(database, settings.changed(crawls_per_release=2))
    assert [await frontier.release() for _ in range(3)] == [2, 2, 2], "each comes to its own"


async def test_crawls_whose_hosts_are_busy_take_no_place_of_others(database, settings):
    """However many there are, and however old."""
    for host in (*("busy.example" for _ in range(4)), "free.example"):
        job, queue, page = await submit(database, host)
        await Frontier(database, settings).add(job.id, [candidate(host, 1)], 1, 0, None)
        await queue.complete(page, final_url=page.url, status_code=200, bodies={})
    await database.rows("INSERT INTO host_turns (host, next_at) VALUES ('busy.example', now() + interval '1 hour')")
    assert await Frontier(database, settings.changed(crawls_per_release=1)).release() == 1
