"""Connections that do not come about: refused, unreachable, too slow, not trusted."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from typing import TYPE_CHECKING

import pytest
from tests.fetching.conftest import make_settings
from tests.web.authority import Authority
from tests.web.dns_server import Answer, DnsServer
from tests.web.hostile import HostileServer, Script, resets, sends, stays_silent
from tests.web.http_server import HttpServer, Response
from tests.web.listener import Listener

from pagemill.errors import (
    CertificateError,
    ConnectionRefusedByHostError,
    ConnectionResetByHostError,
    ConnectTimeoutError,
    FetchError,
    HostNotFoundError,
    HostUnreachableError,
    InvalidResponseError,
    TlsError,
)
from pagemill.fetching.http.fetcher import HttpFetcher

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = Response(b"<p>hello</p>")


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that is taken, but that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


class MuteServer(Listener):
    """Accepts connections and says nothing, not even in TLS."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int) -> None:
        await asyncio.Event().wait()


async def test_refused(fetcher: HttpFetcher, closed_port: int) -> None:
    with pytest.raises(ConnectionRefusedByHostError, match=r"127\.0\.0\.1 refused"):
        await fetcher.fetch(f"http://127.0.0.1:{closed_port}/")


async def test_a_refused_connection_is_tried_again(closed_port: int) -> None:
    async with HttpFetcher(make_settings(fetch_attempts=3, retry_delay=0.2)) as fetcher:
        task = asyncio.create_task(fetcher.fetch(f"http://127.0.0.2:{closed_port}/"))
        await asyncio.sleep(0.05)
        async with HttpServer({"/": PAGE}, host="127.0.0.2", port=closed_port):
            assert (await task).body == PAGE.body


async def test_unreachable() -> None:
    """TCP has no way to a multicast address."""
    async with HttpFetcher(make_settings(allowed_networks="224.0.0.0/4")) as fetcher:
        with pytest.raises(HostUnreachableError, match=r"224\.0\.0\.1"):
            await fetcher.fetch("http://224.0.0.1/")


async def test_connecting_takes_too_long() -> None:
    async with MuteServer() as server, HttpFetcher(make_settings(connect_timeout=0.3)) as fetcher:
        started = time.monotonic()
        with pytest.raises(ConnectTimeoutError):
            await fetcher.fetch(f"https://127.0.0.1:{server.port}/")
        assert time.monotonic() - started < 1.5


async def test_no_such_host() -> None:
    async with DnsServer() as dns, HttpFetcher(make_settings(dns_servers=dns.address, fetch_attempts=3)) as fetcher:
        with pytest.raises(HostNotFoundError, match=r"nowhere\.test"):
            await fetcher.fetch("http://nowhere.test/")
        assert sorted(dns.queries) == [("nowhere.test", "A"), ("nowhere.test", "AAAA")]


async def test_a_trusted_certificate(authority: Authority, tmp_path: Path) -> None:
    ca_file = authority.write(tmp_path / "ca.pem")
    async with HttpServer({"/": PAGE}, tls=authority.server("secure.test", "127.0.0.1")) as server:
        async with (
            DnsServer({"secure.test": Answer(["127.0.0.1"])}) as dns,
            HttpFetcher(make_settings(ca_file=ca_file, dns_servers=dns.address)) as fetcher,
        ):
            assert (await fetcher.fetch(server.url())).body == PAGE.body
            for _ in range(2):
                await fetcher.fetch(server.url(host="secure.test"))
            page = await fetcher.fetch(server.url(host="secure.test"))
            assert page.final_url == f"https://secure.test:{server.port}/"
        assert server.connections == 2


async def test_an_unknown_authority(authority: Authority) -> None:
    async with HttpServer({"/": PAGE}, tls=authority.server("127.0.0.1")) as server:
        async with HttpFetcher(make_settings(fetch_attempts=3)) as fetcher:
            with pytest.raises(CertificateError, match=r"127\.0\.0\.1"):
                await fetcher.fetch(server.url())
        assert server.requests == []
        assert server.connections == 1


async def test_a_certificate_of_another_host(authority: Authority, tmp_path: Path) -> None:
    ca_file = authority.write(tmp_path / "ca.pem")
    async with HttpServer({"/": PAGE}, tls=authority.server("other.test")) as server:
        async with (
            DnsServer({"secure.test": Answer(["127.0.0.1"])}) as dns,
            HttpFetcher(make_settings(ca_file=ca_file, dns_servers=dns.address)) as fetcher,
        ):
            for host in ("127.0.0.1", "secure.test"):
                with pytest.raises(CertificateError):
                    await fetcher.fetch(server.url(host=host))
        assert server.requests == []


class PlainServer(Listener):
    """Answers anything with an error in plain HTTP, as web servers do when TLS comes to the wrong port."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()


async def test_plain_http_where_tls_is_expected(fetcher: HttpFetcher) -> None:
    async with PlainServer() as server:
        with pytest.raises(TlsError, match="http://"):
            await fetcher.fetch(f"https://127.0.0.1:{server.port}/")


async def test_tls_where_plain_http_is_expected(fetcher: HttpFetcher, authority: Authority) -> None:
    async with HttpServer({"/": PAGE}, tls=authority.server("127.0.0.1")) as server:
        with pytest.raises((ConnectionResetByHostError, InvalidResponseError)):
            await fetcher.fetch(f"http://127.0.0.1:{server.port}/")


async def test_an_outdated_protocol(fetcher: HttpFetcher, authority: Authority) -> None:
    context = authority.server("127.0.0.1")
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    async with HttpServer({"/": PAGE}, tls=context) as server:
        with pytest.raises(TlsError):
            await fetcher.fetch(server.url())


@pytest.mark.parametrize("script", [resets(b""), sends(b""), stays_silent], ids=["reset", "empty", "silent"])
async def test_each_failure_names_the_host_and_no_internals(script: Script) -> None:
    async with HostileServer(script) as server, HttpFetcher(make_settings(fetch_timeout=0.3)) as fetcher:
        with pytest.raises(FetchError) as caught:
            await fetcher.fetch(server.url())
    message = caught.value.message
    assert "127.0.0.1" in message
    assert message.endswith(".")
    assert "curl" not in message.lower()
