"""JSON Lines, plain or compressed: each part is a member of its own, so that a file can be cut between parts."""

from __future__ import annotations

import gzip
import os
from typing import TYPE_CHECKING

import orjson
import zstandard

from pagemill.bulk.outputs.output import Output

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pagemill.bulk.outputs.output import NumberedRow
    from pagemill.model import JsonObject

SUFFIXES = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".ndjson", ".ndjson.gz", ".ndjson.zst")
_GZIP_LEVEL = 6
_ZSTD_LEVEL = 3


class JsonLinesOutput(Output):
    """One file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def folder(self) -> Path:
        """See Output."""
        return self._path.with_name(f".{self._path.name}.pagemill-extract")

    @property
    def is_there(self) -> bool:
        """See Output."""
        return self._path.exists()

    def owns(self, path: Path) -> bool:
        """See Output."""
        return path == self._path.resolve() or super().owns(path)

    def begin(self, place: JsonObject | None) -> None:
        """See Output."""
        self._path.touch()
        os.truncate(self._path, place["size"] if place else 0)

    def write(self, rows: Sequence[NumberedRow]) -> JsonObject:
        """See Output."""
        text = self._compressed(b"".join(line_of(numbered.row) for numbered in rows)) if rows else b""
        with self._path.open("ab") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            return {"size": file.tell()}

    def finish(self) -> None:
        """See Output."""

    def _compressed(self, text: bytes) -> bytes:
        if self._path.name.endswith(".gz"):
            return gzip.compress(text, _GZIP_LEVEL, mtime=0)
        if self._path.name.endswith(".zst"):
            return zstandard.ZstdCompressor(level=_ZSTD_LEVEL, write_checksum=True).compress(text)
        return text


def line_of(row: object) -> bytes:
    """Return a row as a line of JSON."""
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
