"""Documents that come as gzip files (RFC 1952), as sitemaps do; HTTP's own compression is undone before."""

from __future__ import annotations

import zlib

from pagemill.errors import InvalidDocumentError

_GZIP = 16 + zlib.MAX_WBITS


def decompress(body: bytes, max_bytes: int) -> bytes:
    """Return what a gzip file holds, of at most `largest` bytes; what follows its first member is passed over.

    Raises InvalidDocumentError where it is broken off or no gzip file, or holds more.
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
