"""Sitemaps (sitemaps.org/protocol.html) and JSON feeds (jsonfeed.org/version/1.1) as lists of links with dates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson
import turbohtml
from turbohtml import Text, escape, parse_fragment

from pagemill.extraction.metadata import dates, media
from pagemill.extraction.reading import encoding
from pagemill.extraction.writing import cleaned_html, markdown
from pagemill.model import Content, Metadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_ENTRIES = 50_000
"""The largest number of entries of a sitemap in its protocol."""
_SITEMAP = re.compile(r"<(?:\w+:)?(urlset|sitemapindex)[\s>]")
_ENTRIES = ("url", "sitemap")
_HEAD = 4096
_VERSION = "https://jsonfeed.org/version/"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the list."""

    href: str
    title: str
    date: str | None
    summary: str = ""


def extract(body: bytes, content_type: str, url: str) -> Content | None:
    """Extract a sitemap, a sitemap index or a JSON feed. None for anything else."""
    text = encoding.decode(body, content_type).removeprefix("\ufeff")
    if text.lstrip()[:1] == "<" and _SITEMAP.search(text[:_HEAD]):
        return _content(text, None, _of_sitemap(without_cdata(text)), url)
    if text.lstrip()[:1] == "{" and _VERSION in text[:_HEAD]:
        return _of_json_feed(text, url)
    return None


def without_cdata(text: str) -> str:
    """Return XML with its CDATA sections as escaped text, which a parser of HTML reads too."""
    before, *sections = text.split("<![CDATA[")
    parts = [before]
    for section in sections:
        content, _, rest = section.partition("]]>")
        parts += (escape(content, quote=False), rest)
    return "".join(parts)


def _of_sitemap(text: str) -> Iterator[Entry]:
    """The entries, in one walk. The parser nests elements that do not end, so each belongs to the last entry begun."""
    fields: dict[str, str] | None = None
    for element in turbohtml.parse(text, positions=False).iter_elements():
        if element.tag in _ENTRIES:
            yield from _entry(fields or {})
            fields = {}
        elif fields is not None:
            own = "".join(node.data for node in element if isinstance(node, Text))
            fields.setdefault(element.tag, own.strip())
    yield from _entry(fields or {})


def _entry(fields: dict[str, str]) -> Iterator[Entry]:
    """The entry of a sitemap with these values, if it says where it is."""
    address = fields.get("loc")
    if address:
        title = next((value for name, value in fields.items() if name.endswith("title") and value), "")
        yield Entry(address, title or address, dates.parse(fields.get("lastmod", "")))


def _of_json_feed(text: str, url: str) -> Content | None:
    try:
        feed = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(feed, dict) or not _text(feed, "version").startswith(_VERSION):
        return None
    items = feed.get("items")
    entries = [_item(item) for item in items[:MAX_ENTRIES] if isinstance(item, dict)] if isinstance(items, list) else []
    return _content(text, _text(feed, "title") or None, entries, url)


def _item(item: dict[str, Any]) -> Entry:
    href = _text(item, "url") or _text(item, "external_url")
    summary = _text(item, "summary") or _text(item, "content_text")
    moment = dates.parse(_text(item, "date_published") or _text(item, "date_modified"))
    return Entry(href, _text(item, "title") or href, moment, summary)


def _text(value: dict[str, Any], name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""


def _content(text: str, title: str | None, entries: Iterable[Entry], url: str) -> Content:
    parts = [f"<h1>{escape(title, quote=False)}</h1>"] if title else []
    parts.append("<ul>")
    parts += [_li(entry) for entry in islice(entries, MAX_ENTRIES)]
    parts.append("</ul>")
    tree = cleaned_html.clean(parse_fragment("".join(parts), positions=False), url)
    return Content(
        html=text,
        cleaned_html=cleaned_html.serialize(tree),
        links=media.links(tree, url),
        markdown=markdown.render(tree),  # consumes the tree
        metadata=Metadata(title=title),
    )


def _li(entry: Entry) -> str:
    shown = escape(entry.title, quote=False)
    linked = f'<a href="{escape(entry.href)}">{shown}</a>' if entry.href else shown
    date = f" ({entry.date[:10]})" if entry.date else ""
    summary = f": {escape(' '.join(entry.summary.split()), quote=False)}" if entry.summary else ""
    return f"<li>{linked}{date}{summary}</li>"
