from __future__ import annotations

import pytest
from tests.fetching.conftest import make_settings
from tests.web.http_server import HttpServer, Response, redirect

from pagemill.fetching.http.fetcher import HttpFetcher
from pagemill.fetching.http.request_options import RequestFields
from pagemill.model import Cookie

FIELDS = RequestFields(
    headers=(("X-Test", "yes"), ("Accept-Language", "fr"), ("X-Empty", "")),
    cookies=(Cookie("a", "1"), Cookie("b", "2 3", path="/deep")),
    user_agent="Test/1.0",
)


@pytest.fixture
async def server():
    async with HttpServer({"/": Response(b"<p>hello</p>"), "/deep/x": Response(b"<p>deep</p>")}) as server:
        yield server


async def test_headers_cookies_and_user_agent_go_with_the_request(server):
    async with HttpFetcher(make_settings()) as fetcher:
        await fetcher.fetch(server.url(), fields=FIELDS)
        await fetcher.fetch(server.url("/deep/x"), fields=FIELDS)
        await fetcher.fetch(server.url())
    first, second, third = (request.headers for request in server.requests)
    assert (first["x-test"], first["accept-language"], first["x-empty"]) == ("yes", "fr", "")
    assert (first["user-agent"], first["cookie"]) == ("Test/1.0", "a=1")
    assert set(second["cookie"].split("; ")) == {"a=1", "b=2 3"}
    assert "x-test" not in third
    assert "cookie" not in third
    assert "Mozilla" in third["user-agent"]
    assert [name for name in first if name.startswith("sec-ch-")] == []  # they would contradict the user agent
    assert "sec-ch-ua" in third


async def test_another_host_gets_neither_headers_nor_cookies(server):
    async with HttpServer(host="127.0.0.2") as other, HttpFetcher(make_settings()) as fetcher:
        other.routes["/"] = redirect(server.url())
        await fetcher.fetch(other.url(), fields=FIELDS)
    [request] = server.requests
    assert "x-test" not in request.headers
    assert "cookie" not in request.headers
    assert request.headers["user-agent"] == "Test/1.0"


async def test_the_answers_headers_are_kept(server):
    server.routes["/marked"] = Response(b"<p>x", headers=(("CF-Mitigated", "challenge"), ("X-A", "1"), ("X-A", "2")))
    async with HttpFetcher(make_settings()) as fetcher:
        page = await fetcher.fetch(server.url("/marked"))
    assert page.headers["cf-mitigated"] == "challenge"
    assert page.headers["x-a"] == "1"
