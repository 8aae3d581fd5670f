"""Pages that wait for their hosts: they hold up no other page, and nobody for longer than a turn."""

from __future__ import annotations

import asyncio

import pytest
from tests.web.generated_site import GeneratedSite

from pagemill.fair_semaphore import current_key
from pagemill.jobs.keys.keys import ANONYMOUS, Keys
from pagemill.jobs.memory.site_hosts import DatabaseHosts
from pagemill.model import JobKind, ScrapeOptions, Status

SET_TURN = """
INSERT INTO host_turns (host, next_at, crawl_delay) VALUES ($1, now() + make_interval(secs => $2), $3)
ON CONFLICT (host) DO UPDATE SET next_at = excluded.next_at, crawl_delay = excluded.crawl_delay
"""
COUNT_WAITING = "SELECT count(*) AS pages FROM pages WHERE waits_for_host IS NOT NULL AND job_id = ANY ($1::text[])"


def host_of(site):
    return site.url("").partition("://")[2]


async def scrape_as_other(sites, database, url):
    """Scrape a page as another key."""
    key_id, _ = await Keys(database).create("other")
    return await sites.ended(await sites.store.submit(key_id, [url], ScrapeOptions(), batch=False), seconds=20)


@pytest.mark.parametrize("kind", [JobKind.MAP, JobKind.CRAWL])
async def test_a_page_that_waits_for_its_host_holds_no_slot(sites, database, kind):
    async with GeneratedSite(pages=3) as busy, GeneratedSite(pages=3) as other:
        await database.rows(SET_TURN, host_of(busy), 3600.0, 0.0)
        waiting = [await sites.submit(kind, busy.url(f"/docs/{n}"), limit=2) for n in range(3)]
        async with sites.working(worker_concurrency=1, host_wait=0.05):
            job = await scrape_as_other(sites, database, other.url())
            assert job.status is Status.COMPLETED
            assert not busy.asked
            await database.rows(SET_TURN, host_of(busy), 0.0, 0.0)
            ended = [await sites.ended(job) for job in waiting]
        assert [job.status for job in ended] == [Status.COMPLETED] * 3


async def test_a_page_that_waits_after_its_robots_txt_does_not_ask_for_that_again(sites, database):
    async with GeneratedSite(pages=3) as site:
        site.robots = "User-agent: *\nCrawl-delay: 3600\n"
        await database.rows(SET_TURN, host_of(site), 0.0, 3600.0)
        async with sites.working(host_wait=0.01, robots_cache=0.01, robots_max_delay=3600.0):
            job = await sites.submit(JobKind.CRAWL, site.url(), limit=1, sitemap=False)
            async with asyncio.timeout(60):
                while not (site.asked and (await database.row(COUNT_WAITING, [job.id]))["pages"]):
                    await asyncio.sleep(0.02)
            await database.rows(SET_TURN, host_of(site), 0.0, 0.0)
            job = await sites.ended(job)
        assert job.status is Status.COMPLETED
        assert site.asked == {"/robots.txt": 1, "/": 1}


@pytest.mark.parametrize("kind", [JobKind.MAP, JobKind.CRAWL])
async def test_what_waits_between_its_requests_lends_its_slot(sites, database, kind):
    async with GeneratedSite(pages=3) as slow, GeneratedSite(pages=3) as other:
        slow.robots = "User-agent: *\nCrawl-delay: 3600\n"
        async with sites.working(worker_concurrency=1, robots_max_delay=3600.0, grace_period=0.1):
            # Its robots.txt, its first page where it is a crawl, then sitemaps that have to wait.
            begun = await sites.submit(kind, slow.url(), limit=3, sitemap=True)
            async with asyncio.timeout(20):
                while not slow.asked["/robots.txt"]:
                    await asyncio.sleep(0.02)
            await database.rows(SET_TURN, host_of(slow), 0.0, 3600.0)
            assert (await scrape_as_other(sites, database, other.url())).status is Status.COMPLETED
            assert (await sites.store.get(begun.id, ANONYMOUS)).status is Status.PROCESSING


