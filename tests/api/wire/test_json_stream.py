from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from tests.api.wire.packed import in_parts, packed, unpacked

from pagemill import bodies
from pagemill.api.wire.json_stream import Packed, encode, pieces_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pagemill.api.wire.json_stream import Piece

CHECKSUM = 4  # bytes at the end of a frame, of that frame alone

values = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.lists(st.text(), max_size=3)


@given(st.dictionaries(st.text(), st.tuples(values, st.booleans()), max_size=6))
def test_the_pieces_are_the_object(fields: dict[str, tuple[Any, bool]]) -> None:
    given_fields = {name: packed(value) if pack else value for name, (value, pack) in fields.items()}
    text = b"".join(
        orjson.dumps(unpacked(piece)) if isinstance(piece, Packed) else piece for piece in pieces_of(given_fields)
    )
    assert json.loads(text) == {name: value for name, (value, _) in fields.items()}


async def one_by_one(*pieces: Piece) -> AsyncIterator[Piece]:
    for piece in pieces:
        yield piece


async def test_zstd_is_one_frame_with_the_stored_data() -> None:
    frame = bodies.pack("text" * 1000)
    answer = b"".join(
        [chunk async for chunk in encode(one_by_one(b"[", Packed(lambda: in_parts(frame)), b"]"), "zstd")]
    )
    assert frame[zstandard.frame_header_size(frame) + 3 : -CHECKSUM] in answer
    decoder = zstandard.ZstdDecompressor().decompressobj()
    assert json.loads(decoder.decompress(answer)) == ["text" * 1000]
    assert decoder.eof
    assert not decoder.unused_data


@pytest.mark.parametrize("encoding", [None, "gzip"])
async def test_anything_else_is_plain_text_in_bounded_chunks(encoding: str | None) -> None:
    text = "x" * 1_000_000
    chunks = [chunk async for chunk in encode(one_by_one(packed(text)), encoding)]
    assert json.loads(b"".join(chunks)) == text
    assert max(map(len, chunks)) <= bodies.CHUNK
