"""Whole fetches from a well-behaved server: pages, redirects, connections, names, cancellation."""

from __future__ import annotations

import asyncio
import time
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

import pytest
from tests.fetching.conftest import make_settings
from tests.web.dns_server import Answer, DnsServer
from tests.web.hostile import OK, HostileServer, drips, sends, stays_silent
from tests.web.http_server import HttpServer, Request, Response, redirect

from pagemill.errors import (
    BlockedAddressError,
    FetchTimeoutError,
    HttpStatusError,
    InvalidRedirectError,
    OperatorError,
    TooManyRedirectsError,
    UnfetchableUrlError,
)
from pagemill.fetching.egress.guard import EgressGuard
from pagemill.fetching.http.fetcher import HttpFetcher

if TYPE_CHECKING:
    from pathlib import Path

    from pagemill.fetching.url import IPAddress

PAGE = Response(b"<p>hello</p>")


async def test_a_page(fetcher: HttpFetcher) -> None:
    async with HttpServer({"/a b": PAGE, "/a%20b": PAGE}) as server:
        page = await fetcher.fetch(server.url("/a b?x=1#part"))
    assert page.url == server.url("/a b?x=1#part")
    assert page.final_url == server.url("/a%20b?x=1")
    assert page.status_code == 200
    assert page.content_type == "text/html; charset=utf-8"
    assert page.body == b"<p>hello</p>"


async def test_looks_like_a_browser(fetcher: HttpFetcher) -> None:
    async with HttpServer({"/": PAGE}) as server:
        await fetcher.fetch(server.url())
    headers = server.requests[0].headers
    assert "Chrome/" in headers["user-agent"]
    assert "HeadlessChrome" not in headers["user-agent"]
    assert headers["accept-encoding"] == "gzip, deflate, br, zstd"
    assert {"sec-ch-ua", "sec-fetch-mode", "accept-language", "accept"} <= headers.keys()
    assert not {"upgrade", "http2-settings", "cookie", "authorization"} & headers.keys()


@pytest.mark.parametrize(
    ("written", "sent"),
    [("/a|b^c", "/a|b%5Ec"), ("/[x]{y}", "/[x]%7By%7D"), ("/%zz%2e", "/%zz%2e"), ("/..%2f./b", "/..%2f./b"),
     ("/a/../b/./c", "/b/c"), ("/%2e%2e/x", "/x"), ("//double//slash", "//double//slash"),
     ("/ü?ü=ß", "/%C3%BC?%C3%BC=%C3%9F"),
     ("/?a=b c&d='\"<>`|", "/?a=b%20c&d=%27%22%3C%3E`|"),
     ("/?", "/?"), ("?x", "/?x"), ("/a\\b", "/a/b"), ("/;p=1", "/;p=1")],
)  # fmt: skip
async def test_asks_for_what_a_browser_would(fetcher: HttpFetcher, written: str, sent: str) -> None:
    async with HttpServer() as server:
        server.fallback = lambda _: PAGE
        await fetcher.fetch(server.url(written))
    assert [request.target for request in server.requests] == [sent]


async def test_an_unknown_browser_is_told_at_once() -> None:
    with pytest.raises(OperatorError, match="netscape"):
        async with HttpFetcher(make_settings(impersonate="netscape")):
            pass


async def test_follows_redirects_of_all_kinds(fetcher: HttpFetcher) -> None:
    routes: dict[str, Response] = {
        "/1": redirect("/dir/2", 301),
        "/dir/2": redirect("3?q=ü", 302),
        "/dir/3": redirect("../4", 303),
        "/5": redirect("?", 308),
    }
    async with HttpServer(dict(routes)) as server:
        server.routes["/4"] = redirect(f"//127.0.0.1:{server.port}/5?x", 307)
        seen: list[str] = []

        def five(request: Request) -> Response:
            seen.append(request.target)
            return PAGE if request.target in ("/5", "/5?") else redirect("?", 308)

        server.routes["/5"] = five
        page = await fetcher.fetch(server.url("/1"))
    assert page.url == server.url("/1")
    assert page.final_url in (server.url("/5"), server.url("/5?"))
    assert [request.target for request in server.requests][:3] == ["/1", "/dir/2", "/dir/3?q=%C3%BC"]
    assert server.connections == 1


async def test_redirects_end_at_the_limit() -> None:
    async with HttpServer() as server, HttpFetcher(make_settings(max_redirects=3)) as fetcher:
        server.fallback = lambda request: redirect(f"/{int(request.path[1:]) + 1}") if request.path != "/10" else PAGE
        with pytest.raises(TooManyRedirectsError, match="3"):
            await fetcher.fetch(server.url("/0"))
        assert len(server.requests) == 4
        assert (await fetcher.fetch(server.url("/7"))).body == PAGE.body


