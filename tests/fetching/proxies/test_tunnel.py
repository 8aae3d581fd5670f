"""The browser through countries' proxies: what each proxy and the target saw."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address, ip_network

import pytest
from tests.fetching.conftest import make_settings
from tests.web.dns_server import Answer, DnsServer
from tests.web.http_server import HttpServer, Response, redirect
from tests.web.proxy import Proxy

from pagemill.errors import BlockedAddressError, FetchError, NoProxyError, ProxyError
from pagemill.fetching.browser.browser import Browser
from pagemill.fetching.egress.guard import EgressGuard
from pagemill.fetching.proxies.tunnel import Tunnels
from pagemill.model import ScrapeOptions
from pagemill.proxies import parse_proxies

WEB = "127.0.0.2"
OUTSIDE = (ip_network(f"{WEB}/32"),)


class Said(asyncio.Protocol):
    """Asks for a page and keeps what comes."""

    def __init__(self) -> None:
        self.answer = b""
        self.ended = asyncio.Event()

    def connection_made(self, transport):
        transport.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")

    def data_received(self, data):
        self.answer += data
        if data.endswith(b"hello"):
            self.ended.set()


@pytest.mark.parametrize("socks", [False, True])
@pytest.mark.parametrize("credentials", [None, ("us@er", "p:w")])
async def test_a_tunnel(socks, credentials):
    settings = make_settings()
    async with (
        HttpServer({"/": Response(b"hello")}, host=WEB) as web,
        Proxy(socks=socks, credentials=credentials) as proxy,
        EgressGuard(settings) as guard,
    ):
        [configured] = parse_proxies(proxy.proxy_url("us%40er:p%3Aw" if credentials else "")).of("us")
        said = Said()
        await Tunnels(configured, guard.resolver, settings).open(lambda: said, ip_address(WEB), web.port)
        async with asyncio.timeout(5):
            await said.ended.wait()
    assert [(asked.host, asked.port, asked.credentials) for asked in proxy.asked] == [(WEB, web.port, credentials)]
    assert said.answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("socks", [False, True])
async def test_a_tunnel_that_is_not_given(socks):
    settings = make_settings()
    async with (
        Proxy(socks=socks, credentials=("u", "right")) as strict,
        Proxy(socks=socks, refuses=5 if socks else 503) as refusing,
        EgressGuard(settings) as guard,
    ):
        for url in (strict.proxy_url("u:hush"), strict.proxy_url(), refusing.proxy_url(), "http://127.0.0.1:1"):
            [configured] = parse_proxies(url).of("us")
            with pytest.raises(ProxyError) as caught:
                async with asyncio.timeout(5):
                    await Tunnels(configured, guard.resolver, settings).open(asyncio.Protocol, ip_address(WEB), 80)
            assert "hush" not in caught.value.message


async def render(settings, url, country):
    async with EgressGuard(settings) as guard, Browser(settings, guard) as browser:
        deadline = asyncio.get_running_loop().time() + 40
        return (await browser.render(url, ScrapeOptions(country=country), deadline)).page


async def test_the_browser_leaves_by_the_countrys_proxies(browser_settings):
    page = b"<title>t</title><script src='/s.js' defer></script><p>hello</p>"
    async with (
        DnsServer({"site.test": Answer([WEB])}) as dns,
        HttpServer(
            {"/": Response(page), "/s.js": Response(b"document.body.append('made')", content_type="text/javascript")},
            host=WEB,
        ) as web,
        HttpServer() as inside,
        Proxy(socks=True) as good,
        Proxy(refuses=503) as refusing,
        Proxy() as other,
    ):
        web.routes["/in"] = redirect(inside.url())
        proxies = f"de={good.proxy_url()} de={refusing.proxy_url()} us={other.proxy_url()}"
        settings = browser_settings.changed(proxies=proxies, dns_servers=(dns.address,), fetch_attempts=2)
        got = await render(settings, web.url(host="site.test"), "de")
        with pytest.raises(FetchError) as caught:
            await render(settings, web.url("/in", host="site.test"), "us")
        with pytest.raises(NoProxyError):
            await render(settings, web.url(host="site.test"), "fr")
    assert b"made" in got.body
    assert {(asked.host, asked.port) for asked in good.asked} == {(WEB, web.port)}
    assert isinstance(caught.value, BlockedAddressError)
    assert inside.connections == 0
    assert {asked.host for asked in [*refusing.asked, *other.asked]} <= {WEB}
    assert len(web.requests) == len(good.asked) + len(other.asked)
