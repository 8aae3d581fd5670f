"""Files of text that may be compressed: gzip (`.gz`) and zstd (`.zst`)."""

from __future__ import annotations

import gzip
import io
from typing import IO, TYPE_CHECKING, Any, cast

import zstandard

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Buffer

SUFFIXES = (".gz", ".zst")
_BUFFER = 1024 * 1024
_ZSTD_STEP = 1024
"""Four bytes of zstd can stand for 128 KB, and its library gives all that a step stands for: at most 32 MB."""


class _ZstdReader(io.RawIOBase):
    """A file in zstd, frame by frame. zstandard's own reader takes a frame that breaks off for the end of the file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.open("rb")
        self._frame: Any = None
        self._waiting = self._given = b""

    def readable(self) -> bool:
        """See io.RawIOBase."""
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        """See io.RawIOBase. Raises EOFError where the file breaks off, and ZstdError."""
        while not self._given:
            self._waiting = self._waiting or self._file.read(_ZSTD_STEP)
            if not self._waiting:
                if self._frame is not None:
                    raise EOFError("it breaks off")
                return 0
            if self._frame is None:
                self._frame = zstandard.ZstdDecompressor().decompressobj()
            self._given, self._waiting = self._frame.decompress(self._waiting), b""
            if self._frame.eof:
                self._waiting, self._frame = self._frame.unused_data, None
        target = memoryview(buffer).cast("B")
        part, self._given = self._given[: len(target)], self._given[len(target) :]
        target[: len(part)] = part
        return len(part)

    def close(self) -> None:
        """See io.RawIOBase."""
        self._file.close()
        super().close()


def opened(path: Path) -> IO[bytes]:
    """Open a file to read what it says, by its name. Reading raises OSError, EOFError, zlib.error and ZstdError."""
    if path.name.endswith(".gz"):
        return cast("IO[bytes]", gzip.open(path))
    if path.name.endswith(".zst"):
        return io.BufferedReader(_ZstdReader(path), _BUFFER)
    return path.open("rb", buffering=_BUFFER)