async def test_redirects_can_be_switched_off() -> None:
    async with HttpServer({"/": redirect("/b")}) as server, HttpFetcher(make_settings(max_redirects=0)) as fetcher:
        with pytest.raises(TooManyRedirectsError):
            await fetcher.fetch(server.url())


@pytest.mark.parametrize("location", ["http://", "ftp://example.com/", "javascript:alert(1)", "file:///etc/passwd"])
async def test_redirects_to_nowhere(fetcher: HttpFetcher, location: str) -> None:
    async with HttpServer({"/": redirect(location)}) as server:
        with pytest.raises(InvalidRedirectError):
            await fetcher.fetch(server.url())


async def test_a_redirect_without_location(fetcher: HttpFetcher) -> None:
    async with HttpServer({"/": Response(b"", 302)}) as server:
        with pytest.raises(InvalidRedirectError, match="where to"):
            await fetcher.fetch(server.url())


async def test_a_redirect_without_location_that_holds_a_page_is_that_page(fetcher: HttpFetcher) -> None:
    async with HttpServer({"/": Response(b"<p>a page</p>", 302), "/empty": redirect("")}) as server:
        for path, body in (("/", b"<p>a page</p>"), ("/empty", b"moved")):
            page = await fetcher.fetch(server.url(path))
            assert (page.status_code, page.body) == (302, body)


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/café?x=é".encode("latin-1"), "/caf%E9?x=%E9"),
        ("/café?x=é".encode(), "/caf%C3%A9?x=%C3%A9"),
        ("/日本".encode("euc-jp"), "/%C6%FC%CB%DC"),
    ],
)
async def test_bytes_of_a_location_are_escaped_one_by_one(fetcher: HttpFetcher, location: bytes, target: str) -> None:
    async with HttpServer() as server:
        server.fallback = lambda _: PAGE
        start = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%d" % server.port
        async with HostileServer(sends(start + location + b"\r\nContent-Length: 0\r\n\r\n")) as hostile:
            await fetcher.fetch(hostile.url("/"))
    assert [request.target for request in server.requests] == [target]


async def test_a_refresh_in_the_page_is_not_followed(fetcher: HttpFetcher) -> None:
    body = b'<meta http-equiv="refresh" content="0; url=http://127.0.0.1:1/">'
    async with HttpServer({"/": Response(body, headers=(("Refresh", "0; url=/other"),))}) as server:
        assert (await fetcher.fetch(server.url())).body == body
        assert len(server.requests) == 1


OUTSIDE = (ip_network("127.0.0.2/32"),)


@pytest.mark.parametrize(
    "location",
    ["http://127.0.0.1:{port}/", "https://127.0.0.1:{port}/", "//127.0.0.1:{port}/", "http://localhost:{port}/",
     "http://0x7f000001:{port}/", "http://2130706433:{port}/", "http://0:{port}/", "http://[::1]:{port}/",
     "http://[::ffff:127.0.0.1]:{port}/", "http://user@127.1:{port}/", "\\\\127.0.0.1:{port}\\"],
)  # fmt: skip
async def test_redirects_to_loopback_are_blocked(location: str) -> None:
    """127.0.0.2 plays the public host; 127.0.0.1 is loopback as ever."""
    async with HttpServer({"/": PAGE}) as inside, HttpServer(host="127.0.0.2") as outside:
        outside.routes["/"] = redirect(location.format(port=inside.port))
        async with HttpFetcher(make_settings(allowed_networks=OUTSIDE)) as fetcher:
            with pytest.raises(BlockedAddressError):
                await fetcher.fetch(outside.url())
        assert len(outside.requests) == 1
        assert inside.connections == 0


