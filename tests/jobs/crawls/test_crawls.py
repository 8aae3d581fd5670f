from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from itertools import pairwise

import pytest
from prometheus_client import generate_latest
from tests.web.generated_site import GeneratedSite
from tests.web.http_server import HttpServer, Response

from pagemill import bodies
from pagemill.jobs.keys.keys import ANONYMOUS
from pagemill.model import Format, JobKind, MarkdownOptions, ScrapeOptions, Status
from pagemill.observability import instruments, metrics
from pagemill.settings import Settings


@pytest.fixture
def counting(monkeypatch):
    """Metrics of this process alone, on until the test ends."""
    monkeypatch.delenv(instruments.FOLDER_VARIABLE, raising=False)
    metrics.turn_on(Settings(), "test")
    yield
    instruments.turn_off()


def paths(site, pages):
    return [crawled.page.url.removeprefix(site.url("")) for crawled in pages]


async def test_a_crawl_follows_links_as_deep_as_it_may(sites):
    async with GeneratedSite(pages=300) as site, sites.working():
        job, pages = await sites.crawl(site.url(), limit=1000, depth=2, sitemap=False)
    assert job.status is Status.COMPLETED
    assert Counter(paths(site, pages)) == Counter(["/", *(f"/docs/{n}" for n in range(100))])
    assert [crawled.number for crawled in pages] == list(range(1, 102))
    found = dict(zip(paths(site, pages), pages, strict=True))
    assert (found["/"].depth, found["/"].parent) == (0, None)
    assert (found["/docs/7"].depth, found["/docs/7"].parent) == (1, site.url())
    assert (found["/docs/70"].depth, found["/docs/70"].parent) == (2, site.url("/docs/7"))
    assert set(site.asked_pages.values()) == {1}


async def test_a_crawl_ends_at_its_limit_of_pages(sites):
    async with GeneratedSite(pages=300) as site, sites.working():
        job, pages = await sites.crawl(site.url(), limit=17, depth=5, sitemap=False)
    assert job.status is Status.COMPLETED
    assert len(pages) == sum(site.asked_pages.values()) == 17


async def test_sitemaps_name_what_no_link_does(sites):
    async with GeneratedSite(pages=50) as site, sites.working():
        _, pages = await sites.crawl(site.url("/docs/49"), limit=1000, depth=1, sitemap=True)
    assert len(pages) == 50
    assert {crawled.depth for crawled in pages} == {0, 1}


async def test_duplicates_are_fetched_once_or_said_to_be_the_same(sites):
    async with GeneratedSite(pages=10, traps=True) as site, sites.working(crawl_family_urls=5):
        _, pages = await sites.crawl(site.url(), limit=1000, depth=1, sitemap=False)
    found = {path: crawled.duplicate_of for path, crawled in zip(paths(site, pages), pages, strict=True)}
    assert {path for path in found if path.startswith("/docs/1")} in ({"/docs/1"}, {"/docs/1/"})
    assert not {"/docs/2?utm_source=nav", "/docs/3;jsessionid=0A1B", "/docs/4#part"} & set(found)
    copies = [{found["/copy/5"], found["/docs/5"]}, {found["/moved/6"], found["/docs/6"]}]
    for copy, named in zip(copies, [("/copy/5", "/docs/5"), ("/moved/6", "/docs/6")], strict=True):
        assert None in copy
        assert copy - {None} <= {site.url(path) for path in named}
        assert len(copy) == 2


async def test_duplicates_are_told_by_what_pages_hold_not_by_the_markdown_that_is_asked_for(sites):
    options = ScrapeOptions(formats=(Format.MARKDOWN,), markdown=MarkdownOptions(front_matter=True, max_tokens=50))
    async with GeneratedSite(pages=10, traps=True) as site, sites.working(crawl_family_urls=5):
        job = await sites.ended(
            await sites.submit(JobKind.CRAWL, site.url(), options=options, limit=1000, depth=1, sitemap=False)
        )
        pages = await sites.crawls.ended_pages(job.id, 0, 1000)
        stored = await sites.store.bodies(pages[0].page.id)
    assert bodies.unpack(stored["markdown"]).startswith("---\n")
    duplicates = {path for path, crawled in zip(paths(site, pages), pages, strict=True) if crawled.duplicate_of}
    assert len(duplicates) == 2
    assert duplicates <= {"/copy/5", "/docs/5", "/moved/6", "/docs/6"}


def page(title, *links, canonical=None):
    head = f"<link rel='canonical' href='{canonical}'>" if canonical else ""
    anchors = "".join(f"<p><a href='{link}'>{link}</a></p>" for link in links)
    words = f"<p>{title} says what no other page says, in words enough to be taken for content.</p>" * 4
    return Response(f"<html><head>{head}</head><body><h1>{title}</h1>{words}{anchors}</body></html>".encode())


