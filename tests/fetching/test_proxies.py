"""Fetching through proxies: what each proxy and each target saw, and what the guard keeps."""

from __future__ import annotations

import asyncio
import logging
from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest

from pagemill.errors import (
    BlockedAddressError,
    BlockedError,
    CertificateError,
    ConnectionResetByHostError,
    FetchTimeoutError,
    HttpStatusError,
    NoProxyError,
    ProxyError,
)
from pagemill.fetching.http.fetcher import HttpFetcher
from pagemill.fetching.proxies.scores import MemoryProxyScores
from tests.fetching.conftest import make_settings
from tests.web.authority import Authority
from tests.web.dns_server import Answer, DnsServer
from tests.web.http_server import HttpServer, Response, redirect
from tests.web.proxy import Proxy

if TYPE_CHECKING:
    from pathlib import Path

# The web is 127.0.0.2; the proxies' 127.0.0.1 is inside, where no page is fetched from.
WEB = "127.0.0.2"
OUTSIDE = (ip_network(f"{WEB}/32"),)
PAGE = Response(b"<p>hello</p>")
LARGE = Response(b"<p>" + b"x" * 200_000)


def through(*proxies: str, scores=None, **changes):
    settings = make_settings(**{"allowed_networks": OUTSIDE, "proxies": " ".join(proxies)} | changes)
    return HttpFetcher(settings, scores=scores)


@pytest.fixture
async def web():
    async with HttpServer({"/": PAGE, "/a%2fb": PAGE}, host=WEB) as server:
        yield server


@pytest.mark.parametrize("socks", [False, True])
async def test_a_page_comes_through_the_countrys_proxy_which_is_asked_for_the_checked_address(socks, web):
    async with (
        DnsServer({"site.test": Answer([WEB])}) as dns,
        Proxy(socks=socks) as us,
        Proxy(socks=socks) as de,
        through(f"us={us.proxy_url()} de={de.proxy_url()}", dns_servers=dns.address) as fetcher,
    ):
        page = await fetcher.fetch(web.url("/a%2fb", host="site.test"), country="de")
    assert page.body == PAGE.body
    assert [(asked.host, asked.port, asked.credentials) for asked in de.asked] == [(WEB, web.port, None)]
    assert us.asked == []
    [request] = web.requests
    assert request.target == "/a%2fb"
    assert request.headers["host"] == f"site.test:{web.port}"
    assert not {name for name in request.headers if name.startswith("proxy")}


@pytest.mark.parametrize("socks", [False, True])
async def test_credentials_reach_the_proxy_and_nobody_else(socks, web):
    async with (
        Proxy(socks=socks, credentials=("us@er", "p:w %41")) as proxy,
        through("us=" + proxy.proxy_url("us%40er:p%3Aw%20%2541")) as fetcher,
    ):
        await fetcher.fetch(web.url())
    assert proxy.asked[0].credentials == ("us@er", "p:w %41")
    assert "us@er" not in str(web.requests)
    assert "authorization" not in web.requests[0].headers


async def test_a_proxy_learns_nothing_of_what_is_asked_for(web):
    async with Proxy() as proxy, through("us=" + proxy.proxy_url()) as fetcher:
        await fetcher.fetch(web.url("/?secret=1"))
    head = proxy.asked[0].head.lower()
    assert "secret" not in head
    assert "cookie" not in head
    assert "sec-ch-ua" not in head


async def test_an_encrypted_page_through_an_encrypted_proxy_with_a_name(tmp_path: Path):
    authority = Authority()
    authority.write(tmp_path / "ca.pem")
    async with (
        DnsServer({"site.test": Answer([WEB]), "proxy.test": Answer(["127.0.0.1"])}) as dns,
        HttpServer({"/": PAGE}, host=WEB, tls=authority.server("site.test")) as web,
        Proxy(tls=authority.server("proxy.test"), credentials=("u", "p")) as proxy,
    ):
        url = proxy.proxy_url("u:p", host="proxy.test")
        async with through(f"us={url}", dns_servers=dns.address, ca_file=tmp_path / "ca.pem") as fetcher:
            page = await fetcher.fetch(web.url(host="site.test"))
            await fetcher.fetch(web.url(host="site.test"))
    assert page.body == PAGE.body
    assert [(asked.host, asked.port) for asked in proxy.asked] == [(WEB, web.port)]


async def test_connections_are_kept_for_one_proxy_and_shared_with_no_other(web):
    async with Proxy() as gate, through(f"http://user-{{country}}:pw@{gate.host}:{gate.port}") as fetcher:
        for country in ("us", "de", "us", "de"):
            await fetcher.fetch(web.url(), country=country)
    assert [asked.credentials for asked in gate.asked] == [("user-us", "pw"), ("user-de", "pw")]


async def test_direct_and_proxied_requests_do_not_share_connections(web):
    async with Proxy() as proxy, through(f"us={proxy.proxy_url()} *=direct") as fetcher:
        for country in ("us", "fr", "us", "fr"):
            await fetcher.fetch(web.url(), country=country)
    assert len(proxy.asked) == 1
    assert len({request.connection for request in web.requests}) == 2
    assert [request.connection for request in web.requests] == [1, 2, 1, 2]


