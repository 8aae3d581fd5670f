from __future__ import annotations

import asyncio
import time

import pytest
from tests.conftest import LOOPBACK
from tests.web.http_server import Handler, HttpServer, Response, redirect

from pagemill.errors import (
    BlockedAddressError,
    ConnectionRefusedByHostError,
    FetchTimeoutError,
    UnfetchableUrlError,
)
from pagemill.fetching.http.poster import Poster
from pagemill.settings import Settings


async def _hang(_request):
    await asyncio.sleep(60)
    return Response()


@pytest.fixture
async def web():
    routes: dict[str, Response | Handler] = {
        "/": Response(b"ok"),
        "/error": Response(b"no", 500),
        "/moved": redirect("/"),
        "/image": Response(b"\x89PNG\r\n\x1a\n" + bytes(100), content_type="image/png"),
        "/long": Response(b"x" * 5_000_000),
        "/hang": _hang,
    }
    async with HttpServer(routes) as web:
        yield web


@pytest.fixture
async def poster():
    async with Poster(Settings(allowed_networks=LOOPBACK)) as poster:
        yield poster


async def test_exactly_what_was_given_is_sent(poster, web):
    body = bytes(range(256)) * 300
    status = await poster.post(web.url("/?a=b"), body, {"Content-Type": "application/json", "X-Own": "1"}, seconds=5)
    assert status == 200
    [request] = web.requests
    assert (request.method, request.target, request.body) == ("POST", "/?a=b", body)
    sent = {name: value for name, value in request.headers.items() if name not in ("host", "content-length", "accept")}
    assert sent == {"content-type": "application/json", "x-own": "1", "accept-encoding": "gzip, deflate, br, zstd"}


@pytest.mark.parametrize(("path", "status"), [("/error", 500), ("/image", 200), ("/long", 200), ("/missing", 404)])
async def test_the_status_is_all_that_counts(poster, web, path, status):
    assert await poster.post(web.url(path), b"{}", {}, seconds=5) == status


async def test_redirects_are_not_followed(poster, web):
    assert await poster.post(web.url("/moved"), b"{}", {}, seconds=5) == 302
    assert [request.path for request in web.requests] == ["/moved"]


async def test_a_receiver_that_does_not_answer_is_left(poster, web):
    began = time.monotonic()
    with pytest.raises(FetchTimeoutError):
        await poster.post(web.url("/hang"), b"{}", {}, seconds=0.3)
    assert time.monotonic() - began < 2


async def test_nothing_listening_is_told(poster, web):
    dead = web.url("/")
    await web.__aexit__()
    with pytest.raises(ConnectionRefusedByHostError):
        await poster.post(dead, b"{}", {}, seconds=5)
    await web.__aenter__()


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "http://[fe80::1]/", "http://169.254.169.254/latest"])
async def test_the_egress_guard_stands_before_it(poster, url):
    with pytest.raises(BlockedAddressError):
        await poster.post(url, b"{}", {}, seconds=5)


async def test_a_name_that_points_inside_is_refused(web):
    async with Poster(Settings()) as strict:
        with pytest.raises(BlockedAddressError):
            await strict.post(web.url("/", host="localhost"), b"{}", {}, seconds=5)
    assert web.requests == []


async def test_only_http_is_spoken(poster):
    with pytest.raises(UnfetchableUrlError):
        await poster.post("file:///etc/passwd", b"{}", {}, seconds=5)
