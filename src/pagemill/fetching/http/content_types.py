"""Which bodies text can be made of: by their Content-Type, or by their first bytes where that says nothing.

The reading of the first bytes follows the WHATWG MIME Sniffing Standard (mimesniff.spec.whatwg.org, section 7): HTML
and XML by their opening tags, anything with a binary byte as binary, the rest as text. JSON is added.
"""

from __future__ import annotations

import re
from enum import Enum

import orjson

from pagemill.media_types import DOUBTFUL, TEXT, essence

SNIFFED_BYTES = 1445
"""How many bytes the standard looks at."""


class Kind(Enum):
    """What a body is, as far as fetching cares."""

    HTML = "html"
    XML = "xml"
    JSON = "json"
    TEXT = "text"
    PDF = "pdf"
    GZIP = "gzip"
    UNSUPPORTED = "unsupported"


_KINDS = {
    **dict.fromkeys(("text/html", "application/xhtml+xml", "application/vnd.wap.xhtml+xml"), Kind.HTML),
    **dict.fromkeys(
        ("application/xml", "text/xml", "application/rss", "application/atom", "application/rdf"), Kind.XML
    ),
    **dict.fromkeys(("application/pdf", "application/x-pdf"), Kind.PDF),
    **dict.fromkeys(("application/gzip", "application/x-gzip"), Kind.GZIP),
    **dict.fromkeys(("application/json", "text/json", "application/jsonl", "application/x-ndjson"), Kind.JSON),
}
# Types that say "I do not know": the standard's unknown types, and what servers give to files without a suffix.
_UNKNOWN_TYPES = frozenset(
    {
        "",
        "application/octet-stream",
        "binary/octet-stream",
        "unknown/unknown",
        "application/unknown",
        "*/*",
        "application/force-download",
        "application/x-download",
        "application/download",
        "application/x-force-download",
        *DOUBTFUL,
    }
)
# A text/plain in exactly these spellings is what old servers say when they do not know; it may hide anything.
_DOUBTFUL_TEXT = frozenset(
    {
        "text/plain",
        "text/plain; charset=iso-8859-1",
        "text/plain; charset=utf-8",
        "text/plain;charset=iso-8859-1",
        "text/plain;charset=utf-8",
    }
)

_HTML_OPENINGS = (
    b"<!doctype html", b"<html", b"<head", b"<script", b"<iframe", b"<h1", b"<div", b"<font", b"<table", b"<a",
    b"<style", b"<title", b"<b", b"<body", b"<br", b"<p", b"<!--",
)  # fmt: skip
_XML_ROOTS = (b"<rss", b"<feed", b"<rdf:RDF", b"<urlset", b"<sitemapindex")
_GZIP_MAGIC = b"\x1f\x8b\x08"
# Archives, pictures, sound and programs (mimesniff, 6), which servers send under any type.
_BINARY_SIGNATURES = (
    b"PK\x03\x04", b"PK\x05\x06", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"BZh91AY&SY", b"\xfd7zXZ\x00",
    b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"\xff\xd8\xff", b"\x7fELF", b"OggS\x00", b"ID3\x03", b"ID3\x04",
    b"wOFF\x00\x01", b"wOFFOTTO", b"wOF2\x00\x01", b"wOF2OTTO", b"\x1aE\xdf\xa3", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
)  # fmt: skip
# An object with a first name, or a list of objects, lists or strings: no page begins like that.
_STRING = rb'"(?:[^"\\]|\\.)*"'
_JSON_OPENING = re.compile(
    rb"\{\s*" + _STRING + rb"\s*:|\[\s*(?:\{\s*" + _STRING + rb"|\[\s*[\[{\"\d-]|" + _STRING + rb"\s*[,\]])"
)
_WHITESPACE = b"\t\n\x0c\r "
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")  # the last: UTF-32
# The standard's binary data bytes: control characters that text does not hold.
_BINARY_BYTES = bytes([*range(0x09), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20)])
_NO_BINARY = bytes.maketrans(b"", b"")


