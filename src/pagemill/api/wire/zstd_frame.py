"""One zstd frame (RFC 8878 section 3.1.1) made from text and whole frames, without compressing again.

Frames may follow one another, but clients in wide use fail where one ends just where a read does. So the blocks of
packed values are copied into a single frame. A block may refer to what came before it in its own frame: earlier data,
entropy tables and the three offsets used last. A frame's first blocks refer to no earlier data or tables, but they do
rely on the offsets that each frame starts with; so these are set again before each value. That takes two blocks which
decompress to spaces, and spaces may stand before any JSON value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import zstandard

if TYPE_CHECKING:
    from collections.abc import Iterator

_WINDOW_LOG = 23  # 8 MiB, the most that a client must bear (RFC 9659 section 3)

_LARGEST_BLOCK = 128 * 1024
_BLOCK_HEADER_SIZE = 3
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


def blocks_of(frame: bytes) -> bytes:
    """Return the blocks of a whole frame, ready to stand in another, before its last. They decompress to spaces first.

    Raises ValueError where the frame is broken off, has a checksum, or needs more memory than clients must bear.
    """
    parameters = zstandard.get_frame_parameters(frame)
    if parameters.has_checksum or parameters.window_size > 1 << _WINDOW_LOG:
        raise ValueError("a frame with a checksum or too large a window")
    start = position = zstandard.frame_header_size(frame)
    while True:
        header = int.from_bytes(frame[position : position + _BLOCK_HEADER_SIZE], "little")
        size = 1 if header >> 1 & 0b11 == _RLE else header >> 3
        following = position + _BLOCK_HEADER_SIZE + size
        if following > len(frame):
            raise ValueError("a frame that is broken off")
        if header & _LAST_BLOCK:
            break
        position = following
    opened = bytearray(frame[start:following])
    opened[position - start] &= ~_LAST_BLOCK & 0xFF
    return _RESET_OFFSETS + bytes(opened)
