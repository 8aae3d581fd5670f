"""How the large parts of a page (HTML, Markdown, lists of links …) are kept: a JSON value, compressed by zstd.

Each is a whole zstd frame of JSON text. So an answer is put together from stored frames as they are when the client
accepts zstd (see `api.zstd_frame`), and by decompressing alone when it does not: no body is escaped, or held as text,
where the answer is made. The frame's checksum tells whether it is as it was written; older ones have none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import zstandard

from pagemill.errors import DamagedResultError

if TYPE_CHECKING:
    from collections.abc import Iterator

LEVEL = 3
"""zstd's default: on typical pages a fifth of the size at 300 MB/s."""

CHUNK = 256 * 1024

_compressor = zstandard.ZstdCompressor(level=LEVEL, write_content_size=True, write_checksum=True)


def pack(value: Any) -> bytes:
    """Return `value` (what JSON can hold) as one zstd frame of JSON text.

    Lone surrogates, which UTF-8 cannot hold, become U+FFFD.
    """
    try:
        text = orjson.dumps(value)
    except TypeError:  # what orjson says of a lone surrogate
        text = orjson.dumps(_without_surrogates(value))
    return _compressor.compress(text)


def unpack(body: bytes) -> Any:
    """Return the value that `pack` was given. Raises errors.DamagedResultError where that cannot be told."""
    try:
        return orjson.loads(b"".join(text_of(body)))
    except (zstandard.ZstdError, orjson.JSONDecodeError) as error:
        raise DamagedResultError from error


def is_intact(body: bytes) -> bool:
    """Whether a frame is whole, and as it was written as far as its checksum tells."""
    try:
        return sum(map(len, text_of(body))) == zstandard.frame_content_size(body)
    except zstandard.ZstdError:
        return False


def is_within(body: bytes, most: int) -> bool:
    """Whether a packed value has a JSON text of at most `most` bytes, by what its frame says. A damaged one has not."""
    try:
        return 0 < zstandard.frame_content_size(body) <= most
    except zstandard.ZstdError:
        return False


def text_of(body: bytes) -> Iterator[bytes]:
    """Yield the JSON text of a packed value in pieces of at most `CHUNK` bytes."""
    decompressor = zstandard.ZstdDecompressor()
    with decompressor.stream_reader(body) as reader:
        while piece := reader.read(CHUNK):
            yield piece


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode() if value.isascii() else _replace_surrogates(value)
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(item) for item in value]
    return value


def _replace_surrogates(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
