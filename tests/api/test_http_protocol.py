"""Each limit on untrusted connections, reached over loopback."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.api.conftest import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.api.conftest import Api

    from pagemill.settings import Settings

HEALTH = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"
SUBMIT = b"POST /v1/url-scraper HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nX-API-Key: %s\r\n"


class RawConnection:
    """A client that sends bytes as they are."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def statuses(self) -> list[int]:
        """The status of every answer until the API closes the connection."""
        async with asyncio.timeout(20):
            received = b""
            with contextlib.suppress(ConnectionError):
                while part := await self.reader.read(65536):
                    received += part
        return [int(part.split()[0]) for part in received.split(b"HTTP/1.1 ")[1:]]

    async def answer(self) -> tuple[int, Any]:
        """One answer: its status and its JSON."""
        async with asyncio.timeout(20):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            length = next(line for line in head.lower().splitlines() if line.startswith("content-length"))
            body = await self.reader.readexactly(int(length.split(":")[1]))
        return int(head.split()[1]), json.loads(body)

    async def closed(self) -> bool:
        return await self.statuses() == []


@contextlib.asynccontextmanager
async def connected(api: Api, receive_buffer: int = 0) -> AsyncIterator[RawConnection]:
    host, port = api.url.removeprefix("http://").split(":")
    client = socket.socket()
    if receive_buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.setblocking(False)
    await asyncio.get_running_loop().sock_connect(client, (host, int(port)))
    reader, writer = await asyncio.open_connection(sock=client, limit=2**20)
    try:
        yield RawConnection(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def limited(settings: Settings, key: tuple[str, str], **limits: Any) -> AsyncIterator[Api]:
    async with serving(settings.changed(**limits), key) as api:
        yield api


@pytest.mark.parametrize(
    "endless",
    [
        b"GET /" + b"a" * 200_000,
        b"GET / HTTP/1.1\r\nX: " + b"a" * 200_000,
        b"GET / HTTP/1.1\r\n" + b"a" * 200_000,
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 90 + b"X: " + b"a" * 200_000,
        b"\r\n" * 100_000,
        b"POST /health HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"a" * 200_000,
    ],
    ids=["path", "header value", "header name", "headers", "blank lines", "trailer"],
)
async def test_a_head_without_end_is_refused(api: Api, endless: bytes) -> None:
    async with connected(api) as client:
        client.send(endless)
        statuses = await client.statuses()
    assert statuses in ([431], [405]), "the trailer's request is answered before, then closed"


async def test_a_head_over_the_limit_is_refused_even_if_it_ends(settings: Settings, key: tuple[str, str]) -> None:
    async with limited(settings, key, max_request_head_bytes=1000) as api:
        for padding, status in ((800, 200), (1000, 431)):
            async with connected(api) as client:
                client.send(b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: %s\r\n\r\n" % (b"a" * padding))
                assert await client.statuses() == [status]


async def test_a_refusal_is_an_error_like_all_others(api: Api) -> None:
    for data, status, code in (
        (b"GET /" + b"a" * 40_000, 431, "request_head_too_large"),
        (b"not HTTP\r\n\r\n", 400, "invalid_request"),
    ):
        async with connected(api) as client:
            client.send(data)
            answered, error = await client.answer()
        assert (answered, error["code"], error["error"]) == (status, code, code)


async def test_many_headers_are_refused(settings: Settings, key: tuple[str, str]) -> None:
    async with limited(settings, key, max_request_headers=10) as api:
        for count, status in ((9, 200), (11, 431)):
            async with connected(api) as client:
                extra = b"".join(b"X-%d: 1\r\n" % number for number in range(count - 2))
                client.send(b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + extra + b"\r\n")
                assert await client.statuses() == [status]


async def test_pipelined_requests_are_answered_up_to_the_limit(settings: Settings, key: tuple[str, str]) -> None:
    async with limited(settings, key, max_pipelined_requests=3) as api, connected(api) as client:
        client.send(HEALTH * 500)
        statuses = await client.statuses()
    assert statuses == [200] * 4, "one that is answered, and three behind it"


async def test_requests_one_after_the_other_use_one_connection(settings: Settings, key: tuple[str, str]) -> None:
    async with limited(settings, key, max_pipelined_requests=0) as api, connected(api) as client:
        for _ in range(20):
            client.send(HEALTH)
            assert (await client.answer())[0] == 200


@pytest.mark.parametrize("begun", [b"", b"GET /hea", b"\r\n", HEALTH + b"GET"])
async def test_a_head_that_takes_too_long_ends_the_connection(
    settings: Settings, key: tuple[str, str], begun: bytes
) -> None:
    async with limited(settings, key, request_head_timeout=0.3) as api, connected(api) as client:
        client.send(begun)
        statuses = await client.statuses()
    # While the first request is still being answered, the connection closes after its answer instead.
    assert statuses in (([[200, 408], [200]]) if begun.startswith(HEALTH) else [[408] if begun else []])


async def test_a_head_that_drips_ends_the_connection(settings: Settings, key: tuple[str, str]) -> None:
    async with limited(settings, key, request_head_timeout=0.5) as api, connected(api) as client:
        drip = asyncio.create_task(_drip(client, b"GET /health HTTP/1.1\r\nX: " + b"a" * 1000))
        assert await client.statuses() == [408]
        drip.cancel()


async def test_a_body_that_drips_ends_the_connection(settings: Settings, key: tuple[str, str]) -> None:
    async with limited(settings, key, request_body_timeout=0.5) as api:
        for secret, statuses in ((key[1].encode(), [408]), (b"unknown", [401])):
            async with connected(api) as client:
                client.send(SUBMIT % secret + b"Content-Length: 1000\r\n\r\n")
                drip = asyncio.create_task(_drip(client, b" " * 1000))
                assert await client.statuses() == statuses
                drip.cancel()


async def _drip(client: RawConnection, data: bytes) -> None:
    with contextlib.suppress(ConnectionError):
        for byte in data:
            client.send(bytes((byte,)))
            await asyncio.sleep(0.02)


async def test_a_malformed_body_ends_the_connection(api: Api) -> None:
    async with connected(api) as client:
        client.send(SUBMIT % api.secret.encode() + b"Transfer-Encoding: chunked\r\n\r\nnot a size\r\n")
        assert await client.statuses() == [400]


async def test_trailers_are_no_headers(api: Api) -> None:
    body = b'{"url": "https://example.com/"}'
    chunked = b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n%x\r\n%s\r\n0\r\nX-API-Key: %s\r\n\r\n"
    async with connected(api) as client:
        client.send(SUBMIT % b"unknown" + chunked % (len(body), body, api.secret.encode()))
        assert await client.statuses() == [401]
    async with connected(api) as client:
        client.send(SUBMIT % api.secret.encode() + chunked % (len(body), body, b"unknown"))
        assert await client.statuses() == [202]


async def test_a_client_that_reads_nothing_is_cut_off(settings: Settings, key: tuple[str, str]) -> None:
    async with limited(settings, key, send_timeout=0.3) as api, connected(api, receive_buffer=4096) as client:
        client.send(b"GET /docs/swagger-ui.js HTTP/1.1\r\nHost: a\r\n\r\n" * 8)
        async with asyncio.timeout(20):
            while api.server.server_state.connections:
                await asyncio.sleep(0.05)


async def test_an_old_idle_connection_makes_room(settings: Settings, key: tuple[str, str]) -> None:
    async with (
        limited(settings, key, max_connections=3, request_head_timeout=60) as api,
        connected(api) as oldest,
        connected(api) as used,
        connected(api) as newest,
    ):
        for client in (used, newest):
            client.send(HEALTH)
            assert (await client.answer())[0] == 200
        async with httpx.AsyncClient(base_url=api.url) as another:
            assert (await another.get("/health")).status_code == 200
        assert await oldest.closed()
        used.send(HEALTH)
        assert (await used.answer())[0] == 200


async def test_while_all_connections_are_busy_new_ones_get_503(settings: Settings, key: tuple[str, str]) -> None:
    for limits in ({"max_connections": 2}, {"max_connections_per_address": 2}):
        async with limited(settings, key, **limits) as api, connected(api) as first, connected(api) as second:
            for client in (first, second):
                client.send(SUBMIT % api.secret.encode() + b"Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n")
                async with asyncio.timeout(20):
                    assert b"100" in await client.reader.readuntil(b"\r\n\r\n")
            async with connected(api) as third:
                status, error = await third.answer()
            assert (status, error["code"]) == (503, "unavailable")
