"""The handle by itself: what it must not do even when it is asked to."""

from __future__ import annotations

from pathlib import Path

import pytest
from curl_cffi import AsyncCurl, Curl, CurlECode, CurlError, CurlInfo, CurlOpt
from tests.fetching.conftest import make_settings
from tests.web.http_server import HttpServer, Response, redirect

from pagemill.errors import OperatorError
from pagemill.fetching.http.curl_handle import browser_handle


async def perform(curl: Curl, url: str) -> None:
    multi = AsyncCurl()
    curl.setopt(CurlOpt.URL, url)
    curl.setopt(CurlOpt.HEADERFUNCTION, len)
    curl.setopt(CurlOpt.WRITEFUNCTION, len)
    try:
        await multi.add_handle(curl)
    finally:
        await multi.close()


def names_of_loopback() -> list[str]:
    """The names that the hosts file has for 127.0.0.1, besides localhost."""
    hosts = Path("/etc/hosts")
    lines = hosts.read_text().splitlines() if hosts.exists() else []
    words = [line.partition("#")[0].split() for line in lines]
    return [
        name for first, *names in filter(None, words) if first == "127.0.0.1" for name in names if name != "localhost"
    ]


async def test_never_looks_a_name_up() -> None:
    async with HttpServer() as server:
        for name in ("nowhere.test", *names_of_loopback()):
            with pytest.raises(CurlError) as caught:
                await perform(browser_handle(make_settings()), server.url(host=name))
            assert caught.value.code == CurlECode.COULDNT_RESOLVE_HOST
        assert server.connections == 0


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "file:///etc/hostname", "dict://127.0.0.1/", "ws://127.0.0.1/"])
async def test_speaks_http_alone(url: str) -> None:
    with pytest.raises(CurlError) as caught:
        await perform(browser_handle(make_settings()), url)
    assert caught.value.code == CurlECode.UNSUPPORTED_PROTOCOL


async def test_follows_no_redirect_by_itself() -> None:
    async with HttpServer({"/": redirect("/b"), "/b": Response()}) as server:
        curl = browser_handle(make_settings())
        await perform(curl, server.url())
        assert curl.getinfo(CurlInfo.RESPONSE_CODE) == 302
        assert len(server.requests) == 1


@pytest.mark.parametrize("browser", ["chrome", "firefox", "safari", "edge", "chrome131"])
def test_browsers(browser: str) -> None:
    browser_handle(make_settings(impersonate=browser)).close()


def test_an_unknown_browser() -> None:
    with pytest.raises(OperatorError, match="PAGEMILL_IMPERSONATE"):
        browser_handle(make_settings(impersonate="lynx"))
