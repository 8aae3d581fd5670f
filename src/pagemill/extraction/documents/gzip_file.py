"""Decompresses documents that are gzip files (RFC 1952), such as sitemaps. HTTP compression is undone before this."""

from __future__ import annotations

import zlib

from pagemill.errors import InvalidDocumentError

_GZIP = 16 + zlib.MAX_WBITS


def decompress(body: bytes, max_bytes: int) -> bytes:
    """Decompress the first member of a gzip file, to at most `max_bytes` bytes. Later members are ignored.

    Raises InvalidDocumentError if the file is truncated, not gzip, or decompresses to more.
    """
    file = zlib.decompressobj(_GZIP)
    try:
        content = file.decompress(body, max_bytes + 1)
    except zlib.error as error:
        raise InvalidDocumentError("The compressed document is broken.") from error
    if len(content) > max_bytes:
        raise InvalidDocumentError(f"The compressed document holds more than the {max_bytes:,} bytes allowed.")
    if not file.eof:
        raise InvalidDocumentError("The compressed document ends too early.")
    return content
