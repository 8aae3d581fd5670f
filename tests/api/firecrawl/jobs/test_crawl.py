from __future__ import annotations

import asyncio

import pytest
from tests.api.endpoints.test_map import working
from tests.web.generated_site import GeneratedSite
from tests.web.http_server import HttpServer, Response

from pagemill.jobs.crawls.frontier import Frontier


async def submit(api, url, **fields):
    answer = await api.client.post("/v2/crawl", json={"url": url, **fields})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def read(api, crawl_id, **parameters):
    answer = await api.client.get(f"/v2/crawl/{crawl_id}", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def ended(api, crawl_id):
    async with asyncio.timeout(30):
        while (found := await read(api, crawl_id))["status"] == "scraping":
            await asyncio.sleep(0.05)
    return found


def sources(part):
    return [document["metadata"]["sourceURL"] for document in part["data"]]


async def test_a_crawl(api, settings):
    async with GeneratedSite(pages=30) as site, working(settings):
        submitted = await submit(api, site.url(), limit=8, scrapeOptions={"formats": ["markdown", "links"]})
        assert submitted["url"] == f"{api.url}/v2/crawl/{submitted['id']}"
        assert "warning" not in submitted
        found = await ended(api, submitted["id"])
        assert (found["status"], found["total"], found["completed"], len(found["data"])) == ("completed", 8, 8, 8)
        assert found["data"][0]["markdown"].startswith("# Start")
        assert site.url("/docs/1") in found["data"][0]["links"]
        assert "next" not in found
        parts = [await read(api, submitted["id"], limit=3)]
        while following := parts[-1].get("next"):
            parts.append((await api.client.get(following)).json())
        assert [len(part["data"]) for part in parts] == [3, 3, 2]
        assert [url for part in parts for url in sources(part)] == sources(found)
        assert (await api.client.delete(f"/v2/crawl/{submitted['id']}")).status_code == 409


async def test_paths(api, settings):
    async with GeneratedSite(pages=30) as site, working(settings):
        fields = {"sitemap": "skip", "crawlEntireDomain": True, "limit": 50, "maxDiscoveryDepth": 1}
        some = await ended(api, (await submit(api, site.url(), includePaths=["docs/[12]$"], **fields))["id"])
        assert set(sources(some)) == {site.url(), site.url("/docs/1"), site.url("/docs/2")}
        without = await ended(api, (await submit(api, site.url(), excludePaths=["^/docs/.*"], **fields))["id"])
        assert not any("/docs/" in url for url in sources(without))


async def test_a_crawl_stays_below_its_first_page_unless_it_may_leave(api, settings):
    links = b'<html><body><h1>Docs</h1><a href="/docs/a">A</a> <a href="/else">Else</a></body></html>'
    page = Response(b"<html><body><h1>Page</h1><p>Words of a page.</p></body></html>")
    pages = {"/docs/": Response(links), "/docs/a": page, "/else": page}
    async with HttpServer(pages) as site, working(settings):
        below = await ended(api, (await submit(api, site.url("/docs/")))["id"])
        assert set(sources(below)) == {site.url("/docs/"), site.url("/docs/a")}
        whole = await ended(api, (await submit(api, site.url("/docs/"), crawlEntireDomain=True))["id"])
        assert set(sources(whole)) == {site.url(path) for path in pages}


async def test_what_failed_is_among_the_errors(api, settings):
    async with GeneratedSite(pages=5, failing=frozenset({2}), sitemaps=False) as site:
        async with working(settings, fetch_attempts=1):
            crawl = (await submit(api, site.url(), crawlEntireDomain=True))["id"]
            found = await ended(api, crawl)
        [error] = (await api.client.get(f"/v2/crawl/{crawl}/errors")).json()["errors"]
        assert (error["url"], error["code"]) == (site.url("/docs/2"), "http_error")
        assert site.url("/docs/2") not in sources(found)
        assert found["total"] == found["completed"] + 1


async def test_running_and_stopping(api, settings):
    async with GeneratedSite(pages=200, slow=0.05) as site, working(settings):
        crawl = (await submit(api, site.url(), limit=200, maxDiscoveryDepth=3))["id"]
        async with asyncio.timeout(20):
            while not (part := await read(api, crawl))["data"]:
                await asyncio.sleep(0.02)
        assert part["status"] == "scraping"
        assert "skip=" in part["next"]
        [active] = (await api.client.get("/v2/crawl/active")).json()["crawls"]
        assert (active["id"], active["url"], active["teamId"]) == (crawl, site.url(), api.key_id)
        for _ in range(2):
            stopped = await api.client.delete(f"/v2/crawl/{crawl}")
            assert (stopped.status_code, stopped.json()["status"]) == (200, "cancelled")
        assert (await read(api, crawl))["status"] == "cancelled"
        async with asyncio.timeout(30):
            while (await api.client.get("/v2/crawl/active")).json()["crawls"]:
                await asyncio.sleep(0.05)
        assert (await read(api, crawl))["status"] == "cancelled"


async def test_a_crawl_that_its_deadline_stops_is_not_cancelled(api, worker, settings, database):
    statuses = []
    for end in (worker.complete, worker.fail):
        crawl = (await submit(api, "https://example.com/", limit=9, sitemap="skip", maxDiscoveryDepth=len(statuses)))[
            "id"
        ]
        page = await worker.start_next()
        assert await Frontier(database, settings.changed(crawl_deadline=0.001)).stop_overdue() == 1
        assert (await read(api, crawl))["status"] == "scraping"  # what is in hand still ends
        await end(page)
        statuses.append((await read(api, crawl))["status"])
        assert (await api.client.delete(f"/v2/crawl/{crawl}")).status_code == 409
    assert statuses == ["completed", "failed"]


async def test_a_crawl_whose_first_page_fails_says_why(api, settings):
    async with GeneratedSite(pages=1) as site, working(settings):
        found = await ended(api, (await submit(api, site.url("/missing")))["id"])
    assert (found["status"], found["data"]) == ("failed", [])
    assert "http_error" in found["error"]


async def test_the_formats_of_each_page_are_markdown_unless_others_are_asked_for(api, worker):
    await submit(api, "https://example.com/")
    assert (await worker.start_next()).options.formats == ("markdown",)


async def test_limits_of_the_service_are_kept_with_a_warning(api, settings):
    submitted = await submit(api, "https://example.com/", limit=1_000_000, maxDiscoveryDepth=500, delay=1)
    for name in ("limit", "maxDiscoveryDepth", "delay"):
        assert f"`{name}`" in submitted["warning"]
    [active] = (await api.client.get("/v2/crawl/active")).json()["crawls"]
    assert active["options"] == {
        "limit": settings.sites.crawl_max_pages,
        "maxDiscoveryDepth": settings.sites.crawl_max_depth,
    }


@pytest.mark.parametrize(
    ("fields", "code", "named"),
    [
        ({"allowExternalLinks": True}, "not_supported", "allowExternalLinks"),
        ({"prompt": "only news"}, "not_supported", "prompt"),
        ({"ignoreRobotsTxt": True}, "not_supported", "ignoreRobotsTxt"),
        ({"sitemap": "only"}, "not_supported", "sitemap"),
        ({"sitemap": "never"}, "invalid_request", "sitemap"),
        ({"includePaths": ["a(?=b)"]}, "invalid_request", "includePaths[0]"),
        ({"excludePaths": ["a", "("]}, "invalid_request", "excludePaths[1]"),
        ({"scrapeOptions": {"formats": ["branding"]}}, "not_supported", "scrapeOptions.formats[0]"),
        ({"scrapeOptions": {"minAge": 1}}, "not_supported", "scrapeOptions.minAge"),
        ({"limit": 0}, "invalid_request", "limit"),
    ],
)
async def test_what_cannot_be_served_is_refused(api, fields, code, named):
    answer = await api.client.post("/v2/crawl", json={"url": "https://example.com/docs/", **fields})
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert named in answer.json()["error"]
    assert (await api.client.get("/v2/crawl/active")).json()["crawls"] == []