def declared_kind(content_type: str) -> Kind | None:
    """What a Content-Type header promises; None when the first bytes have to tell."""
    name = essence(content_type)
    if name in _UNKNOWN_TYPES or "/" not in name or content_type.strip().lower() in _DOUBTFUL_TEXT:
        return None
    if name in _KINDS:
        return _KINDS[name]
    if name.endswith(("+json", "+xml")):
        return Kind.JSON if name.endswith("+json") else Kind.XML
    return Kind.TEXT if name in TEXT or name.startswith("text/") else Kind.UNSUPPORTED


def kind_of(content_type: str, body: bytes) -> Kind:
    """What a body is, by its Content-Type header and, where that does not tell or cannot be true, its first bytes."""
    head = body[:SNIFFED_BYTES]
    declared = declared_kind(content_type)
    if declared is not Kind.UNSUPPORTED and _is_pdf(head):
        return Kind.PDF
    if declared is not Kind.UNSUPPORTED and head.startswith(_GZIP_MAGIC):
        return Kind.GZIP
    if declared is not None and head.startswith(_BINARY_SIGNATURES):
        return Kind.UNSUPPORTED
    if declared is Kind.HTML:
        return _html_or_other(head)
    if declared not in (None, Kind.PDF, Kind.GZIP):
        return declared
    found = sniffed_kind(body[:SNIFFED_BYTES])
    doubtful_text = content_type.lstrip().lower().startswith("text/")
    return Kind.TEXT if doubtful_text and found is not Kind.UNSUPPORTED else found


def _is_pdf(head: bytes) -> bool:
    # Readers take a few bytes before the header; so does ISO 32000-1 (H.3, note 13).
    return b"%PDF-" in head[:1024] and not head.lstrip(_WHITESPACE).startswith(b"<")


def _html_or_other(head: bytes) -> Kind:
    """HTML is what servers say of anything: feeds (mimesniff, 7.3), sitemaps and JSON are known by their beginning."""
    start = head.removeprefix(_BYTE_ORDER_MARKS[0]).lstrip(_WHITESPACE)
    if start[:5].lower() == b"<?xml" and any(root in head for root in _XML_ROOTS):
        return Kind.XML
    if start.startswith(_XML_ROOTS):
        return Kind.XML
    return Kind.JSON if _JSON_OPENING.match(start) else Kind.HTML


def sniffed_kind(head: bytes) -> Kind:
    """What the first bytes of a body look like."""
    if head.startswith(_BYTE_ORDER_MARKS[1:]):
        return Kind.TEXT
    start = head.removeprefix(_BYTE_ORDER_MARKS[0]).lstrip(_WHITESPACE)
    if start[:5].lower() == b"<?xml":
        return Kind.XML
    if _opens_html(start):
        return Kind.HTML
    if head.translate(_NO_BINARY, _BINARY_BYTES) != head:
        return Kind.UNSUPPORTED
    return Kind.JSON if start[:1] in (b"{", b"[") else Kind.TEXT


def _opens_html(start: bytes) -> bool:
    lowered = start[:16].lower()
    for opening in _HTML_OPENINGS:
        if lowered.startswith(opening):
            following = lowered[len(opening) : len(opening) + 1]
            return (
                opening == b"<!--" or following in (b" ", b">", b"\t", b"\n", b"\r") or _opens_longer(lowered, opening)
            )
    return False


def _opens_longer(lowered: bytes, opening: bytes) -> bool:
    # "<b" also begins "<body" and "<br": a longer opening may match where the shorter one did not end.
    return any(other != opening and other.startswith(opening) and lowered.startswith(other) for other in _HTML_OPENINGS)


_ENDINGS = {
    Kind.HTML: (b"</html",),
    Kind.XML: (b"</html", b"</rss", b"</feed", b"</rdf:rdf", b"</urlset", b"</sitemapindex"),
    Kind.PDF: (b"%%eof",),
}
_LARGEST_JSON = 1024 * 1024


def ends_whole(kind: Kind, body: bytes) -> bool:
    """Whether a body ends as a whole one of its kind does, though its transfer did not."""
    if kind is Kind.JSON:
        return len(body) <= _LARGEST_JSON and _is_json(body)
    tail = body[-1024:].lower()
    return any(ending in tail for ending in _ENDINGS.get(kind, ()))


def _is_json(body: bytes) -> bool:
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return True