async def test_pages_with_one_canonical_url_are_said_to_be_the_same(sites):
    """Their links are followed all the same; and what names another site or the start as canonical, errs."""
    async with HttpServer() as web, sites.working():
        web.routes = {
            "/": page("Start", "/red-boat", "/one", "/two", "/far"),
            "/red-boat": page("Red boat", "/boat", canonical="/boat"),
            "/boat": page("Boat", "/harbour"),
            "/harbour": page("Harbour", canonical="/harbour"),
            "/one": page("One", canonical="/"),
            "/two": page("Two", canonical="/"),
            "/far": page("Far", canonical="https://elsewhere.example/boat"),
        }
        _, pages = await sites.crawl(web.url("/"), limit=100, depth=4, sitemap=False, ignore_robots=True)
    found = {crawled.page.url.removeprefix(web.url("")): crawled.duplicate_of for crawled in pages}
    assert found == dict.fromkeys(web.routes) | {"/boat": web.url("/red-boat")}


async def test_pages_count_as_they_are_released_and_once_each_as_they_end(sites, counting):
    async with GeneratedSite(pages=30, failing=frozenset([3])) as site, sites.working():
        await sites.crawl(site.url(), limit=20, depth=2, sitemap=False)
    async with GeneratedSite(pages=30) as site:
        job = await sites.submit(JobKind.CRAWL, site.url())
        assert await sites.crawls.stop(job.id, ANONYMOUS) == 1
        assert await sites.crawls.stop(job.id, ANONYMOUS) == 1
    text = generate_latest(instruments.counted()).decode()
    assert "pagemill_pages_submitted_total 21.0" in text, "two that were submitted, and 19 that were found"
    assert 'pagemill_pages_ended_total{code="http_error",status="failed"} 1.0' in text
    assert 'pagemill_pages_ended_total{code="",status="completed"} 19.0' in text
    assert 'pagemill_pages_ended_total{code="cancelled",status="failed"} 1.0' in text
    assert 'pagemill_jobs_ended_total{status="failed"} 1.0' in text


async def test_traps_are_bounded(sites):
    async with GeneratedSite(pages=3, traps=True) as site, sites.working(crawl_family_urls=6):
        job, pages = await sites.crawl(site.url(), limit=1000, depth=20, sitemap=False)
    assert job.status is Status.COMPLETED
    for trap in ("/calendar/", "/shop"):
        assert 1 <= sum(path.startswith(trap) for path in paths(site, pages)) <= 6
    assert 1 <= sum(path.startswith("/loop/") for path in paths(site, pages)) <= 3


async def test_robots_txt_is_obeyed(sites):
    async with GeneratedSite(pages=3, traps=True) as site, sites.working():
        _, pages = await sites.crawl(site.url(), limit=100, depth=3, sitemap=False)
        assert not [target for target in site.asked if target.startswith("/private")]
        assert "/private/0" not in paths(site, pages)
        assert site.asked["/robots.txt"] == 1
        job, [first] = await sites.crawl(site.url("/private/0"), limit=100)
        assert (job.status, first.page.failure.code) == (Status.FAILED, "robots_disallowed")
        _, pages = await sites.crawl(site.url("/private/0"), limit=100, depth=1, ignore_robots=True)
        assert len(pages) > 1


async def test_of_a_huge_robots_txt_the_first_part_counts(sites):
    async with GeneratedSite(pages=1) as site, sites.working(max_body_bytes=1_000_000):
        rules = b"User-agent: *\nDisallow: /closed\n" + b"# nothing\n" * 250_000
        site.server.routes["/robots.txt"] = Response(rules, content_type="text/plain")
        job, _ = await sites.crawl(site.url(), limit=1)
        assert job.status is Status.COMPLETED
        _, [closed] = await sites.crawl(site.url("/closed"), limit=1)
        assert closed.page.failure.code == "robots_disallowed"


async def test_patterns_choose(sites):
    async with GeneratedSite(pages=40) as site, sites.working():
        _, pages = await sites.crawl(
            site.url(), limit=100, depth=3, include=("/docs/*",), exclude=(r"/\/docs\/[13579]+$/",), sitemap=True
        )
    numbers = {int(path.removeprefix("/docs/")) for path in paths(site, pages) if path != "/"}
    assert {0, 2, 12, 20, 38} <= numbers
    assert not {1, 3, 11, 35} & numbers


async def test_failures_are_results(sites):
    async with GeneratedSite(pages=30, failing=frozenset([3, 4]), traps=True) as site, sites.working():
        job, pages = await sites.crawl(site.url(), limit=1000, depth=1, sitemap=False)
    failed = {path: crawled.page.failure for path, crawled in zip(paths(site, pages), pages, strict=True)}
    assert job.status is Status.COMPLETED
    assert failed["/docs/3"].code == failed["/docs/4"].code == failed["/missing"].code == "http_error"
    assert failed["/docs/5"] is None


async def test_the_most_promising_pages_come_first(sites):
    async with GeneratedSite(pages=200) as site, sites.working(crawl_pages_in_flight=1):
        _, pages = await sites.crawl(site.url(), limit=3, depth=1, sitemap=True, search="docs 117")
    assert paths(site, pages)[1] == "/docs/117"


