"""Sitemaps (sitemaps.org/protocol.html), indexes of them, and feeds, as lists of URLs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson
import turbohtml
from turbohtml.extract import feed

from pagemill.extraction.documents import gzip_file
from pagemill.extraction.documents.link_lists import MAX_ENTRIES, without_cdata
from pagemill.extraction.metadata import dates
from pagemill.extraction.reading import encoding
from pagemill.sites.entries import Entry, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD = 4096
_ROOT = re.compile(r"<(?:\w+:)?(urlset|sitemapindex|rss|feed|rdf:RDF)[\s>]")
_GZIP_MAGIC = b"\x1f\x8b\x08"
_MAX_TITLE = 500


def read(body: bytes, content_type: str, max_bytes: int) -> tuple[Kind, list[Entry]]:
    """Read a file, gzip or not. Raises errors.InvalidDocumentError for one that decompresses to more than that."""
    if body.startswith(_GZIP_MAGIC):
        body = gzip_file.decompress(body, max_bytes)
    text = encoding.decode(body, content_type).lstrip("\ufeff \t\r\n")
    found = _ROOT.search(text[:_HEAD]) if text.startswith("<") else None
    if found and found[1] in {"urlset", "sitemapindex"}:
        kind = Kind.INDEX if found[1] == "sitemapindex" else Kind.SITEMAP
        return kind, list(_entries(without_cdata(text), "sitemap" if kind is Kind.INDEX else "url"))
    if found:
        return Kind.FEED, list(_of_feed(text))
    if text.startswith("{") and "jsonfeed.org/version" in text[:_HEAD]:
        return Kind.FEED, list(_of_json_feed(text))
    lines = text.split("\n", MAX_ENTRIES)[:MAX_ENTRIES]
    if text.startswith(("http://", "https://")) and content_type.lower().startswith(("text/plain", "")):
        return Kind.SITEMAP, [Entry(line.strip()) for line in lines if line.startswith(("http://", "https://"))]
    return Kind.NONE, []


def _entries(text: str, tag: str) -> Iterator[Entry]:
    for element in turbohtml.parse(text, positions=False).select(tag)[:MAX_ENTRIES]:
        fields: dict[str, str] = {}
        for child in element.select("*"):
            fields.setdefault(child.tag.lower(), child.text.strip())
        if fields.get("loc"):
            title = next((value for name, value in fields.items() if name.endswith("title") and value), "")
            modified = dates.parse(fields.get("lastmod", ""))
            yield Entry(fields["loc"], title[:_MAX_TITLE], modified, _number(fields.get("priority", "")))


def _of_feed(text: str) -> Iterator[Entry]:
    found = feed(text)
    for item in found.entries[:MAX_ENTRIES] if found is not None else ():
        if item.link:
            yield Entry(item.link, (item.title or "")[:_MAX_TITLE], dates.parse(item.updated or item.published or ""))


def _of_json_feed(text: str) -> Iterator[Entry]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return
    items = found.get("items") if isinstance(found, dict) else None
    for item in items[:MAX_ENTRIES] if isinstance(items, list) else ():
        if isinstance(item, dict) and (url := _text(item, "url")):
            modified = dates.parse(_text(item, "date_modified") or _text(item, "date_published"))
            yield Entry(url, _text(item, "title")[:_MAX_TITLE], modified)


def _text(item: dict[str, Any], name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value <= 1 else None
