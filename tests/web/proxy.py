"""Proxies: HTTP CONNECT and SOCKS 5 (RFC 1928, 1929), honest or not, and what each was asked for."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from tests.web.listener import Listener

if TYPE_CHECKING:
    import ssl


@dataclass(frozen=True, slots=True)
class Asked:
    """A connection that a client asked for."""

    host: str
    """As the client wrote it: a name, or an address."""
    port: int
    credentials: tuple[str, str] | None
    head: str = ""
    """The whole head of an HTTP request."""


class Proxy(Listener):
    """A proxy, of HTTP unless `socks`. It connects to what it is asked for, except:

    `credentials` must be given where set; `delay` seconds go by before it answers; a proxy that `lies_to` connects
    there instead; one that `dies_after` so many bytes of an answer breaks the connection; `refuses` is the HTTP status
    (or SOCKS reply) that it gives instead of a connection.
    """

    def __init__(
        self,
        *,
        socks: bool = False,
        credentials: tuple[str, str] | None = None,
        delay: float = 0.0,
        lies_to: tuple[str, int] | None = None,
        dies_after: int | None = None,
        refuses: int | None = None,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        super().__init__(host, tls)
        self._socks = socks
        self._credentials = credentials
        self._delay = delay
        self._lies_to = lies_to
        self._dies_after = dies_after
        self.refuses = refuses
        self.asked: list[Asked] = []

    def proxy_url(self, credentials: str = "", host: str | None = None) -> str:
        """The address as `PAGEMILL_PROXIES` takes it."""
        scheme = "socks5" if self._socks else "https" if self._tls else "http"
        return f"{scheme}://{credentials}{'@' if credentials else ''}{host or self.host}:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int) -> None:
        asked = await (self._read_socks(reader, writer) if self._socks else self._read_http(reader))
        if asked is None:
            return
        self.asked.append(asked)
        await asyncio.sleep(self._delay)
        status = self._verdict(asked)
        if status:
            writer.write(_refusal(status, socks=self._socks))
            await writer.drain()
            return
        host, port = self._lies_to or (asked.host, asked.port)
        try:
            far_reader, far_writer = await asyncio.open_connection(host, port)
        except OSError:
            writer.write(_refusal(5 if self._socks else 502, socks=self._socks))
            await writer.drain()
            return
        writer.write(b"\x05\x00\x00\x01\0\0\0\0\0\0" if self._socks else b"HTTP/1.1 200 OK\r\nX-Proxy: yes\r\n\r\n")
        try:
            await self._relay(reader, writer, far_reader, far_writer)
        finally:
            far_writer.close()
            with contextlib.suppress(OSError):
                await far_writer.wait_closed()

    def _verdict(self, asked: Asked) -> int | None:
        if self._credentials is not None and asked.credentials != self._credentials:
            return 2 if self._socks else 407
        return self.refuses

    async def _relay(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        far_reader: asyncio.StreamReader,
        far_writer: asyncio.StreamWriter,
    ) -> None:
        up = asyncio.ensure_future(_pump(reader, far_writer, None))
        down = asyncio.ensure_future(_pump(far_reader, writer, self._dies_after))
        try:
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            up.cancel()
            down.cancel()
            await asyncio.gather(up, down, return_exceptions=True)

    async def _read_http(self, reader: asyncio.StreamReader) -> Asked | None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, target, _ = head.split("\r\n", 1)[0].split(" ")
        assert method == "CONNECT", head
        host, _, port = target.rpartition(":")
        credentials = None
        for line in head.split("\r\n"):
            name, _, value = line.partition(":")
            if name.lower() == "proxy-authorization":
                user, _, password = base64.b64decode(value.split()[1]).decode().partition(":")
                credentials = (user, password)
        return Asked(host.strip("[]"), int(port), credentials, head)

    async def _read_socks(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Asked | None:
        _, count = await reader.readexactly(2)
        methods = await reader.readexactly(count)
        credentials = None
        if self._credentials is not None and 2 in methods:
            writer.write(b"\x05\x02")
            _, length = await reader.readexactly(2)
            user = (await reader.readexactly(length)).decode()
            password = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
            credentials = (user, password)
            writer.write(b"\x01\x00" if credentials == self._credentials else b"\x01\x01")
            if credentials != self._credentials:
                await writer.drain()
                return None
        else:
            writer.write(b"\x05\x00")
        _, _, _, kind = await reader.readexactly(4)
        if kind == 3:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        else:
            host = str(ip_address(await reader.readexactly(4 if kind == 1 else 16)))
        return Asked(host, int.from_bytes(await reader.readexactly(2)), credentials)


def _refusal(status: int, *, socks: bool) -> bytes:
    if socks:
        return bytes([5, status, 0, 1, 0, 0, 0, 0, 0, 0])
    extra = "Proxy-Authenticate: Basic\r\n" if status == 407 else ""
    return f"HTTP/1.1 {status} No\r\n{extra}Content-Length: 0\r\nConnection: close\r\n\r\n".encode()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limit: int | None) -> None:
    sent = 0
    while data := await reader.read(65536):
        if limit is not None and sent + len(data) > limit:
            writer.write(data[: limit - sent])
            await writer.drain()
            return
        sent += len(data)
        writer.write(data)
        await writer.drain()
