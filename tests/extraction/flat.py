"""A helper of several tests: splits HTML into blocks."""

from __future__ import annotations

from turbohtml import parse

from pagemill.extraction.choosing import blocks


def split(html: str) -> blocks.Blocks:
    body = parse(html).select_one("body")
    assert body is not None
    flat = blocks.split(body)
    assert flat is not None
    return flat
