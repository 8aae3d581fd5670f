"""The same over HTTP/2, as most of the web speaks it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from pagemill.errors import BodyTooLargeError, ConnectionResetByHostError, HttpStatusError, UnsupportedContentTypeError
from pagemill.fetching.http.fetcher import HttpFetcher
from tests.fetching.conftest import make_settings
from tests.web.authority import Authority
from tests.web.hostile import compressed
from tests.web.http2_server import RESET, Http2Server
from tests.web.http_server import Response, redirect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

LARGE = b"<p>" + b"x" * 500_000
ROUTES = {
    "/": Response(b"<p>hello</p>"),
    "/moved": redirect("/"),
    "/large": Response(LARGE),
    "/bomb": Response(compressed(b" " * 5_000_000, "br"), headers=(("Content-Encoding", "br"),)),
    "/image": Response(b"\x89PNG", content_type="image/png"),
    "/reset": RESET,
}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Http2Server]:
    authority = Authority()
    authority.write(tmp_path / "ca.pem")
    async with Http2Server(authority.server("127.0.0.1", protocol="h2"), dict(ROUTES)) as server:
        yield server


@pytest.fixture
async def fetcher(tmp_path: Path, server: Http2Server) -> AsyncIterator[HttpFetcher]:
    async with HttpFetcher(make_settings(ca_file=tmp_path / "ca.pem", max_body_bytes=1_000_000)) as fetcher:
        yield fetcher


async def test_pages_and_redirects_over_one_connection(server: Http2Server, fetcher: HttpFetcher) -> None:
    assert (await fetcher.fetch(server.url())).body == b"<p>hello</p>"
    page = await fetcher.fetch(server.url("/moved"))
    assert (page.final_url, page.status_code) == (server.url(), 200)
    assert (await fetcher.fetch(server.url("/large"))).body == LARGE
    with pytest.raises(HttpStatusError):
        await fetcher.fetch(server.url("/missing"))
    assert server.connections == 1
    assert "Chrome/" in server.requests[0]["user-agent"]
    assert list(server.requests[0])[:4] == [":method", ":authority", ":scheme", ":path"]  # the order of Chrome


async def test_a_refused_body_leaves_the_connection_whole(server: Http2Server, fetcher: HttpFetcher) -> None:
    with pytest.raises(BodyTooLargeError):
        await fetcher.fetch(server.url("/bomb"))
    with pytest.raises(UnsupportedContentTypeError):
        await fetcher.fetch(server.url("/image"))
    with pytest.raises(ConnectionResetByHostError):
        await fetcher.fetch(server.url("/reset"))
    assert (await fetcher.fetch(server.url())).body == b"<p>hello</p>"


async def test_many_at_once(server: Http2Server, fetcher: HttpFetcher) -> None:
    pages = await asyncio.gather(*(fetcher.fetch(server.url("/large")) for _ in range(40)))
    assert all(page.body == LARGE for page in pages)