@pytest.mark.parametrize("cache_time", [0.0, 60.0])
async def test_a_name_whose_answer_changes_reaches_only_what_was_checked(cache_time: float) -> None:
    """DNS rebinding: the first answer is public, every later one is loopback, where the same port listens."""
    answers: list[str] = []

    def rebinding(_: str, kind: str) -> Answer:
        if kind != "A":
            return Answer()
        answers.append("127.0.0.2" if not answers else "127.0.0.1")
        return Answer([answers[-1]])

    async with (
        DnsServer({"evil.test": rebinding}) as dns,
        HttpServer({"/": PAGE}, host="127.0.0.2") as outside,
        HttpServer({"/": PAGE}, host="127.0.0.1", port=outside.port) as inside,
    ):
        settings = make_settings(allowed_networks=OUTSIDE, dns_servers=dns.address, dns_cache_time=cache_time)
        async with HttpFetcher(settings) as fetcher:
            assert (await fetcher.fetch(outside.url(host="evil.test"))).body == PAGE.body
            assert outside.requests[0].headers["host"] == f"evil.test:{outside.port}"
            if cache_time:
                await fetcher.fetch(outside.url(host="evil.test"))
                assert answers == ["127.0.0.2"]
            else:
                with pytest.raises(BlockedAddressError, match=r"evil\.test"):
                    await fetcher.fetch(outside.url(host="evil.test"))
                assert answers == ["127.0.0.2", "127.0.0.1"]
        assert inside.connections == 0


async def test_a_redirect_to_a_rebound_name_is_checked_anew() -> None:
    answers = iter(["127.0.0.2", "127.0.0.1"])

    def rebinding(_: str, kind: str) -> Answer:
        return Answer([next(answers)]) if kind == "A" else Answer()

    async with (
        DnsServer({"evil.test": rebinding}) as dns,
        HttpServer(host="127.0.0.2") as outside,
        HttpServer({"/x": PAGE}, port=outside.port) as inside,
    ):
        outside.routes["/"] = redirect("/x")
        outside.routes["/x"] = PAGE
        settings = make_settings(allowed_networks=OUTSIDE, dns_servers=dns.address)
        async with HttpFetcher(settings) as fetcher:
            with pytest.raises(BlockedAddressError):
                await fetcher.fetch(outside.url(host="evil.test"))
        assert [request.path for request in outside.requests] == ["/"]
        assert inside.connections == 0


async def test_goes_to_the_address_checked_last_for_each_name() -> None:
    """What libcurl remembers of a name must not send a later page to an earlier answer."""
    current = ["127.0.0.2"]

    async with DnsServer({"moved.test": lambda _, kind: Answer(current if kind == "A" else ())}) as dns:
        headers = (("Connection", "close"),)
        async with (
            HttpServer({"/": Response(b"<p>two</p>", headers=headers)}, host="127.0.0.2") as second,
            HttpServer({"/": Response(b"<p>three</p>")}, host="127.0.0.3", port=second.port),
            HttpFetcher(make_settings(dns_servers=dns.address)) as fetcher,
        ):
            assert b"two" in (await fetcher.fetch(second.url(host="moved.test"))).body
            async with asyncio.timeout(5):
                while second.open_connections:
                    await second_closes(second)
            current[:] = ["127.0.0.3"]
            assert b"three" in (await fetcher.fetch(second.url(host="moved.test"))).body


async def second_closes(server: HttpServer) -> None:
    """Let a server whose answer said `Connection: close` close."""
    for writer in list(server._writers):
        writer.close()
    await asyncio.sleep(0.02)


class ChangingGuard(EgressGuard):
    """Sends a name to 127.0.0.2 first, and refuses that address from then on."""

    asked = 0

    async def resolve(self, host: str, port: int) -> list[IPAddress]:
        self.asked += 1
        return [ip_address("127.0.0.2" if self.asked == 1 else "127.0.0.3")]

    def check_address(self, address: IPAddress | str, host: str | None = None, port: int | None = None) -> IPAddress:
        if self.asked > 1 and str(address) == "127.0.0.2":
            raise BlockedAddressError(f"{host} leads to an address that was fine once")
        return super().check_address(address, host, port)


async def test_a_kept_connection_is_checked_before_its_answer_is_used() -> None:
    async with HttpServer({"/": PAGE}, host="127.0.0.2") as server:
        settings = make_settings()
        async with HttpFetcher(settings, ChangingGuard(settings)) as fetcher:
            await fetcher.fetch(server.url(host="kept.test"))
            with pytest.raises(BlockedAddressError, match="fine once"):
                await fetcher.fetch(server.url(host="kept.test"))
        assert server.connections == 1


async def test_tries_the_other_addresses_of_a_name() -> None:
    """Nothing listens on the first two addresses."""
    addresses = ["127.0.0.3", "127.0.0.4", "127.0.0.5", "::1"]
    async with (
        DnsServer({"many.test": Answer(addresses)}) as dns,
        HttpServer({"/": PAGE}, host="127.0.0.5") as server,
        HttpFetcher(make_settings(dns_servers=dns.address)) as fetcher,
    ):
        assert (await fetcher.fetch(server.url(host="many.test"))).body == PAGE.body


