"""The messages between a worker and its extraction processes.

It imports nothing of extraction: workers need neither its model nor numpy.
"""

from __future__ import annotations

import struct
from typing import Any

import orjson

from pagemill.model import PAGE_TYPE, READABILITY, TEXT, TEXT_LANGUAGE, Format

MODULE = "pagemill.scraping.extraction_process"
"""The program of an extraction process."""

LENGTHS = struct.Struct(">II")

READY = b"ready"
"""What an extraction process writes before all messages, once it can read a page."""

EXTRACTED = frozenset(
    {
        *(Format.HTML, Format.CLEANED_HTML, Format.MARKDOWN, Format.LINKS, Format.IMAGES),
        *(TEXT, TEXT_LANGUAGE, READABILITY, PAGE_TYPE),
    }
)
"""The formats that extraction makes, beside the metadata."""


def encode(header: dict[str, Any], body: bytes = b"") -> bytes:
    """Return a message of a header and a body."""
    return start_of(header, len(body)) + body


def start_of(header: dict[str, Any], body_length: int) -> bytes:
    """Return a message up to its body, which follows."""
    text = orjson.dumps(header)
    return LENGTHS.pack(len(text), body_length) + text