@pytest.mark.parametrize("socks", [False, True])
@pytest.mark.parametrize("path", ["direct", "redirect", "name"])
async def test_the_guard_holds_through_a_proxy(socks, path, web):
    async with (
        DnsServer({"evil.test": Answer(["127.0.0.1"]), "half.test": Answer([WEB, "10.0.0.1"])}) as dns,
        HttpServer({"/": PAGE}) as inside,
        Proxy(socks=socks) as proxy,
        through("us=" + proxy.proxy_url(), dns_servers=dns.address) as fetcher,
    ):
        web.routes["/in"] = redirect(inside.url())
        url = {"direct": inside.url(), "redirect": web.url("/in"), "name": inside.url(host="evil.test")}[path]
        with pytest.raises(BlockedAddressError):
            await fetcher.fetch(url)
        with pytest.raises(BlockedAddressError):
            await fetcher.fetch("http://half.test/")
    assert inside.connections == 0
    assert {asked.host for asked in proxy.asked} <= {WEB}


async def test_a_proxy_is_no_page(web):
    async with Proxy() as proxy, through("us=" + proxy.proxy_url()) as fetcher:
        with pytest.raises(BlockedAddressError):
            await fetcher.fetch(f"http://{proxy.host}:{proxy.port}/")
    assert proxy.connections == 0


async def test_a_lying_proxy_cannot_pose_as_an_encrypted_host_nor_lead_inside(tmp_path: Path, web):
    authority, impostor = Authority(), Authority()
    authority.write(tmp_path / "ca.pem")
    async with (
        DnsServer({"site.test": Answer([WEB])}) as dns,
        HttpServer({"/": PAGE}) as inside,
        HttpServer({"/": PAGE}, tls=impostor.server("site.test")) as false,
        HttpServer({"/": PAGE}, host=WEB, tls=authority.server("site.test")) as true,
        Proxy(lies_to=("127.0.0.1", false.port)) as liar,
    ):
        settings = {"dns_servers": dns.address, "ca_file": tmp_path / "ca.pem"}
        async with through("us=" + liar.proxy_url(), **settings) as fetcher:
            with pytest.raises(CertificateError):
                await fetcher.fetch(true.url(host="site.test"))
        assert false.requests == []
        # Unencrypted, a proxy can answer what it likes; that still leads nowhere else.
        async with (
            HttpServer({"/": redirect(inside.url())}) as false_plain,
            Proxy(lies_to=("127.0.0.1", false_plain.port)) as other,
            through("us=" + other.proxy_url(), **settings) as fetcher,
        ):
            with pytest.raises(BlockedAddressError):
                await fetcher.fetch(web.url())
        assert inside.connections == 0


@pytest.mark.parametrize("socks", [False, True])
async def test_what_a_failing_proxy_is_called(socks, web):
    async with (
        Proxy(socks=socks, refuses=1 if socks else 403) as refusing,
        Proxy(socks=socks, credentials=("u", "right")) as strict,
    ):
        async with through("us=" + refusing.proxy_url()) as fetcher:
            with pytest.raises(ProxyError, match="made no connection"):
                await fetcher.fetch(web.url())
        async with through("us=" + strict.proxy_url("u:hush")) as fetcher:
            with pytest.raises(ProxyError) as caught:
                await fetcher.fetch(web.url())
    assert "hush" not in caught.value.message
    async with through("us=" + strict.proxy_url()) as fetcher:  # closed by now
        with pytest.raises(ProxyError, match="could not be reached"):
            await fetcher.fetch(web.url())
    async with through("us=http://nowhere.invalid:1", dns_timeout=0.3) as fetcher:
        with pytest.raises(ProxyError):
            await fetcher.fetch(web.url())
    assert web.requests == []


async def test_a_proxy_that_says_nothing_is_waited_for_no_longer_than_a_connection(web):
    async with Proxy(delay=60) as proxy, through("us=" + proxy.proxy_url(), connect_timeout=0.3) as fetcher:
        with pytest.raises((FetchTimeoutError, ProxyError)):
            async with asyncio.timeout(3):
                await fetcher.fetch(web.url())


async def test_a_proxy_that_dies_half_way(web):
    web.routes["/"] = LARGE
    async with Proxy(dies_after=50_000) as proxy, through("us=" + proxy.proxy_url()) as fetcher:
        with pytest.raises(ConnectionResetByHostError):
            await fetcher.fetch(web.url())