async def test_ipv6(fetcher: HttpFetcher) -> None:
    async with HttpServer({"/": PAGE}, host="::1") as server:
        assert (await fetcher.fetch(server.url())).final_url == f"http://[::1]:{server.port}/"
    async with (
        HttpServer({"/": PAGE}, host="::1") as server,
        DnsServer({"six.test": Answer(["::1"])}) as dns,
        HttpFetcher(make_settings(dns_servers=dns.address)) as named,
    ):
        assert (await named.fetch(server.url(host="six.test"))).body == PAGE.body


@pytest.mark.parametrize("url", ["", "nonsense", "ftp://127.0.0.1/", "http://*/", "http://[::1"])
async def test_refuses_what_is_no_page(fetcher: HttpFetcher, url: str) -> None:
    with pytest.raises(UnfetchableUrlError):
        await fetcher.fetch(url)


async def test_reuses_connections(fetcher: HttpFetcher) -> None:
    async with HttpServer({"/": PAGE, "/moved": redirect("/"), "/missing": Response(b"no", 404)}) as server:
        for _ in range(5):
            await fetcher.fetch(server.url())
            await fetcher.fetch(server.url("/moved"))
            with pytest.raises(HttpStatusError):
                await fetcher.fetch(server.url("/missing"))
        assert server.connections == 1


async def test_pages_do_not_share_cookies(fetcher: HttpFetcher) -> None:
    def answer(request: Request) -> Response:
        if request.path == "/set":
            return redirect("/page", 302, ("Set-Cookie", "visit=1; Path=/"))
        return Response(request.headers.get("cookie", "none").encode())

    async with HttpServer() as server:
        server.fallback = answer
        assert (await fetcher.fetch(server.url("/set"))).body == b"visit=1"  # kept for the redirects of one page
        assert (await fetcher.fetch(server.url("/page"))).body == b"none"


async def test_netrc_and_environment_proxies_are_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("default login me password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    async with HttpServer() as proxy, HttpServer({"/": PAGE}) as server:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url())
        async with HttpFetcher(make_settings()) as fetcher:
            await fetcher.fetch(server.url())
        assert proxy.connections == 0
        assert "authorization" not in server.requests[0].headers


async def test_credentials_of_the_url_are_sent_to_its_host_alone(fetcher: HttpFetcher) -> None:
    async with HttpServer({"/": PAGE}) as other, HttpServer({"/": redirect(other.url())}) as server:
        page = await fetcher.fetch(f"http://me:secret@127.0.0.1:{server.port}/")
    assert server.requests[0].headers["authorization"] == "Basic bWU6c2VjcmV0"
    assert "authorization" not in other.requests[0].headers
    assert page.final_url == other.url()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418, 451, 500, 501, 503])
async def test_error_statuses(fetcher: HttpFetcher, status: int) -> None:
    async with HttpServer({"/": Response(b"<p>why</p>", status)}) as server:
        with pytest.raises(HttpStatusError) as caught:
            await fetcher.fetch(server.url())
    assert caught.value.message == f"The page answered with HTTP status {status}."
    assert caught.value.status_code == status
    assert caught.value.page is not None
    assert caught.value.page.body == b"<p>why</p>"


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Type: image/png\r\nContent-Length: 9000000\r\n\r\nx",
        b"Content-Length: 99999999999\r\n\r\nx",
        b"Content-Encoding: gzip\r\n\r\nnot gzip",
        b"Content-Encoding: gzip, br\r\n\r\nx",
        b"Content-Length: 1000\r\n\r\ncut short",
    ],
    ids=["image", "endless", "garbled", "compressed-twice", "cut-short"],
)
async def test_a_status_outweighs_what_comes_with_it(fetcher: HttpFetcher, rest: bytes) -> None:
    async with HostileServer(sends(b"HTTP/1.1 404 Not Found\r\n" + rest)) as server:
        with pytest.raises(HttpStatusError) as caught:
            await fetcher.fetch(server.url())
    assert caught.value.status_code == 404
    async with HttpServer({"/": PAGE}) as target:
        head = f"HTTP/1.1 302 Found\r\nLocation: {target.url()}\r\n".encode()
        async with HostileServer(sends(head + rest)) as server:
            assert (await fetcher.fetch(server.url())).body == PAGE.body


