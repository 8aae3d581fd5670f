"""Servers that misbehave on purpose: a script decides, byte by byte, what follows a request."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
import zlib
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING

import brotli  # type: ignore[import-untyped]
import zstandard

from tests.web.listener import Listener

if TYPE_CHECKING:
    import ssl

Script = Callable[[asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


class HostileServer(Listener):
    """Reads one request head on each connection, then lets the script write. The connection closes after it."""

    def __init__(self, script: Script, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        super().__init__(host, tls)
        self._script = script
        self.asked = asyncio.Event()
        """Set when the first request has come."""
        self.left = asyncio.Event()
        """Set when a client went away in the middle of the script, or the script ended."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.asked.set()
        try:
            script = asyncio.ensure_future(self._script(writer))
            gone = asyncio.ensure_future(reader.read(1))
            try:
                await asyncio.wait({script, gone}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                script.cancel()
                gone.cancel()
                await asyncio.gather(script, gone, return_exceptions=True)
        finally:
            self.left.set()


def sends(data: bytes) -> Script:
    """Writes some bytes and closes."""

    async def script(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()

    return script


def drips(start: bytes, piece: bytes, seconds: float) -> Script:
    """Writes a beginning, and then a piece every so many seconds, for ever."""

    async def script(writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            await writer.drain()
            await asyncio.sleep(seconds)
            writer.write(piece)

    return script


def floods(start: bytes, piece: bytes) -> Script:
    """Writes a beginning, and then a piece again and again, for ever, as fast as the client reads."""

    async def script(writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            await writer.drain()
            writer.write(piece)
            await asyncio.sleep(0)

    return script


def resets(start: bytes) -> Script:
    """Writes a beginning and resets the connection (RST) instead of closing it."""

    async def script(writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        await writer.drain()
        await asyncio.sleep(0.05)
        raw: socket.socket = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return script


async def stays_silent(_: asyncio.StreamWriter) -> None:
    """Takes the request and never answers."""
    await asyncio.Event().wait()


def compressed(data: bytes, coding: str) -> bytes:
    """The data in one of HTTP's content codings: gzip, deflate, br or zstd."""
    if coding == "gzip":
        return gzip.compress(data, 9)
    if coding == "deflate":
        return zlib.compress(data, 9)
    if coding == "br":
        return bytes(brotli.compress(data, quality=5))
    if coding == "zstd":
        return zstandard.compress(data, 3)
    raise ValueError(coding)


def bomb(coding: str, mebibytes: int, text: bytes = b" ") -> bytes:
    """A small answer that becomes so many MiB of this text once decompressed, made without holding them."""
    body = b"".join(_compressed(coding, mebibytes, text))
    return OK + f"Content-Encoding: {coding}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def _compressed(coding: str, mebibytes: int, text: bytes) -> Iterator[bytes]:
    mebibyte = text * ((1 << 20) // len(text))
    if coding == "br":
        compressor = brotli.Compressor(quality=5)
        yield from (bytes(compressor.process(mebibyte)) for _ in range(mebibytes))
        yield bytes(compressor.finish())
        return
    other = (
        zstandard.ZstdCompressor().compressobj() if coding == "zstd" else zlib.compressobj(1, wbits=_WINDOWS[coding])
    )
    yield from (other.compress(mebibyte) for _ in range(mebibytes))
    yield other.flush()


_WINDOWS = {"gzip": 31, "deflate": 15}