async def test_a_hosts_rate_is_kept_by_all_crawls_and_workers_together(sites):
    times = []

    async def note(_request):
        times.append(asyncio.get_running_loop().time())
        return Response(
            b"<html><body><p>Words.</p><a href='/1'>1</a><a href='/2'>2</a><a href='/3'>3</a></body></html>"
        )

    async with HttpServer() as web:
        web.fallback = note
        web.routes["/robots.txt"] = Response(b"User-agent: *\nCrawl-delay: 0.3\n", content_type="text/plain")
        async with sites.working("one"), sites.working("two"):
            await asyncio.gather(*(sites.crawl(web.url(f"/{n}"), limit=4, depth=1, sitemap=False) for n in range(2)))
    gaps = sorted(later - earlier for earlier, later in pairwise(times))
    assert gaps[0] > 0.2


async def test_a_host_that_refuses_is_asked_less_often(sites, database):
    async with GeneratedSite(pages=60, limit_after=20) as site, sites.working():
        job, pages = await sites.crawl(site.url(), limit=40, depth=2, sitemap=False)
        row = await database.row("SELECT slowdown FROM host_turns WHERE host = $1", site.url("").partition("://")[2])
    assert job.status is Status.COMPLETED
    assert len(pages) == 40
    assert row["slowdown"] > 0


async def test_a_stopped_crawl_begins_nothing_more(sites):
    async with GeneratedSite(pages=500, slow=0.05) as site, sites.working():
        job = await sites.submit(JobKind.CRAWL, site.url(), limit=500, depth=5)
        async with asyncio.timeout(20):
            while not await sites.crawls.ended_pages(job.id, 5, 1):
                await asyncio.sleep(0.02)
        await sites.crawls.stop(job.id, ANONYMOUS)
        job = await sites.ended(job, seconds=10)
        asked = len(site.server.requests)
        await asyncio.sleep(0.3)
        assert len(site.server.requests) == asked
    assert job.status is Status.COMPLETED
    assert 6 <= len(await sites.crawls.ended_pages(job.id, 0, 1000)) < 100


async def test_a_crawl_of_another_key_is_not_stopped(sites):
    async with GeneratedSite(pages=3) as site:
        job = await sites.submit(JobKind.CRAWL, site.url())
        assert await sites.crawls.stop(job.id, "other") == 0
        assert (await sites.store.get(job.id, ANONYMOUS)).completed_at is None


async def test_a_crawl_that_takes_too_long_is_stopped(sites):
    async with GeneratedSite(pages=500, slow=0.05) as site, sites.working(crawl_deadline=0.5):
        job = await sites.submit(JobKind.CRAWL, site.url(), limit=500, depth=5)
        job = await sites.ended(job, seconds=30)
    assert job.status is Status.COMPLETED


async def test_two_keys_have_their_crawls_side_by_side(sites, database):
    from pagemill.jobs.keys.keys import Keys

    key_id, _ = await Keys(database).create("other")
    async with GeneratedSite(pages=200, slow=0.01) as one, GeneratedSite(pages=10) as other, sites.working():
        large = await sites.submit(JobKind.CRAWL, one.url(), limit=200, depth=5)
        small = await sites.submit(JobKind.CRAWL, other.url(), key_id=key_id, limit=10, depth=1)
        small = await sites.ended(small, seconds=20)
        assert not (await sites.store.get(large.id, ANONYMOUS)).status.ended
        await sites.ended(large)


async def test_workers_that_are_killed_lose_nothing(sites, settings):
    """Whoever dies: each page ends once, none is lost, and the crawl ends."""
    async with GeneratedSite(pages=400) as site:
        job = await sites.submit(JobKind.CRAWL, site.url(), limit=1000, depth=4)
        for _ in range(3):
            ended = len(await sites.crawls.ended_pages(job.id, 0, 10_000))
            process = await start_worker(settings)
            async with asyncio.timeout(60):
                while len(await sites.crawls.ended_pages(job.id, ended, 40)) < 40:
                    await asyncio.sleep(0.02)
            process.kill()
            await process.wait()
        async with sites.working("last", worker_timeout=0.6, worker_heartbeat=0.1):
            job = await sites.ended(job)
    pages = await sites.crawls.ended_pages(job.id, 0, 10_000)
    assert job.status is Status.COMPLETED
    assert Counter(paths(site, pages)) == Counter(["/", *(f"/docs/{n}" for n in range(400))])
    assert [crawled.number for crawled in pages] == list(range(1, 402))


async def start_worker(settings):
    environment = {
        **os.environ,
        "PAGEMILL_DATABASE_URL": settings.database.database_url,
        "PAGEMILL_ALLOWED_NETWORKS": "127.0.0.0/8",
        "PAGEMILL_HOST_INTERVAL": "0",
        "PAGEMILL_CACHE_TIME": "0",
        "PAGEMILL_DATA_DIR": str(settings.database.data_dir),
    }
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "pagemill", "worker", env=environment)
