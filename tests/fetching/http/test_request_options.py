from __future__ import annotations

import pytest
from tests.fetching.conftest import make_settings
from tests.web.http_server import HttpServer, Response, redirect

from pagemill.fetching.http.fetcher import HttpFetcher
from pagemill.fetching.http.request_options import RequestFields, is_same_origin
from pagemill.fetching.url import parse_url
from pagemill.model import Cookie, ScrapeOptions

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


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("http://example.com/other", True),
        ("https://example.com/", True),
        ("http://example.com:8080/", False),
        ("https://example.com:8443/", False),
        ("http://www.example.com/", False),
    ],
)
def test_headers_stay_with_their_origin(url, same):
    assert is_same_origin(parse_url(url), parse_url("http://example.com/")) is same


def test_headers_do_not_step_down_from_https():
    assert not is_same_origin(parse_url("http://example.com/"), parse_url("https://example.com/"))


async def test_another_port_of_the_host_gets_no_headers(server):
    async with HttpServer({"/": Response(b"<p>other</p>")}) as other, HttpFetcher(make_settings()) as fetcher:
        server.routes["/elsewhere"] = redirect(other.url())
        await fetcher.fetch(server.url("/elsewhere"), fields=RequestFields(headers=(("Authorization", "Bearer x"),)))
    assert server.requests[-1].headers["authorization"] == "Bearer x"
    assert "authorization" not in other.requests[0].headers


def test_no_request_is_made_a_conditional_one_by_the_client():
    headers = (("If-None-Match", '"1"'), ("if-modified-since", "x"), ("If-Range", "x"), ("X-Test", "yes"))
    assert RequestFields.of(ScrapeOptions(headers=headers)).headers == (("X-Test", "yes"),)
