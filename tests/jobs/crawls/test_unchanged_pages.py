"""Crawls that give the contents of changed pages alone."""

from __future__ import annotations

import asyncio

from tests.jobs.monitors.conftest import Monitors, page
from tests.web.http_server import HttpServer, Response

SINCE = "2026-03-02T00:00:00+00:00"


def dated(text, modified=None, links=()):
    head = f'<meta property="article:modified_time" content="{modified}"></title>' if modified else "</title>"
    return Response(page(text, links=links).body.replace(b"</title>", b"</title>" + head[:-8].encode()))


async def contents(sites, crawled):
    return {
        found.page.url.rpartition("/")[2]: (found.unchanged, "markdown" in await sites.store.bodies(found.page.id))
        for found in crawled
    }


async def test_pages_that_say_they_did_not_change_have_no_contents(sites):
    routes = {
        "/": dated("Start.", "2026-01-01", links=("/old", "/new", "/day", "/undated")),
        "/old": dated("Rye.", "2026-03-01T23:59:59Z"),
        "/new": dated("Wheat.", "2026-03-02T00:00:01Z"),
        "/day": dated("Spelt.", "2026-03-02"),
        "/undated": dated("Oats."),
    }
    async with HttpServer(routes) as web, sites.working():
        job, crawled = await sites.crawl(web.url("/"), since=SINCE)
    assert job.status == "completed"
    assert await contents(sites, crawled) == {
        "": (True, False),
        "old": (True, False),
        "new": (False, True),
        "day": (False, True),
        "undated": (False, True),
    }


async def test_what_a_sitemap_says_did_not_change_is_not_asked_for(sites):
    async with HttpServer({"/": page("Start."), "/new": page("Wheat.")}) as web, sites.working():
        urls = "".join(
            f"<url><loc>{web.url(path)}</loc><lastmod>{lastmod}</lastmod></url>"
            for path, lastmod in (("/old", "2026-03-01"), ("/new", "2026-03-03"))
        )
        sitemap = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'
        web.routes["/sitemap.xml"] = Response(sitemap.encode(), content_type="application/xml")
        _, crawled = await sites.crawl(web.url("/"), since=SINCE, sitemap=True)
        assert "/old" not in {request.path for request in web.requests}
    assert await contents(sites, crawled) == {"": (False, True), "new": (False, True)}


async def test_pages_that_a_monitor_knows_have_no_contents(sites, database, settings):
    monitors = Monitors(database, sites.settings)
    routes = {
        "/": page("Start.", links=("/a", "/b")),
        "/a": page("Rye costs 3 euros.", "Updated 5 minutes ago."),
        "/b": page("Wheat costs 3 euros."),
    }
    async with HttpServer(routes) as web, sites.working():
        monitor = await monitors.create(web.url("/"), site={"limit": 10, "depth": 2})
        await monitors.checked(monitor)
        web.routes |= {
            "/": page("Start.", links=("/a", "/b", "/c")),
            "/a": page("Rye costs 3 euros.", "Updated 7 minutes ago."),
            "/b": page("Wheat costs 4 euros."),
            "/c": page("Spelt costs 5 euros."),
        }
        _, crawled = await sites.crawl(web.url("/"), monitor_id=monitor.id)
        assert await contents(sites, crawled) == {
            "": (False, True),
            "a": (True, False),
            "b": (False, True),
            "c": (False, True),
        }
        await monitors.store.delete(monitor.key_id, monitor.id)
        async with asyncio.timeout(60):
            _, crawled = await sites.crawl(web.url("/"), monitor_id=monitor.id)
    assert {unchanged for unchanged, _ in (await contents(sites, crawled)).values()} == {False}
