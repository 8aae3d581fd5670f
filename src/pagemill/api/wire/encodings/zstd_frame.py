"""One zstd frame (RFC 8878 section 3.1.1) made from text and whole frames, without compressing again.

Frames may follow one another, but clients in wide use fail where one ends just where a read does. So the blocks of
packed values are copied into a single frame. A block may refer to what came before it in its own frame: earlier data,
entropy tables and the three offsets used last. A frame's first blocks refer to no earlier data or tables, but they do
rely on the offsets that each frame starts with; so these are set again before each value. That takes two blocks which
decompress to spaces, and spaces may stand before any JSON value. Their checksums, each of one frame alone, stay behind.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

import zstandard

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Iterator

_WINDOW_LOG = 23  # 8 MiB, the most that a client must bear (RFC 9659 section 3)

_LARGEST_BLOCK = 128 * 1024
_BLOCK_HEADER_SIZE = 3
_CHECKSUM_SIZE = 4
_LAST_BLOCK = 0b001
_RAW, _RLE, _COMPRESSED = 0, 1, 2

# Literals: eight times the byte 0x20, run-length encoded. One sequence, its three codes given once for all: eight
# literals, an offset of 8 (code 3, extra bits 011), a match of three bytes. The last byte holds 1, then those bits.
_OFFSET_8 = bytes((0x41, 0x20, 1, 0x54, 8, 3, 0, 0b1_011))
# No literals. Two sequences: offsets of 4 (code 2, extra bits 11) and of 1 (code 2, extra bits 00).
_OFFSETS_4_AND_1 = bytes((0x00, 2, 0x54, 0, 2, 0, 0b1_11_00))


def _header(kind: int, size: int, last: int = 0) -> bytes:
    return (size << 3 | kind << 1 | last).to_bytes(_BLOCK_HEADER_SIZE, "little")


START = zstandard.FRAME_HEADER + bytes((0, (_WINDOW_LOG - 10) << 3))
"""The frame's header: of unknown length, without a checksum."""

END = _header(_RAW, 0, _LAST_BLOCK)
"""The frame's last block, which is empty."""

_RESET_OFFSETS = (
    _header(_COMPRESSED, len(_OFFSET_8)) + _OFFSET_8 + _header(_COMPRESSED, len(_OFFSETS_4_AND_1)) + _OFFSETS_4_AND_1
)
"""Leaves 1, 4 and 8 as the offsets used last, as at the start of a frame."""


def raw_blocks(text: bytes) -> Iterator[bytes]:
    """Yield a text as blocks that are not compressed."""
    for start in range(0, len(text), _LARGEST_BLOCK):
        piece = text[start : start + _LARGEST_BLOCK]
        yield _header(_RAW, len(piece)) + piece


class Segment(Enum):
    """What a segment of a frame is."""

    BLOCK_HEADER = auto()
    CONTENT = auto()
    CHECKSUM = auto()


class FrameSplitter:
    """Splits a whole frame that comes in parts at the boundaries of its blocks.

    No segment reaches beyond its block, so none decompresses to more than one block holds. Raises ValueError where the
    frame is broken off, is followed by anything, or needs more memory than clients must bear.
    """

    def __init__(self) -> None:
        self._pending = b""
        self._payload_left = 0
        self._last_block = False
        self._checksum_left = 0

    def header(self, first: bytes) -> bytes:
        """Return the frame's header, which the first part holds in full, and keep the rest of that part."""
        parameters = zstandard.get_frame_parameters(first)
        if parameters.window_size > 1 << _WINDOW_LOG:
            raise ValueError("a frame with too large a window")
        self._checksum_left = _CHECKSUM_SIZE if parameters.has_checksum else 0
        size = zstandard.frame_header_size(first)
        self._pending = first[size:]
        return first[:size]

    def segments(self, part: bytes = b"") -> Iterator[tuple[Segment, bytes]]:
        """Yield the headers of blocks, pieces of their contents and the checksum, as far as they have come."""
        data, position = self._pending + part, 0
        while True:
            if self._payload_left:
                piece = data[position : position + self._payload_left]
                if not piece:
                    break
                position += len(piece)
                self._payload_left -= len(piece)
                yield Segment.CONTENT, piece
            elif self._last_block or len(data) - position < _BLOCK_HEADER_SIZE:
                break
            else:
                block = data[position : position + _BLOCK_HEADER_SIZE]
                position += _BLOCK_HEADER_SIZE
                number = int.from_bytes(block, "little")
                self._payload_left = 1 if number >> 1 & 0b11 == _RLE else number >> 3
                self._last_block = bool(number & _LAST_BLOCK)
                yield Segment.BLOCK_HEADER, block
        self._pending = data[position:]
        if self._last_block and not self._payload_left and len(self._pending) >= self._checksum_left > 0:
            yield Segment.CHECKSUM, self._pending[: self._checksum_left]
            self._pending = self._pending[self._checksum_left :]
            self._checksum_left = 0

    def finish(self) -> None:
        """Make sure that the frame has ended, and nothing follows."""
        if self._payload_left or not self._last_block or self._checksum_left:
            raise ValueError("a frame that is broken off")
        if self._pending:
            raise ValueError("something follows the frame")


async def blocks_of(parts: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Yield the blocks of a whole frame, ready to stand in another, before its last. They decompress to spaces first.

    Raises ValueError as `FrameSplitter` does.
    """
    splitter = FrameSplitter()
    started = False
    async for part in parts:
        if not started:
            splitter.header(part)
        segments = splitter.segments(part if started else b"")
        copied = b"".join(_copied(kind, segment) for kind, segment in segments)
        yield copied if started else _RESET_OFFSETS + copied
        started = True
    splitter.finish()


async def text_of(parts: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Yield what a whole frame decompresses to, one block at a time.

    Raises ValueError as `FrameSplitter` does, and zstandard.ZstdError where the checksum does not agree.
    """
    splitter = FrameSplitter()
    decompressor = zstandard.ZstdDecompressor().decompressobj()
    started = False
    async for part in parts:
        if not started:
            decompressor.decompress(splitter.header(part))
        for _, segment in splitter.segments(part if started else b""):
            if text := decompressor.decompress(segment):
                yield text
        started = True
    splitter.finish()


def _copied(kind: Segment, segment: bytes) -> bytes:
    if kind is Segment.BLOCK_HEADER:
        return bytes((segment[0] & ~_LAST_BLOCK & 0xFF,)) + segment[1:]
    return segment if kind is Segment.CONTENT else b""
