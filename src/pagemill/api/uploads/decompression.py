"""The body of an upload, decompressed as it comes: a step holds little, and the whole is within a limit."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import zstandard

from pagemill.errors import PayloadTooLargeError, RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_GZIP = 31  # zlib's number for it, with the largest window
_LARGEST_WINDOW = 8 * 1024 * 1024
"""The most that zstd may look back over HTTP (RFC 9659)."""
_GZIP_STEP = 64 * 1024
_GZIP_LARGEST = 256 * 1024
_ZSTD_STEP = 1024
"""Four bytes of zstd can stand for 128 KB, and its library gives all that a step stands for: at most 32 MB."""


def _gzip() -> Any:
    return zlib.decompressobj(_GZIP)


def _zstd() -> Any:
    return zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW).decompressobj()


_CODINGS: dict[str, Callable[[], Any]] = {"gzip": _gzip, "x-gzip": _gzip, "zstd": _zstd}

_NAMES = {"gzip": "gzip", "x-gzip": "gzip", "zstd": "zstd with a window of at most 8 MB"}


class Decompressor:
    """Undoes a `Content-Encoding`, of which there may be several members or frames one after another.

    Raises errors.RequestError for a coding that is not known.
    """

    def __init__(self, coding: str, largest: int) -> None:
        self._coding = coding.strip().lower()
        if self._coding not in ("", "identity", *_CODINGS):
            raise RequestError("The header `Content-Encoding` is not valid: an upload is plain, `gzip` or `zstd`.")
        self._largest = largest
        self._size = 0
        self._member: Any = None

    def parts(self, data: bytes) -> Iterator[bytes]:
        """Yield what these bytes stand for. Raises errors.RequestError and errors.PayloadTooLargeError."""
        if self._coding not in _CODINGS:
            yield data
            return
        step = _ZSTD_STEP if self._coding == "zstd" else _GZIP_STEP
        for start in range(0, len(data), step):
            yield from self._step(data[start : start + step])

    def finish(self) -> None:
        """Raise errors.RequestError where it is not whole."""
        if self._member is not None:
            raise RequestError("The upload cannot be decompressed: it breaks off.")

    def _step(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._member is None:
                self._member = _CODINGS[self._coding]()
            try:
                if self._coding == "zstd":
                    part, rest = self._member.decompress(data), b""
                else:
                    part = self._member.decompress(data, _GZIP_LARGEST)
                    rest = self._member.unconsumed_tail
            except (zlib.error, zstandard.ZstdError):
                raise RequestError(f"The upload cannot be decompressed: it is no {_NAMES[self._coding]}.") from None
            data = rest
            if self._member.eof:
                data = self._member.unused_data
                self._member = None
            self._size += len(part)
            if self._size > self._largest:
                raise PayloadTooLargeError(f"An upload has at most {self._largest} bytes, decompressed.")
            if part:
                yield part
