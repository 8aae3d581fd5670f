"""Streams a JSON answer from small values and packed bodies, without holding the whole answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from isal import isal_zlib

from pagemill.api.wire.encodings import zstd_frame
from pagemill.api.wire.encodings.accept_encoding import ZSTD

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator, Mapping

_CHUNK = 256 * 1024
_SMALL_CHUNK = 64 * 1024
_GZIP_LEVEL = 2  # of 3: a seventh of the time of zlib's level 4, for an answer that is a tenth larger
_GZIP_WINDOW = 31  # 32 KB, with the header of a gzip file


@dataclass(frozen=True, slots=True)
class Packed:
    """A value that is packed already (`pagemill.bodies`), and read in parts when it is sent."""

    parts: Callable[[], AsyncIterator[bytes]]


Piece = bytes | Packed
"""JSON text, or a packed value that stands in its place."""


def pieces_of(fields: Mapping[str, Any]) -> Iterator[Piece]:
    """Yield a JSON object whose values may be `Packed`."""
    text = b"{"
    for number, (name, value) in enumerate(fields.items()):
        text += (b"," if number else b"") + orjson.dumps(name) + b":"
        if isinstance(value, Packed):
            yield text
            yield value
            text = b""
        else:
            text += orjson.dumps(value)
    yield text + b"}"


async def merged(pieces: AsyncIterable[Piece]) -> AsyncIterator[Piece]:
    """Yield the pieces with the text before each packed value as one. So the first comes once such a value is known.

    Text is not kept back when there is a chunk of it.
    """
    texts: list[bytes] = []
    size = 0
    async for piece in pieces:
        if isinstance(piece, bytes):
            texts.append(piece)
            size += len(piece)
            if size < _CHUNK:
                continue
        yield b"".join(texts)
        texts, size = [], 0
        if isinstance(piece, Packed):
            yield piece
    yield b"".join(texts)


async def encode(pieces: AsyncIterable[Piece], encoding: str | None) -> AsyncIterator[bytes]:
    """Yield the pieces as one zstd frame where `encoding` is zstd, otherwise as plain JSON.

    In zstd, packed values are sent as stored. Nothing comes before the first piece is there. Small chunks are sent as
    one: each costs a system call. Yields to the event loop after each, since sending to a fast client never waits.
    """
    waiting: list[bytes] = []
    size = 0
    async for chunk in _encoded(pieces, encoding):
        waiting.append(chunk)
        size += len(chunk)
        if size >= _SMALL_CHUNK:
            yield b"".join(waiting)
            waiting, size = [], 0
            await asyncio.sleep(0)
    if waiting:
        yield b"".join(waiting)


async def _encoded(pieces: AsyncIterable[Piece], encoding: str | None) -> AsyncIterator[bytes]:
    zstd = encoding == ZSTD
    start = zstd_frame.START if zstd else b""
    async for piece in pieces:
        if start:
            yield start
            start = b""
        async for chunk in _as_zstd(piece) if zstd else _as_text(piece):
            yield chunk
    if zstd:
        yield zstd_frame.END


async def gzipped(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Yield a text in chunks as one gzip file. The first comes with the first chunk."""
    compressor = isal_zlib.compressobj(_GZIP_LEVEL, isal_zlib.DEFLATED, _GZIP_WINDOW)
    started = False
    async for chunk in chunks:
        compressed = compressor.compress(chunk)
        if compressed or not started:
            started = True
            yield compressed or compressor.flush(isal_zlib.Z_SYNC_FLUSH)
    yield compressor.flush()


async def _as_zstd(piece: Piece) -> AsyncIterator[bytes]:
    if isinstance(piece, Packed):
        async for blocks in zstd_frame.blocks_of(piece.parts()):
            yield blocks
    else:
        for block in zstd_frame.raw_blocks(piece):
            yield block


async def _as_text(piece: Piece) -> AsyncIterator[bytes]:
    if isinstance(piece, Packed):
        async for text in zstd_frame.text_of(piece.parts()):
            yield text
    else:
        for start in range(0, len(piece), _CHUNK):
            yield piece[start : start + _CHUNK]
