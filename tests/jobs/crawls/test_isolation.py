"""Crawls of one API key change nothing for those of another, and what comes after a page's text fails alone."""

from __future__ import annotations

import asyncio

import pytest
from tests.web.generated_site import GeneratedSite
from tests.web.http_server import HttpServer, Response

from pagemill.jobs.crawls.frontier import Frontier
from pagemill.jobs.keys.keys import Keys
from pagemill.jobs.memory.site_hosts import DatabaseHosts
from pagemill.model import JobKind, Status
from pagemill.scraping.sites.site_files import SiteFiles

LINKS = "".join(f"<a href='/down/{number}'>x</a>" for number in range(12))
TURNS = "SELECT host, slowdown FROM host_turns"


async def down(_request):
    await asyncio.sleep(0.2)
    return Response(b"no", 503, headers=(("Retry-After", "3600"),))


async def crawl(sites, key_id, url, **site):
    job = await sites.ended(await sites.submit(JobKind.CRAWL, url, key_id=key_id, sitemap=False, **site))
    return job, await sites.crawls.ended_pages(job.id, 0, 1000)


async def test_a_host_that_one_makes_refuse_is_slower_for_another_and_fails_no_page(sites, database):
    hostile, _ = await Keys(database).create("hostile")
    other, _ = await Keys(database).create("other")
    async with GeneratedSite(pages=5) as elsewhere, HttpServer() as web:
        web.routes["/"] = Response(f"<html><body><h1>Start</h1><p>Words.</p>{LINKS}</body></html>".encode())
        web.routes |= {f"/good/{number}": Response(b"<h1>Good</h1><p>Words of a page.</p>") for number in range(3)}
        good = "".join(f"<a href='/good/{number}'>x</a>" for number in range(3))
        web.routes["/good"] = Response(f"<h1>Good</h1><p>Words.</p>{good}".encode())
        web.fallback = lambda request: down(request) if request.path.startswith("/down") else Response(b"", 404)
        async with sites.working(host_max_interval=0.5, fetch_attempts=1):
            job, _ = await crawl(sites, hostile, web.url("/"), limit=13, depth=1)
            assert job.status is Status.COMPLETED
            (_, pages), (_, same) = await asyncio.gather(
                crawl(sites, other, elsewhere.url(), limit=5, depth=2),
                crawl(sites, other, web.url("/good"), limit=4, depth=1),
            )
    slowdown = {row["host"]: row["slowdown"] for row in await database.rows(TURNS)}
    assert slowdown[web.url("/").split("/")[2]] > 0
    assert slowdown[elsewhere.url("/").split("/")[2]] == 0
    for found in (pages, same):
        assert [crawled.page.status for crawled in found] == [Status.COMPLETED] * len(found)
    assert (len(pages), len(same)) == (5, 4)


class UnforeseenError(Exception):
    """No error that anybody knows."""


@pytest.mark.parametrize(
    ("part", "method"), [(Frontier, "record_contents"), (DatabaseHosts, "answered"), (SiteFiles, "links")]
)
async def test_what_comes_after_the_text_of_a_page_fails_alone(sites, monkeypatch, part, method):
    async def fail(*_args, **_kwargs):
        raise UnforeseenError

    monkeypatch.setattr(part, method, fail)
    async with GeneratedSite(pages=5) as site, sites.working():
        job, pages = await sites.crawl(site.url(), limit=3, depth=1, sitemap=False, ignore_robots=True)
    assert job.status is Status.COMPLETED
    assert pages[0].page.status is Status.COMPLETED
    assert "markdown" in await sites.store.bodies(pages[0].page.id)