async def test_asks_again_after_429(fetcher: HttpFetcher) -> None:
    answers = [Response(b"", 429, headers=(("Retry-After", "1"),)), Response(b"", 503), PAGE]
    async with HttpServer() as server, HttpFetcher(make_settings(fetch_attempts=3)) as patient:
        server.fallback = lambda _: answers.pop(0)
        started = time.monotonic()
        assert (await patient.fetch(server.url())).body == PAGE.body
        assert 1.0 <= time.monotonic() - started < 3.0
        assert len(server.requests) == 3


async def test_does_not_wait_beyond_the_deadline() -> None:
    busy = Response(b"", 429, headers=(("Retry-After", "60"),))
    async with HttpServer({"/": busy}) as server, HttpFetcher(make_settings(fetch_attempts=3)) as fetcher:
        started = time.monotonic()
        with pytest.raises(HttpStatusError) as caught:
            await fetcher.fetch(server.url(), deadline=asyncio.get_running_loop().time() + 5)
        assert time.monotonic() - started < 1
        assert caught.value.retry_after == 60
        assert len(server.requests) == 1


async def test_the_deadline_ends_a_transfer() -> None:
    async with HostileServer(stays_silent) as server, HttpFetcher(make_settings(fetch_attempts=3)) as fetcher:
        started = time.monotonic()
        with pytest.raises(FetchTimeoutError):
            await fetcher.fetch(server.url(), deadline=asyncio.get_running_loop().time() + 0.3)
        assert time.monotonic() - started < 1


@pytest.mark.parametrize(("status", "requests"), [(500, 3), (502, 3), (504, 3), (404, 1), (403, 1), (501, 1)])
async def test_asks_again_only_where_it_may_help(status: int, requests: int) -> None:
    async with HttpServer({"/": Response(b"", status)}) as server, HttpFetcher(make_settings(fetch_attempts=3)) as f:
        with pytest.raises(HttpStatusError):
            await f.fetch(server.url())
        assert len(server.requests) == requests


async def test_limits_requests_to_one_host() -> None:
    now, most = 0, 0

    async def slow(_: Request) -> Response:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.02)
        now -= 1
        return PAGE

    async with HttpServer() as server, HttpFetcher(make_settings(host_concurrency=3)) as fetcher:
        server.fallback = slow
        await asyncio.gather(*(fetcher.fetch(server.url(f"/{number}")) for number in range(20)))
        assert most == 3
        assert len(fetcher._hosts) == 0


async def test_cancelling_aborts_the_transfer(fetcher: HttpFetcher) -> None:
    async with HostileServer(stays_silent) as server:
        task = asyncio.create_task(fetcher.fetch(server.url()))
        async with asyncio.timeout(5):
            await server.asked.wait()
        started = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - started < 1
        async with asyncio.timeout(10):
            await server.left.wait()
        assert len(fetcher._hosts) == 0
    async with HttpServer({"/": PAGE}) as server:  # and the handle works again
        assert (await fetcher.fetch(server.url())).body == PAGE.body


async def test_cancelling_while_waiting_for_a_slot() -> None:
    async with HostileServer(stays_silent) as server, HttpFetcher(make_settings(host_concurrency=1)) as fetcher:
        tasks = [asyncio.create_task(fetcher.fetch(server.url())) for _ in range(3)]
        await asyncio.sleep(0.1)
        assert server.connections == 1
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert len(fetcher._hosts) == 0


async def test_many_at_once() -> None:
    async with HttpServer() as server, HttpFetcher(make_settings(host_concurrency=200, fetch_timeout=20)) as fetcher:
        server.fallback = lambda request: Response(request.path.encode())
        pages = await asyncio.gather(*(fetcher.fetch(server.url(f"/{number}")) for number in range(200)))
        assert [page.body.decode() for page in pages] == [f"/{number}" for number in range(200)]


async def test_a_connection_that_the_server_closed_meanwhile_is_made_anew(fetcher: HttpFetcher) -> None:
    async with HttpServer({"/": PAGE}) as server:
        await fetcher.fetch(server.url())
        for writer in list(server._writers):
            writer.close()
        assert (await fetcher.fetch(server.url())).body == PAGE.body
        assert server.connections == 2


async def test_a_transfer_that_closing_cuts_off_is_no_page() -> None:
    started = OK + b"Content-Length: 1000\r\n\r\n<p>half"
    async with HostileServer(drips(started, b"", 1)) as server:
        async with HttpFetcher(make_settings()) as fetcher:
            task = asyncio.create_task(fetcher.fetch(server.url()))
            await asyncio.sleep(0.1)
        with pytest.raises(RuntimeError):
            await task
        with pytest.raises(RuntimeError):
            await fetcher.fetch(server.url())
