"""A whole service with a worker and a local site, and the SDK's own client on both ways to the tools.

The service, its database, and a client of each way are shared by the tests of a file, which run in one event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

import httpx2
import pytest
import pytest_asyncio
from mcp.client.streamable_http import streamable_http_client

from mcp import Client, StdioServerParameters
from pagemill.jobs.database.pool import Database
from pagemill.jobs.keys.keys import Keys
from tests.api.conftest import serving
from tests.conftest import empty_database, settings_for_tests
from tests.jobs.test_worker import working
from tests.web.generated_site import GeneratedSite
from tests.web.http_server import Response

PARAGRAPHS = 300


class Site(GeneratedSite):
    """The generated site, with a long page and a product. While it is not `opened`, no page is answered."""

    def __post_init__(self):
        super().__post_init__()
        self.opened = asyncio.Event()
        self.opened.set()

    async def answer(self, request):
        await self.opened.wait()
        return await super().answer(request)

    def _page(self, request):
        if request.path == "/long":
            text = "".join(
                f"<p>Paragraph {n} of the long page tells of one more thing, at length.</p>" for n in range(PARAGRAPHS)
            )
            return Response(
                f"<html><head><title>Long</title></head><body><article>{text}</article></body></html>".encode()
            )
        if request.path == "/product":
            data = '{"@context":"https://schema.org","@type":"Product","name":"Lamp","sku":"L-7"}'
            head = f'<title>Lamp</title><script type="application/ld+json">{data}</script>'
            text = "<h1>Lamp</h1><p>The lamp L-7 gives light to whoever reads in the evening.</p>" * 3
            return Response(f"<html><head>{head}</head><body><article>{text}</article></body></html>".encode())
        return super()._page(request)


shared = pytest_asyncio.fixture(scope="module", loop_scope="module")


@shared
async def database_url(postgres_url, migrated_database):
    async with empty_database(postgres_url, migrated_database) as url:
        yield url


@shared
async def database(database_url):
    async with Database(database_url, connections=5, wait=5) as database:
        yield database


@pytest.fixture(scope="module")
def settings(database_url, scratch):
    of_all = settings_for_tests(database_url, scratch)
    return of_all.changed(host_interval=0.0, fetch_attempts=1, crawl_poll_interval=0.01)


@pytest.fixture(scope="module")
def new_key(database):
    """Makes an API key: its id and its secret."""
    return Keys(database).create


@shared
async def worker(settings):
    async with working(settings):
        yield


@shared
async def service(settings, new_key, worker):
    """The API, with a worker."""
    async with serving(settings, await new_key("client")) as api:
        yield api


@pytest_asyncio.fixture(loop_scope="module")
async def site():
    async with Site(pages=30, failing=frozenset([3])) as site:
        yield site


@contextlib.asynccontextmanager
async def over_http(url, headers, **options):
    """A client of `/mcp`."""
    async with (
        httpx2.AsyncClient(headers=headers, timeout=httpx2.Timeout(30, read=120)) as http,
        Client(streamable_http_client(f"{url}/mcp", http_client=http), **options) as client,
    ):
        yield client


@contextlib.asynccontextmanager
async def over_stdio(url, secret, folder, **options):
    """A client of `pagemill mcp`."""
    variables = {"PAGEMILL_URL": url, "PAGEMILL_API_KEY": secret, "PAGEMILL_DATA_DIR": str(folder)}
    command = StdioServerParameters(command=sys.executable, args=["-m", "pagemill", "mcp"], env=variables)
    async with Client(command, **options) as client:
        yield client


@contextlib.asynccontextmanager
async def held(opened):
    """Hold a context open in one task: a fixture begins and ends in different ones, which the SDK cannot."""
    entered, over = asyncio.get_running_loop().create_future(), asyncio.Event()

    async def hold():
        try:
            async with opened as value:
                entered.set_result(value)
                await over.wait()
        except BaseException as error:
            if entered.done():
                raise
            entered.set_exception(error)

    task = asyncio.create_task(hold())
    try:
        yield await entered
    finally:
        over.set()
        await task


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["http", "stdio"])
async def client(request, service, new_key, tmp_path_factory):
    """A client of the shared service, with a key of its own."""
    _, secret = await new_key(request.param)
    if request.param == "http":
        opened = over_http(service.url, {"X-API-Key": secret})
    else:
        opened = over_stdio(service.url, secret, tmp_path_factory.mktemp("stdio"))
    async with held(opened) as client:
        yield client


def text_of(result):
    """The text of a result, for a model."""
    return "\n".join(block.text for block in result.content)
