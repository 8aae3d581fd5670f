"""The official Python client of Firecrawl, of both kinds, against the whole service."""

from __future__ import annotations

import asyncio
import inspect
import threading
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import firecrawl
import httpx
import pytest
from tests.api.test_client import Site, pagemill_serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.api.test_client import Service

TEXT = "Flour, water, salt and time make bread."


@pytest.fixture(scope="module")
def service(scratch: Path) -> Iterator[Service]:
    with pagemill_serve(scratch / "firecrawl-sdk", PAGEMILL_HOST_INTERVAL="0") as service:
        yield service


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


class Client:
    """The official client, of either kind, with one way to call it: `await client.scrape(…)`."""

    def __init__(self, kind: str, key: str | None, url: str) -> None:
        make = {"sync": firecrawl.Firecrawl, "async": firecrawl.AsyncFirecrawl}[kind]
        self.client = make(api_key=key, api_url=url)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.client, name)

        async def call(*words: Any, **named: Any) -> Any:
            if inspect.iscoroutinefunction(method):
                return await method(*words, **named)
            found = await asyncio.to_thread(method, *words, **named)
            return await found if inspect.isawaitable(found) else found

        return call


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def client(kind: str, service: Service) -> Client:
    return Client(kind, service.key, service.url)


async def test_scrape(client: Client, site: str, kind: str) -> None:
    document = await client.scrape(
        f"{site}/{kind}", formats=["markdown", "html", "rawHtml", "links", "images", "summary"]
    )
    assert TEXT in document.markdown
    assert "<nav>" not in document.html
    assert "<nav>" in document.raw_html
    assert f"{site}/more" in document.links
    assert document.images == [f"{site}/loaf.png"]
    assert document.summary
    assert document.warning is None
    metadata = document.metadata
    assert (metadata.title, metadata.language, metadata.status_code) == ("Bread", "en", 200)
    assert (metadata.source_url, metadata.url, metadata.cache_state) == (f"{site}/{kind}", f"{site}/{kind}", "miss")


async def test_json_by_a_schema(client: Client, site: str, kind: str) -> None:
    schema = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
    form = {"type": "json", "schema": schema, "prompt": "The title."}
    document = await client.scrape(f"{site}/json-{kind}", formats=[form])
    assert document.json == {"title": "Bread"}


async def test_errors_are_those_that_programs_catch(client: Client, site: str, service: Service, kind: str) -> None:
    with pytest.raises(firecrawl.FirecrawlError, match="404") as failure:
        await client.scrape(f"{site}/missing-{kind}")
    assert (failure.value.status_code, failure.value.code) == (422, "http_error")
    with pytest.raises(firecrawl.DNSResolutionError):
        await client.scrape("http://nowhere.invalid/")
    with pytest.raises(firecrawl.BadRequestError, match="branding"):
        await client.scrape(site, formats=["branding"])
    with pytest.raises(firecrawl.FirecrawlError, match="not set up"):
        await client.search("mills")
    with pytest.raises(firecrawl.FirecrawlError, match="no such job"):
        await client.get_crawl_status("crawl_0")
    with pytest.raises(firecrawl.UnauthorizedError, match="not known"):
        await Client(kind, "wrong", service.url).scrape(site)


async def test_batch(client: Client, site: str, kind: str) -> None:
    urls = [f"{site}/batch-{kind}-{number}" for number in range(3)] + [f"{site}/missing-batch-{kind}"]
    job = await client.batch_scrape(urls, formats=["markdown"], poll_interval=1, wait_timeout=60)
    assert (job.status, job.total, job.completed) == ("completed", 4, 3)
    assert [document.metadata.source_url for document in job.data] == urls[:3]
    assert all(TEXT in document.markdown for document in job.data)
    started = await client.start_batch_scrape([*urls, "no URL"][3:4], ignore_invalid_urls=True)
    async with asyncio.timeout(30):
        while (await client.get_batch_scrape_status(started.id)).status == "scraping":
            await asyncio.sleep(0.1)
    found = await client.get_batch_scrape_errors(started.id)  # of one kind an object, of the other a dict
    errors = found["errors"] if isinstance(found, dict) else [error.model_dump() for error in found.errors]
    assert [error["url"] for error in errors] == urls[3:]


async def test_crawl(client: Client, site: str, kind: str) -> None:
    job = await client.crawl(
        url=f"{site}/", limit=2, sitemap="skip", scrape_options={"formats": ["markdown"]}, poll_interval=1, timeout=60
    )
    assert (job.status, job.total, job.completed) == ("completed", 2, 2)
    assert {document.metadata.source_url for document in job.data} == {f"{site}/", f"{site}/more"}
    assert (await client.get_crawl_errors(job.id)).errors == []
    assert not await client.cancel_crawl(job.id)
    assert (await client.active_crawls()).crawls == []


async def test_map(client: Client, site: str) -> None:
    found = await client.map(f"{site}/", limit=10)
    assert f"{site}/more" in [link.url for link in found.links]


@pytest.mark.filterwarnings("ignore:The extract endpoint is in maintenance mode:DeprecationWarning")
async def test_extract(client: Client, site: str, kind: str) -> None:
    schema = {"type": "object", "properties": {"title": {"type": "string"}}}
    found = await client.extract([f"{site}/extract-{kind}"], schema=schema, poll_interval=1, timeout=60)
    assert (found.status, found.data) == ("completed", {"title": "Bread"})
    assert found.sources == {"title": [f"{site}/extract-{kind}"]}


async def test_the_watcher_polls(service: Service, site: str) -> None:
    client = firecrawl.Firecrawl(api_key=service.key, api_url=service.url)
    started = await asyncio.to_thread(client.start_batch_scrape, [f"{site}/watched"], formats=["markdown"])
    seen: list[Any] = []
    watcher = client.watcher(started.id, kind="batch", poll_interval=1, timeout=60)
    watcher.add_listener(seen.append)
    watcher.start()
    async with asyncio.timeout(60):
        while not seen or seen[-1].status != "completed":
            await asyncio.sleep(0.1)
    watcher.stop()
    assert TEXT in seen[-1].data[0].markdown


async def test_requests_of_the_javascript_client(service: Service, site: str) -> None:
    """What `@mendable/firecrawl-js` sends, and which types it reads. It asks for `next` until there is none."""
    headers = {"Authorization": f"Bearer {service.key}"}
    async with httpx.AsyncClient(base_url=service.url, headers=headers, timeout=60) as client:
        body = {"url": f"{site}/js", "formats": ["markdown"], "origin": "js-sdk@4.42.0"}
        document = (await client.post("/v2/scrape", json=body)).json()["data"]
        assert TEXT in document["markdown"]
        body = {"urls": [f"{site}/js-{number}" for number in range(3)], "origin": "js-sdk@4.42.0"}
        started = (await client.post("/v2/batch/scrape", json=body)).json()
        part = (await client.get(f"/v2/batch/scrape/{started['id']}")).json()
        documents = list(part["data"])
        async with asyncio.timeout(60):
            while part.get("next"):
                part = (await client.get(part["next"])).json()
                documents += part["data"]
        assert [document["metadata"]["sourceURL"] for document in documents] == body["urls"]
        assert part["status"] == "completed"
