"""The body of an upload: a file, or URLs as JSON Lines. It may be sent again, so it can be read again."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import zstandard

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

    Source: TypeAlias = "str | os.PathLike[str] | Sequence[str | Mapping[str, Any]]"
    """A file of URLs, JSON Lines or Parquet by its name, perhaps compressed (`.gz`, `.zst`); or URLs, or objects with
    `url`, `id` and `options`.
    """

_PART = 256 * 1024
_LINES_AT_ONCE = 1000
_CODINGS = {".gz": "gzip", ".zst": "zstd"}
_COMPRESSED = (".parquet",)
"""What files compress by themselves."""


class UploadBody:
    """What is uploaded, in parts. It is compressed on the way where it is not already."""

    def __init__(self, source: Source) -> None:
        self._source = source

    @property
    def headers(self) -> dict[str, str]:
        """Those of the body."""
        if isinstance(self._source, str | os.PathLike):
            suffix = Path(self._source).suffix.lower()
            coding = _CODINGS.get(suffix, "" if suffix in _COMPRESSED else "zstd")
        else:
            coding = "zstd"
        return {"Content-Encoding": coding} if coding else {}

    def parts(self) -> Iterator[bytes]:
        """Yield it from its beginning."""
        is_file = isinstance(self._source, str | os.PathLike)
        if is_file and Path(self._source).suffix.lower() in (*_CODINGS, *_COMPRESSED):  # type: ignore[arg-type]
            yield from self._plain()
            return
        compressor = zstandard.ZstdCompressor().compressobj()
        for part in self._plain():
            if compressed := compressor.compress(part):
                yield compressed
        yield compressor.flush()

    def _plain(self) -> Iterator[bytes]:
        if isinstance(self._source, str | os.PathLike):
            with Path(self._source).open("rb") as file:
                while part := file.read(_PART):
                    yield part
            return
        for start in range(0, len(self._source), _LINES_AT_ONCE):
            lines = self._source[start : start + _LINES_AT_ONCE]
            yield "".join(json.dumps(line) + "\n" for line in lines).encode()

    async def async_parts(self) -> AsyncIterator[bytes]:
        """Yield the same without holding up the event loop."""
        parts = self.parts()
        while (part := await asyncio.to_thread(next, parts, None)) is not None:
            yield part
