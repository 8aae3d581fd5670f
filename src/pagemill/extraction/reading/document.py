"""Decodes and parses the bytes of a page."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

import turbohtml
import turbohtml.detect  # registers the `whatwg-*` codecs

from pagemill.extraction.reading import addresses, encoding, noscript
from pagemill.extraction.reading.page_index import PageIndex

_DEFAULT = "windows-1252"
"""What the parser takes for pages that declare nothing and are not valid UTF-8."""


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
    else detection. What is declared is checked, see `encoding`.

    Bytes that are invalid in that encoding become U+FFFD; nothing raises. `<noscript>` is parsed as elements.
    """
    body = encoding.without_utf32(body)
    html = encoding.surely_utf8(body, content_type)
    if html is not None:
        tree = turbohtml.parse(html, positions=False)  # three quarters of the time that bytes take
    else:
        tree = _parse(body, content_type, url)
        html = body.decode(f"whatwg-{tree.encoding or 'utf-8'}", "replace").removeprefix("\ufeff")
    if (closed := noscript.close_raw_text(html)) is not None:
        tree = turbohtml.parse(closed, positions=False)
    index = PageIndex(tree)
    return Document(html, tree, addresses.base_url(index.base, url), index)


def _parse(body: bytes, content_type: str, url: str) -> turbohtml.Document:
    if encoding.has_mark(body):
        return turbohtml.parse(body, positions=False)
    named = encoding.unmarked_utf16(body) or encoding.declared(content_type)
    tree = turbohtml.parse(body, encoding=named, positions=False)
    used = (tree.encoding or encoding.UTF_8).lower()
    named = named or _meta_declared(tree, used) or encoding.xml_declared(body)
    checked = encoding.checked(body, named, _tld(url))
    return tree if checked == used else turbohtml.parse(body, encoding=checked, positions=False)


def _meta_declared(tree: turbohtml.Document, used: str) -> str | None:
    """Return the encoding that a tree was read in if the markup declares it, None if it is the parser's default."""
    if used not in (encoding.UTF_8, _DEFAULT):
        return used
    for meta in tree.select("meta[charset], meta[http-equiv=content-type i][content]"):
        label = meta.attr("charset") or meta.attr("content") or ""
        if encoding.declared(label if meta.attr("charset") is None else f"charset={label}") is not None:
            return used
    return None


def _tld(url: str) -> str | None:
    """Return the last label of a URL's host, as detection takes it; None for an address."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return None
    label = host.rstrip(".").rpartition(".")[2].lower()
    return label if label.isascii() and label[:1].isalpha() else None
