"""Frames put together from frames, as decoders read them."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from tests.api.wire.packed import in_parts, joined, run

from pagemill import bodies
from pagemill.api.wire.encodings.zstd_frame import END, START, blocks_of, raw_blocks, text_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def blocks(frame: bytes) -> bytes:
    return joined(blocks_of(in_parts(frame)))


def read(frame: bytes) -> bytes:
    """Decompress a single frame; anything after it is an error."""
    decoder = zstandard.ZstdDecompressor().decompressobj()
    text = decoder.decompress(frame)
    assert decoder.eof
    assert not decoder.unused_data
    return bytes(text)


repetitive = st.builds(
    lambda parts, count: "".join(parts) * count, st.lists(st.text(max_size=8), max_size=8), st.integers(1, 4000)
)


@given(st.lists(st.text() | repetitive | st.lists(repetitive, max_size=3), max_size=5))
def test_values_stand_in_one_frame(values: list[object]) -> None:
    frame = START
    for number, value in enumerate(values):
        frame += b"".join(raw_blocks(b"," if number else b"[")) + blocks(bodies.pack(value))
    frame += b"".join(raw_blocks(b"]" if values else b"[]")) + END
    assert json.loads(read(frame)) == values


@pytest.mark.parametrize("level", [-5, 1, 3, 9, 15, 19])
@pytest.mark.parametrize("length", [0, 1, 7, 300, 70_000, 500_000, 5_000_000])
def test_frames_of_every_level_and_length_can_be_joined(level: int, length: int) -> None:
    if level > 9 and length > 500_000:
        pytest.skip("slow")
    chance = random.Random(length)
    words = ["".join(chance.choices("abcdefgh", k=chance.randint(1, 12))) for _ in range(300)]
    text = " ".join(chance.choices(words, k=length // 6 + 1))[:length].encode()
    for variant in (text, text[:1] * length, text[: length // 9] * 9, chance.randbytes(length)):
        packed = zstandard.ZstdCompressor(level=level).compress(variant)
        joined = START + blocks(packed) * 3 + END
        spaces = b" " * 17
        assert read(joined) == (spaces + variant) * 3


def test_long_text_is_split_into_blocks() -> None:
    text = bytes(300_000)
    assert read(START + b"".join(raw_blocks(text)) + END) == text


def test_what_is_not_a_whole_plain_frame_is_refused() -> None:
    frame = bodies.pack("text" * 100_000)
    for length in (len(frame) - 1, 12, 7):
        with pytest.raises((ValueError, zstandard.ZstdError)):
            blocks(frame[:length])
    for following in (b"x", frame):
        with pytest.raises(ValueError, match="follows"):
            blocks(frame + following)


@pytest.mark.parametrize("size", [1, 5, 1000])
@pytest.mark.parametrize("text", ["", "text", "text" * 100_000])
def test_a_frame_with_and_without_a_checksum_reads_the_same(text: str, size: int) -> None:
    # The first part holds the frame's whole header, as every stored part does.
    for checked in (True, False):
        frame = zstandard.ZstdCompressor(write_checksum=checked).compress(text.encode())
        parts = [frame[:20], *(frame[start : start + size] for start in range(20, len(frame), size))]
        assert joined(text_of(each(parts))) == text.encode()
        assert read(START + joined(blocks_of(each(parts))) + END) == b" " * 17 + text.encode()


async def each(parts: list[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def test_a_byte_that_changed_is_noticed() -> None:
    frame = bodies.pack("Some words of a page, and more of them. " * 20)
    for place in range(len(frame)):
        changed = bytearray(frame)
        changed[place] ^= 0x01
        with pytest.raises((ValueError, zstandard.ZstdError)):
            joined(text_of(in_parts(bytes(changed))))
        assert not bodies.is_intact(bytes(changed))


@pytest.mark.parametrize("size", [20, 1000, 2**20])
def test_text_comes_in_bounded_pieces_however_well_it_was_compressed(size: int) -> None:
    text = bytes(3_000_000)

    async def pieces() -> list[bytes]:
        frame = zstandard.ZstdCompressor().compress(text)
        return [piece async for piece in text_of(in_parts(frame, size))]

    found = run(pieces())
    assert b"".join(found) == text
    assert max(map(len, found)) <= 128 * 1024
