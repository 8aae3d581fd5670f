"""Decodes and parses the bytes of a page."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

import turbohtml
import turbohtml.detect  # registers the `whatwg-*` codecs

from pagemill.extraction.reading import addresses, noscript
from pagemill.extraction.reading.page_index import PageIndex

_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([^\s\"';,]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Document:
    """An HTML page as text and as a WHATWG tree, with the base URL of its relative references."""

    html: str
    tree: turbohtml.Document
    base_url: str
    index: PageIndex

    @property
    def body(self) -> turbohtml.Element:
        """The body, or the frameset in its place."""
        root = self.tree.root
        if root is None:
            return turbohtml.Element("body")
        return self.tree.select_one("html > body, html > frameset") or root


def read(body: bytes, url: str, content_type: str = "") -> Document:
    """Decode and parse `body`. The encoding comes from the byte-order mark, else the Content-Type, else the markup,
    else detection.

    Bytes that are invalid in that encoding become U+FFFD; nothing raises. `<noscript>` is parsed as elements.
    """
    tree = turbohtml.parse(body, encoding=_charset(content_type), detect_encoding=True, positions=False)
    html = body.decode(f"whatwg-{tree.encoding or 'utf-8'}", "replace").removeprefix("\ufeff")
    if (closed := noscript.close_raw_text(html)) is not None:
        tree = turbohtml.parse(closed, positions=False)
    index = PageIndex(tree)
    return Document(html, tree, addresses.base_url(index.base, url), index)


def _charset(content_type: str) -> str | None:
    """Return the charset of a Content-Type header, or None if it is missing or unknown to the Encoding standard."""
    match = _CHARSET.search(content_type)
    if match is None:
        return None
    try:
        codecs.lookup(f"whatwg-{match[1]}")
    except LookupError:
        return None
    return match[1]
