from __future__ import annotations

import asyncio

from tests.api.conftest import serving
from tests.api.endpoints.test_map import working
from tests.web.generated_site import GeneratedSite
from tests.web.http_server import HttpServer, Response


async def mapped(api, url, **fields):
    answer = await api.client.post("/v2/map", json={"url": url, **fields})
    assert answer.status_code == 200, answer.text
    return answer.json()


def urls(found):
    return [link["url"] for link in found["links"]]


async def test_a_map(api, settings):
    async with GeneratedSite(pages=30) as site, working(settings):
        found = await mapped(api, site.url(), limit=10)
        assert found["success"] is True
        assert len(found["links"]) == 10
        assert "warning" not in found
        of_sitemap = await mapped(api, site.url(), sitemap="only")
        assert site.url("/docs/1") in urls(of_sitemap)
        assert site.asked["/docs/1"] == 0


async def test_titles_and_queries(api, settings):
    page = b'<html><title>Mills</title><body><a href="/a">First</a> <a href="/b?page=2">Second</a></body></html>'
    async with HttpServer({"/": Response(page)}) as site, working(settings):
        found = await mapped(api, site.url("/"))
        assert site.url("/a") in urls(found)
        assert site.url("/b?page=2") not in urls(found)
        assert {"url": site.url("/a"), "title": "First"} in found["links"]
        assert site.url("/b?page=2") in urls(await mapped(api, site.url("/"), ignoreQueryParameters=False))


async def test_a_map_that_fails_says_why(api, settings, unused_port):
    async with working(settings, fetch_attempts=1):
        answer = await api.client.post("/v2/map", json={"url": f"http://127.0.0.1:{unused_port}/"})
    assert (answer.status_code, answer.json()["code"]) == (422, "connection_refused")


async def test_a_map_that_takes_long(api):
    answer = await api.client.post("/v2/map", json={"url": "https://example.com/", "timeout": 100})
    assert (answer.status_code, answer.json()["code"]) == (408, "MAP_TIMEOUT")


async def test_the_limit_of_the_service_is_kept_with_a_warning(settings, key, worker):
    async with serving(settings.changed(map_max_links=7), key) as api:
        task = asyncio.create_task(mapped(api, "https://example.com/", limit=8))
        page = await worker.start_next()
        assert page.site.limit == 7
        assert (page.site.subdomains, page.site.sitemap, page.site.depth) == (True, True, 1)
        found = {"links": [], "externalLinks": [], "pages": [], "complete": False}
        await worker.complete(page, {"map": found})
        warning = (await task)["warning"]
    assert "`limit`" in warning
    assert "time was up" in warning
