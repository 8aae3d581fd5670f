"""A whole service with a worker and a local site, and the SDK's own client on both ways to the tools."""

from __future__ import annotations

import asyncio
import contextlib
import sys

import httpx2
import pytest
from mcp.client.streamable_http import streamable_http_client

from mcp import Client, StdioServerParameters
from tests.client.conftest import key, service
from tests.web.generated_site import GeneratedSite
from tests.web.http_server import Response

__all__ = ["key", "service"]

PARAGRAPHS = 300


class Site(GeneratedSite):
    """The generated site, with a long page and one that gives orders."""

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


@pytest.fixture
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


@pytest.fixture(params=["http", "stdio"])
async def client(request, service, tmp_path):
    if request.param == "http":
        opened = over_http(service.url, {"X-API-Key": service.secret})
    else:
        opened = over_stdio(service.url, service.secret, tmp_path)
    async with held(opened) as client:
        yield client


def text_of(result):
    """The text of a result, for a model."""
    return "\n".join(block.text for block in result.content)
