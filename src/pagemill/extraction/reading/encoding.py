"""Decodes the bytes of documents that are not HTML."""

from __future__ import annotations

import codecs
import re

from turbohtml.detect import detect  # registers the `whatwg-*` codecs

_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([^\s\"';,]+)", re.IGNORECASE)
_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# Detection reads at most this many bytes.
_DETECTION_BYTES = 200_000


def decode(body: bytes, content_type: str) -> str:
    """Decode `body` by its byte-order mark, else the charset of its Content-Type, else detection.

    Bytes that are invalid in that encoding become U+FFFD; nothing raises.
    """
    for bom, codec in _BYTE_ORDER_MARKS:
        if body.startswith(bom):
            return body[len(bom) :].decode(codec, "replace")
    return body.decode(_declared(content_type) or _guessed(body), "replace")


def _declared(content_type: str) -> str | None:
    match = _CHARSET.search(content_type)
    if match is None:
        return None
    try:
        return codecs.lookup(f"whatwg-{match[1]}").name
    except LookupError:
        return None


def _guessed(body: bytes) -> str:
    """UTF-8 if the bytes are valid UTF-8, else the encoding that byte frequencies suggest."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return detect(body[:_DETECTION_BYTES]).codec or "utf-8"
    return "utf-8"
