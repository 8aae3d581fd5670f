"""The body of an HTTP response as an archive keeps it: its chunks put together, its compression undone, within a limit.

Many archives keep bodies decoded and the headers as they came. So a body that is not what its headers say is taken as
it is.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

import zstandard

from pagemill.bulk.extras import load
from pagemill.errors import BodyTooLargeError, RecordError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n]*)?\r?\n")
_STEP = 64 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_GZIP_WINDOW = 31
_BINARY = bytes([*range(0x09), 0x0B, *range(0x0E, 0x1B)])


def decode(body: bytes, headers: Mapping[str, str], largest: int) -> bytes:
    """Return the decoded body. Raises BodyTooLargeError and RecordError."""
    if "chunked" in headers.get("transfer-encoding", "").lower():
        body = _joined_chunks(body)
    codings = [name.strip().lower() for name in headers.get("content-encoding", "").split(",")]
    for coding in reversed(codings):
        body = _decompressed(body, coding, largest)
    return body


def _joined_chunks(body: bytes) -> bytes:
    """Chunks put together (RFC 9112, 7.1); the body itself where it is not in chunks."""
    parts, place = [], 0
    while place < len(body):
        head = _CHUNK.match(body, place)
        if head is None:
            return body
        length = int(head[1], 16)
        if length == 0:
            break
        parts.append(body[head.end() : head.end() + length])
        place = head.end() + length
        place += 2 if body[place : place + 2] == b"\r\n" else 1
    return b"".join(parts)


def _decompressed(body: bytes, coding: str, largest: int) -> bytes:
    if coding in ("gzip", "x-gzip") and body.startswith(_GZIP_MAGIC):
        return _bounded(body, zlib.decompressobj(_GZIP_WINDOW).decompress, largest)
    if coding == "deflate" and body[:1] == b"\x78":
        return _bounded(body, zlib.decompressobj().decompress, largest)
    if coding == "zstd" and body.startswith(_ZSTD_MAGIC):
        with zstandard.ZstdDecompressor().stream_reader(body, read_across_frames=True) as reader:
            try:
                return _checked(reader.read(largest + 1), largest)
            except zstandard.ZstdError as error:
                raise RecordError(f"The record's body cannot be decompressed: {error}.") from None
    if coding == "br" and body:
        return _brotli(body, largest)
    return body


def _bounded(body: bytes, decompress: Callable[[bytes, int], bytes], largest: int) -> bytes:
    try:
        return _checked(decompress(body, largest + 1), largest)
    except zlib.error as error:
        raise RecordError(f"The record's body cannot be decompressed: {error}.") from None


def _brotli(body: bytes, largest: int) -> bytes:
    brotli = load("brotli", "Reading bodies in Brotli")
    decompressor, parts, size = brotli.Decompressor(), [], 0
    try:
        for start in range(0, len(body), _STEP):
            part = decompressor.process(body[start : start + _STEP], output_buffer_limit=largest + 1 - size)
            parts.append(part)
            size += len(part)
            while not decompressor.can_accept_more_data() and size <= largest:
                part = decompressor.process(b"", output_buffer_limit=largest + 1 - size)
                parts.append(part)
                size += len(part)
            _checked(b"", largest if size <= largest else -1)
    except brotli.error as error:
        if body.translate(None, _BINARY) == body:  # text: it was kept decoded
            return body
        raise RecordError(f"The record's body cannot be decompressed: {error}.") from None
    return b"".join(parts)


def _checked(body: bytes, largest: int) -> bytes:
    if len(body) > largest:
        raise BodyTooLargeError(f"The record has more than {max(largest, 0)} bytes, decompressed.")
    return body