async def test_a_failed_proxy_is_left_for_another_within_the_same_page(web, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    web.routes["/"] = LARGE
    async with Proxy(dies_after=50_000) as dying, Proxy(refuses=503) as refusing, Proxy() as good:
        proxies = [f"us={proxy.proxy_url('user:hush')}" for proxy in (dying, refusing, good)]
        scores = MemoryProxyScores(60)
        for _ in range(8):
            async with HttpFetcher(
                make_settings(allowed_networks=OUTSIDE, proxies=" ".join(proxies), fetch_attempts=3, retry_delay=5.0),
                scores=scores,
            ) as fetcher:
                async with asyncio.timeout(3):  # no back-off before another proxy
                    assert (await fetcher.fetch(web.url())).body == LARGE.body
        known = await scores.of(WEB, [proxy.proxy_url() for proxy in (dying, refusing, good)])
    assert len(good.asked) == 8
    assert known[good.proxy_url()].failures == 0
    assert len(dying.asked) + len(refusing.asked) < 16  # they are avoided before long
    logged = caplog.text + "".join(capsys.readouterr())
    assert "a proxy failed" in logged
    assert "hush" not in logged


async def test_who_is_refused_at_one_proxy_tries_another(web):
    # The site refuses whoever comes on its first connection.
    web.fallback = lambda request: Response(b"no", 403) if request.connection == 1 else PAGE
    async with (
        Proxy() as one,
        Proxy() as two,
        through(f"us={one.proxy_url()} us={two.proxy_url()}", fetch_attempts=2) as fetcher,
    ):
        assert (await fetcher.fetch(web.url("/picky"))).body == PAGE.body
    assert len(one.asked) == len(two.asked) == 1


async def test_a_missing_page_is_not_the_proxys_fault(web):
    async with Proxy() as one, Proxy() as two:
        scores = MemoryProxyScores(60)
        settings = make_settings(allowed_networks=OUTSIDE, proxies=f"us={one.proxy_url()} us={two.proxy_url()}")
        async with HttpFetcher(settings, scores=scores) as fetcher:
            with pytest.raises(HttpStatusError):
                await fetcher.fetch(web.url("/missing"))
        known = await scores.of(WEB, [one.proxy_url(), two.proxy_url()])
    [score] = known.values()
    assert score.successes > 0.9
    assert score.failures == 0


async def test_the_end_of_the_pages_own_time_says_nothing_of_the_exit(web):
    async def slow(_request):
        await asyncio.sleep(10)

    web.routes["/slow"] = slow
    async with Proxy() as one, Proxy() as two:
        scores = MemoryProxyScores(60)
        settings = make_settings(
            allowed_networks=OUTSIDE,
            proxies=f"us={one.proxy_url()} us={two.proxy_url()}",
            fetch_attempts=3,
            fetch_timeout=1.0,
        )
        proxies = [one.proxy_url(), two.proxy_url()]
        async with HttpFetcher(settings, scores=scores) as fetcher:
            with pytest.raises(FetchTimeoutError):
                await fetcher.fetch(web.url("/slow"), asyncio.get_running_loop().time() + 0.5)
            assert await scores.of(WEB, proxies) == {}
            with pytest.raises(FetchTimeoutError):  # here it is the operator's time for a request
                await fetcher.fetch(web.url("/slow"), asyncio.get_running_loop().time() + 60)
        assert sum(score.failures for score in (await scores.of(WEB, proxies)).values()) > 1


async def test_a_country_without_an_exit_fails_as_such(web):
    async with through("us=http://127.0.0.1:1") as fetcher:
        with pytest.raises(NoProxyError, match="Available: us"):
            await fetcher.fetch(web.url(), country="fr")
    assert web.connections == 0


async def test_without_proxies_every_country_goes_direct(web):
    async with through() as fetcher:
        for country in ("us", "fr"):
            assert (await fetcher.fetch(web.url(), country=country)).body == PAGE.body


async def test_a_page_that_is_refused_when_it_is_read_is_the_proxys_fault_and_another_is_tried(web):
    async def accept(page):
        if page.body == b"wall":
            raise BlockedError("blocked")

    async with (
        HttpServer({"/": Response(b"wall")}) as wall,
        Proxy(lies_to=("127.0.0.1", wall.port)) as walled,
        Proxy() as good,
    ):
        proxies = (walled.proxy_url(), good.proxy_url())
        scores = MemoryProxyScores(600)
        for _ in range(10):  # so that it is not the one to begin with
            await scores.record(WEB, proxies[1], None)
        async with asyncio.timeout(4):  # no back-off before another proxy
            while not walled.asked:
                async with through(
                    *(f"us={url}" for url in proxies), scores=scores, retry_delay=5.0, fetch_attempts=2
                ) as fetcher:
                    assert (await fetcher.fetch(web.url(), accept=accept)).body == PAGE.body
        known = await scores.of(WEB, proxies)
        async with through(f"us={proxies[0]}", scores=scores) as fetcher:
            with pytest.raises(BlockedError):
                await fetcher.fetch(web.url(), accept=accept)
    assert known[proxies[0]].failures == pytest.approx(1, rel=0.01)
    assert known[proxies[0]].successes == 0
    assert known[proxies[1]].failures == pytest.approx(10, rel=0.01)
    assert known[proxies[1]].successes > 0.9
    assert len(wall.requests) == 2
