"""Both clients against a real service."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from pagemill import AsyncClient, Client
from pagemill.client import ApiError, ConfigurationError, JobNotEndedError, PageFailedError, ServiceUnreachableError
from tests.api.conftest import serving
from tests.searching.search_server import Found, SearchServer
from tests.web.http_server import HttpServer, Response


@pytest.fixture
async def client(service):
    async with AsyncClient(service.url, service.secret, retries=2) as client:
        yield client


async def test_a_page(client, site):
    page = await client.scrape(site.url("/docs/1"), formats=["markdown", "links"], front_matter=True)
    assert page.is_completed
    assert page.markdown.startswith("---\ntitle:")
    assert page.links
    assert page.html is None
    assert (page.status_code, page.final_url) == (200, site.url("/docs/1"))


async def test_a_page_that_fails_raises_what_is_known_of_it(client, site):
    with pytest.raises(PageFailedError) as caught:
        await client.scrape(site.url("/docs/3"))
    assert "(http_error)" in caught.value.page.error
    assert caught.value.page.status_code == 500


async def test_what_the_service_refuses_raises_its_code(client, service):
    with pytest.raises(ApiError) as caught:
        await client.scrape("ftp://a.example/")
    assert (caught.value.status, caught.value.code) == (400, "invalid_url")
    async with AsyncClient(service.url, "pm_wrong") as nobody:
        with pytest.raises(ApiError) as caught:
            await nobody.scrape("https://a.example/")
    assert (caught.value.status, caught.value.code) == (401, "unauthorized")


async def test_any_call_of_the_api(client):
    listed = await client.request("GET", "/v1/jobs", query={"limit": 5})
    assert listed["jobs"] == []
    with pytest.raises(ApiError) as caught:
        await client.request("POST", "/v1/url-scraper", {"url": "ftp://a.example/"})
    assert caught.value.code == "invalid_url"


async def test_a_job_that_does_not_end_in_time_is_named(client, site):
    site.slow = 2.0
    with pytest.raises(JobNotEndedError) as caught:
        await client.scrape(site.url("/docs/1"), wait=0.2)
    assert caught.value.job_id.startswith("job_")
    await client.cancel(caught.value.job_id)


async def test_a_page_may_take_longer_than_the_silence_after_which_a_connection_is_broken(service, site):
    site.slow = 2.0
    async with AsyncClient(service.url, service.secret, timeout=1.0, retries=0) as client:
        assert (await client.scrape(site.url("/docs/1"))).is_completed


async def test_many_urls_come_in_their_order_with_progress(client, site):
    urls = [site.url(f"/docs/{number % 29}?n={number}") for number in range(60)]
    seen = []
    pages = [page async for page in client.batch(urls, formats=["markdown"], progress=seen.append)]
    assert [page.url for page in pages] == urls
    assert {page.url for page in pages if not page.is_completed} == {url for url in urls if "/docs/3?" in url}
    assert [(step.completed + step.failed, step.total) for step in seen] == [(number, 60) for number in range(1, 61)]
    assert [page async for page in client.batch([])] == []


async def test_a_map(client, site):
    found = await client.map(site.url(), limit=20, search="docs")
    assert found.is_limit_reached
    assert len(found.links) == 20
    assert {page.source for page in found.pages} == {"sitemap", "link"} or found.pages[0].source
    assert found.url == site.url()


async def test_a_search_with_and_without_the_pages(service, client, site, settings, key):
    with pytest.raises(ApiError) as caught:
        await client.search("docs")
    assert (caught.value.status, caught.value.code) == (501, "not_supported")
    found = [Found(site.url("/docs/1")), Found(site.url("/docs/3"))]
    async with SearchServer(found) as search, serving(search.settings(settings, "perplexity"), key) as api:
        async with AsyncClient(api.url, api.secret) as searching:
            [plain] = await searching.search("docs", limit=1)
            assert (plain.url, plain.title, plain.page) == (site.url("/docs/1"), "Windmills", None)
            assert (plain.date, plain.last_updated) == ("2026-01-02", "2026-02-03")
            one, other = await searching.search("docs", scrape=True, formats=["markdown"])
            assert one.page.markdown
            assert one.page.html is None
            assert (other.page.is_completed, other.page.status_code) == (False, 500)
            search.found = []
            assert await searching.search("docs", scrape=True) == []

        def run():
            with Client(api.url, api.secret) as client:
                return client.search("docs", limit=1)

        search.found = found
        assert [result.url for result in await asyncio.to_thread(run)] == [site.url("/docs/1")]


async def test_a_crawl_comes_page_by_page_and_can_be_read_on(client, site):
    seen = []
    pages = [
        page
        async for page in client.crawl(site.url(), max_pages=12, depth=3, formats=["markdown"], progress=seen.append)
    ]
    assert [page.number for page in pages] == list(range(1, 13))
    assert {page.depth for page in pages} >= {0, 1}
    assert all(page.markdown for page in pages if page.is_completed)
    assert (seen[-1].completed + seen[-1].failed, seen[-1].total) == (12, 12)
    crawl_id = await client.start_crawl(site.url(), max_pages=5, depth=1)
    first = [page async for page in client.crawl_pages(crawl_id)]
    again = [page async for page in client.crawl_pages(crawl_id, after=3)]
    assert [page.number for page in again] == [page.number for page in first][3:]


async def test_the_client_without_an_event_loop_does_the_same(service, site):
    def run():
        with Client(f"{service.url}/v1/", service.secret) as client:
            page = client.scrape(site.url("/docs/1"))
            pages = list(client.batch([site.url("/docs/1"), site.url("/docs/3")]))
            found = client.map(site.url(), limit=5)
            crawled = list(client.crawl(site.url(), max_pages=3))
            assert client.request("GET", "/v1/jobs")["jobs"]
            return page, pages, found, crawled

    page, pages, found, crawled = await asyncio.to_thread(run)
    assert page.is_completed
    assert [page.is_completed for page in pages] == [True, False]
    assert (len(found.links), len(crawled)) == (5, 3)


async def test_where_nobody_answers_it_gives_up(unused_port):
    client = AsyncClient(f"http://127.0.0.1:{unused_port}", "key", retries=1)
    async with client:
        with pytest.raises(ServiceUnreachableError):
            await client.scrape("https://a.example/")


async def test_address_and_key_come_from_the_environment(service, site, monkeypatch):
    monkeypatch.setenv("PAGEMILL_URL", service.url)
    monkeypatch.setenv("PAGEMILL_API_KEY", service.secret)
    async with AsyncClient() as client:
        assert (await client.scrape(site.url("/docs/1"))).is_completed


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("127.0.0.1:8080", "key"),
        ("ftp://a.example", "key"),
        ("http://[::1", "key"),
        ("http://", "key"),
        ("http://a.example", "k\u00e9y"),
        ("http://a.example", "a\r\nb: c"),
    ],
)
def test_what_is_no_address_or_no_key_is_said_at_once(kind, url, key):
    with pytest.raises(ConfigurationError):
        kind(url, key)


async def test_a_key_may_be_read_from_a_file_as_it_is(service, site):
    async with AsyncClient(f"{service.url}/v1/\n", f"{service.secret}\n", retries=0) as client:
        assert (await client.scrape(site.url("/docs/1"))).is_completed


async def test_an_answer_that_cannot_be_decoded_is_none():
    garbled = Response(b"no gzip", 200, "application/json", (("Content-Encoding", "gzip"),))
    async with (
        HttpServer({"/v1/url-scraper": garbled}) as server,
        AsyncClient(server.url(""), "k", retries=1) as client,
    ):
        with pytest.raises(ServiceUnreachableError):
            await client.scrape("https://a.example/")
    assert len(server.requests) == 2


def test_it_loads_nothing_of_the_service():
    program = (
        "import sys, pagemill; pagemill.Client; print(*(name for name in sys.modules if name.startswith('pagemill')))"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "pagemill.client.sync_client" in loaded
    assert [name for name in loaded if not name.startswith("pagemill.client")] == ["pagemill"]


async def test_a_batch_by_upload(client, service, site, tmp_path):
    lines = [{"url": site.url("/docs/1"), "id": "first"}, site.url("/docs/3")]
    batch_id = await client.upload_batch(lines, formats=["markdown"], only_main_content=True)
    seen = []
    pages = [page async for page in client.batch_results(batch_id, progress=seen.append)]
    assert [page.number for page in pages] == [1, 2]
    assert {(page.index, page.id, page.is_completed) for page in pages} == {(0, "first", True), (1, None, False)}
    assert (seen[-1].completed, seen[-1].failed, seen[-1].total) == (1, 1, 2)
    assert [page async for page in client.batch_results(batch_id, cursor=2)] == []
    await client.cancel(batch_id)
    file = tmp_path / "urls.txt"
    file.write_text(site.url("/docs/2"))
    with Client(service.url, service.secret) as blocking:

        def read():
            return [page.url for page in blocking.batch_results(blocking.upload_batch(file))]

        assert await asyncio.to_thread(read) == [site.url("/docs/2")]
        with pytest.raises(ApiError):
            await asyncio.to_thread(list, blocking.batch_results("bulk_0"))