async def test_nobody_takes_turns_ahead(database, settings):
    hosts = [DatabaseHosts(database, settings.changed(host_interval=5.0)) for _ in range(3)]
    first = [asyncio.create_task(each.take_turn("a.example")) for each in hosts for _ in range(5)]
    done, waiting = await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
    assert [task.result() for task in done] == [True]
    await asyncio.sleep(0.3)
    row = await database.row("SELECT extract(epoch FROM next_at - now())::float8 AS seconds FROM host_turns")
    assert row["seconds"] <= 5
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_clock_that_is_set_back_keeps_no_turn(database, settings):
    hosts = DatabaseHosts(database, settings.changed(host_interval=0.1))
    assert await hosts.take_turn("a.example", 0.0)
    await database.rows("UPDATE host_turns SET next_at = now() + interval '1 hour'")
    assert not await hosts.take_turn("a.example", 0.0), "its next turn may be in an hour"
    set_back = "UPDATE host_turns SET next_at = now() + interval '1 hour', updated_at = now() + interval '1 hour'"
    await database.rows(set_back)
    assert await hosts.take_turn("a.example", 0.0)
    await database.rows(set_back)
    await hosts.answered("a.example", 0.1)
    assert await hosts.take_turn("a.example", 1.0)


async def test_a_turn_is_not_waited_for_beyond_patience(database, settings):
    hosts = DatabaseHosts(database, settings.changed(host_interval=3600.0))
    assert await hosts.take_turn("a.example", 0.0)
    assert not await hosts.take_turn("a.example", 0.2)
    holder = asyncio.create_task(hosts.take_turn("a.example"))
    await asyncio.sleep(0.1)
    assert not await hosts.take_turn("a.example", 0.2), "others of this process wait before it"
    holder.cancel()
    await asyncio.gather(holder, return_exceptions=True)


async def test_keys_share_a_hosts_turns_whoever_has_more_pages(sites, database):
    """One key has twenty first pages that wait for a host, another one."""
    key_id, _ = await Keys(database).create("other")
    async with GeneratedSite(pages=30) as site:
        await database.rows(SET_TURN, host_of(site), 3600.0, 0.0)
        many = [await sites.submit(JobKind.CRAWL, site.url(f"/docs/{n}"), limit=1) for n in range(20)]
        few = await sites.submit(JobKind.CRAWL, site.url("/docs/29"), key_id=key_id, limit=1)
        jobs = {job.id for job in (*many, few)}
        async with sites.working(host_wait=0.0, grace_period=0.1), asyncio.timeout(60):
            while (await database.row(COUNT_WAITING, list(jobs)))["pages"] < 21:
                await asyncio.sleep(0.02)
            await database.rows(SET_TURN, host_of(site), 0.0, 1.0)
            while (await database.row(COUNT_WAITING, [few.id]))["pages"]:
                await asyncio.sleep(0.02)
            assert (await database.row(COUNT_WAITING, list(jobs)))["pages"] > 0


async def test_maps_and_crawls_of_one_host_both_go_on(sites, database):
    """A map that asks for turn after turn leaves some to a crawl of another key."""
    key_id, _ = await Keys(database).create("other")
    async with GeneratedSite(pages=400, sitemaps=False, robots=None) as site:
        changes = {"host_interval": 0.05, "worker_concurrency": 4, "map_deadline": 600.0}
        async with sites.working("one", **changes), sites.working("two", **changes):
            maps = [await sites.submit(JobKind.MAP, site.url(), limit=400, depth=5) for _ in range(2)]
            await asyncio.sleep(1)
            crawl = await sites.submit(JobKind.CRAWL, site.url("/docs/3"), key_id=key_id, limit=8)
            crawl = await sites.ended(crawl, seconds=60)
            assert crawl.status is Status.COMPLETED
            assert not all([(await sites.store.get(job.id, ANONYMOUS)).status.ended for job in maps])
            for job in maps:
                await sites.ended(job, seconds=120)


@pytest.fixture(autouse=True)
def _no_key():
    current_key.set("")
