"""The proxy by itself, talked to as a browser does and as one should not."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import socket

import pytest
from tests.fetching.conftest import make_settings
from tests.web.http_server import HttpServer, Response

from pagemill.errors import BlockedAddressError, ConnectionRefusedByHostError, FetchError
from pagemill.fetching.browser.egress_proxy import EgressProxy
from pagemill.fetching.egress.guard import EgressGuard


@pytest.fixture
async def proxy():
    async with EgressGuard(make_settings(allowed_networks=("127.0.0.2/32",))) as guard:
        async with EgressProxy(guard, 2.0) as proxy:
            yield proxy
        await asyncio.sleep(0.01)
        assert proxy.open_connections == 0


@pytest.fixture
async def web():
    async with HttpServer(host="127.0.0.2") as server:
        server.fallback = lambda request: Response(request.method.encode() + b" " + request.body)
        yield server


@pytest.fixture
async def inside():
    async with HttpServer() as server:
        yield server
        assert server.connections == 0


async def talk(proxy, *pieces, pause=0.02):
    """Send pieces, and return everything that comes back."""
    port = int(proxy.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(pause)
        async with asyncio.timeout(5):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def tunnel(proxy, host, port):
    reader, writer = await asyncio.open_connection("127.0.0.1", int(proxy.url.rpartition(":")[2]))
    writer.write(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
    return reader, writer, await reader.readuntil(b"\r\n\r\n")


def request(url, method="GET", fields="", body=b""):
    return f"{method} {url} HTTP/1.1\r\nHost: x\r\n{fields}\r\n".encode() + body


@pytest.mark.parametrize("steps", range(6))
async def test_a_connection_that_is_made_as_the_proxy_closes_is_cut(steps):
    async with EgressGuard(make_settings()) as guard:
        proxy = EgressProxy(guard, 2.0)
        await proxy.open()
        with socket.create_connection(("127.0.0.1", int(proxy.url.rpartition(":")[2]))) as client:
            for _ in range(steps):
                await asyncio.sleep(0)
            await proxy.close()
            client.setblocking(False)
            async with asyncio.timeout(2):
                with contextlib.suppress(ConnectionError):
                    assert await asyncio.get_running_loop().sock_recv(client, 1) == b""
        assert proxy.open_connections == 0


async def test_connections_wait_while_too_many_files_are_open(proxy, web):
    port = int(proxy.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as client:
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        lowest = os.dup(0)
        os.close(lowest)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, limits[1]))
        try:
            await asyncio.sleep(0.05)
            assert proxy.open_connections == 0
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(client, request(web.url("/a")))
        async with asyncio.timeout(5):
            assert (await loop.sock_recv(client, 1 << 16)).startswith(b"HTTP/1.1 200")


async def test_a_plain_request_is_passed_on_and_the_connection_ends_with_it(proxy, web):
    answer = await talk(proxy, request(web.url("/a?b=c"), fields="Proxy-Connection: keep-alive\r\nX-A: 1\r\n"))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert b"Connection: close" in head
    assert body == b"GET "
    [seen] = web.requests
    assert (seen.target, seen.headers["x-a"], seen.headers["connection"]) == ("/a?b=c", "1", "close")
    assert "proxy-connection" not in seen.headers


async def test_a_body_goes_along_in_whatever_pieces(proxy, web):
    whole = request(web.url("/"), "POST", "Content-Length: 5\r\n", b"hello")
    for cut in (10, len(whole) - 5, len(whole) - 2):
        assert (await talk(proxy, whole[:cut], whole[cut:])).endswith(b"POST hello")


async def test_a_second_request_on_a_connection_reaches_nobody(proxy, web):
    other = request("http://127.0.0.2:9/", fields="Cookie: secret\r\n")
    await talk(proxy, request(web.url("/first")) + other)
    await talk(proxy, request(web.url("/first")), other, pause=0.1)
    assert all("cookie" not in seen.headers for seen in web.requests)
    assert {seen.path for seen in web.requests} <= {"/first"}


async def test_a_tunnel_carries_bytes_both_ways(proxy, web):
    reader, writer, answer = await tunnel(proxy, "127.0.0.2", web.port)
    assert answer.startswith(b"HTTP/1.1 200")
    for number in range(3):
        writer.write(f"GET /{number} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert b"200 OK" in await reader.readuntil(b"GET ")
    writer.close()
    assert web.connections == 1


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "10.1.2.3"]
)
async def test_what_is_not_public_is_refused_in_both_ways(proxy, inside, host):
    assert b" 403 " in (await talk(proxy, request(f"http://{host}:{inside.port}/"))).partition(b"\r\n")[0] + b" "
    _, writer, answer = await tunnel(proxy, host, inside.port)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 403")
    assert proxy.refused == 2
    assert isinstance(proxy.last_failure, BlockedAddressError)


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET ftp://127.0.0.2/ HTTP/1.1\r\n\r\n",
        b"GET https://127.0.0.2/ HTTP/1.1\r\n\r\n",
        b"GET file:///etc/passwd HTTP/1.1\r\n\r\n",
        b"CONNECT 127.0.0.2 HTTP/1.1\r\n\r\n",
        b"CONNECT 127.0.0.2:25 HTTP/1.1\r\n\r\n",
        b"CONNECT user@127.0.0.2:80 HTTP/1.1\r\n\r\n",
        b"POST http://127.0.0.2/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST http://127.0.0.2/ HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"A" * 300_000,
    ],
)
async def test_what_is_no_request_for_us_is_refused(proxy, data):
    answer = await talk(proxy, data)
    assert answer == b"" or int(answer.split(b" ")[1]) in (400, 403, 411)


async def test_why_a_connection_failed_is_kept_until_one_comes_about(proxy, web):
    assert b" 502 " in await talk(proxy, request("http://127.0.0.2:1024/"))
    assert isinstance(proxy.failures["127.0.0.2", 1024], ConnectionRefusedByHostError)
    proxy.failures["127.0.0.2", web.port] = FetchError("earlier")
    await talk(proxy, request(web.url("/")))
    assert ("127.0.0.2", web.port) not in proxy.failures


async def test_an_answer_cannot_pretend_to_be_the_proxys(proxy, web):
    web.fallback = lambda _: Response(b"", 502, headers=(("Proxy-Status", "pagemill; error=x"), ("Proxy-Other", "1")))
    answer = await talk(proxy, request(web.url("/")))
    assert b"proxy-" not in answer.lower()
    assert not proxy.failures


async def test_quiet_is_when_nothing_moves_and_nothing_is_waited_for(proxy, web):
    async def slow(_):
        await asyncio.sleep(0.3)
        return Response(b"late")

    web.fallback = slow
    asking = asyncio.create_task(talk(proxy, request(web.url("/"))))
    await asyncio.sleep(0.1)
    assert proxy.quiet_for(5.0) == 0.0
    assert proxy.quiet_for(0.05) > 0.0  # after so long it is not waited for any more
    await asking
    await asyncio.sleep(0.05)
    assert proxy.quiet_for(5.0) >= 0.04


async def test_a_slow_reader_holds_up_the_host(proxy, web):
    web.fallback = lambda _: Response(b"x" * 30_000_000)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(proxy.url.rpartition(":")[2]), limit=1024)
    writer.write(request(web.url("/")))
    await asyncio.sleep(0.3)
    [connection] = proxy._connections
    assert connection.transport.get_write_buffer_size() < 2_000_000
    size = 0
    while data := await reader.read(1 << 20):
        size += len(data)
    writer.close()
    assert size > 30_000_000
