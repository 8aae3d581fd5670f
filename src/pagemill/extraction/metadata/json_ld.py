"""JSON-LD: the schema.org items of a page, and their properties that describe the page."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import TYPE_CHECKING, Any

import orjson

from pagemill.extraction.reading.characters import normalize_space

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from turbohtml import Element

Item = dict[str, Any]

# The types of items that describe the page itself, rather than its site.
ARTICLES = frozenset(
    [
        *("Article", "BlogPosting", "NewsArticle", "TechArticle", "Report", "ScholarlyArticle", "LiveBlogPosting"),
        *("ReportageNewsArticle", "AnalysisNewsArticle", "OpinionNewsArticle", "ReviewNewsArticle", "MedicalWebPage"),
        *("DiscussionForumPosting", "SocialMediaPosting", "Question", "QAPage", "Recipe", "VideoObject", "HowTo"),
        *("AdvertiserContentArticle", "BackgroundNewsArticle", "PodcastEpisode", "Review"),
    ]
)
THINGS = frozenset(
    ["Product", "ProductGroup", "Event", "Course", "SoftwareApplication", "JobPosting", "Book", "Movie", "Dataset"]
)
_MAX_DEPTH, _MAX_ITEMS = 6, 300
_WRAPPER = re.compile(r"(?m)^\s*(?://\s*)?(?:<!\[CDATA\[|\]\]>)|(?:^\s*/\*.*?\*/)|<!--|-->|<!\[CDATA\[|\]\]>")
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")


def items(scripts: Iterable[Element]) -> list[Item]:
    """Every item at the top level of a page's JSON-LD, in its graphs and as a main entity, up to `_MAX_ITEMS`."""
    found: list[Item] = []
    for script in scripts:
        if (script.attr("type") or "").partition(";")[0].strip().lower() != "application/ld+json":
            continue
        for item in _walk(_parse(script.text), 0):
            found.append(item)
            if len(found) >= _MAX_ITEMS:
                return found
    return found


def _parse(text: str) -> object:
    """Parse JSON; None if it is invalid. Browsers and search engines accept what many pages wrap around it or leave in
    it: raw line breaks in strings, CDATA sections, comments, a comma or a semicolon too many.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        text = _TRAILING_COMMA.sub(r"\1", _WRAPPER.sub("", text).strip().rstrip(";"))
        try:
            value, _ = json.JSONDecoder(strict=False).raw_decode(text)
        except (ValueError, RecursionError):
            return None
        return value


def _walk(value: object, depth: int) -> Iterator[Item]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for part in value:
            yield from _walk(part, depth + 1)
    elif isinstance(value, dict):
        yield value
        for key in ("@graph", "mainEntity", "mainEntityOfPage", "hasPart"):
            if isinstance(value.get(key), (list, dict)):
                yield from _walk(value[key], depth + 1)


def of_type(found: list[Item], types: frozenset[str]) -> Iterator[Item]:
    """The items of one of these types."""
    for item in found:
        kind = item.get("@type")
        kinds = kind if isinstance(kind, list) else [kind]
        if any(isinstance(name, str) and name.rpartition("/")[2] in types for name in kinds):
            yield item


def text(item: Item, *keys: str) -> str | None:
    """The first of these properties that is a string, with whitespace collapsed and character references decoded."""
    for key in keys:
        value = item.get(key)
        if isinstance(value, str) and value.strip():
            return normalize_space(unescape(value))
    return None


def names(value: object, found: list[Item], depth: int = 0) -> list[str]:  # noqa: PLR0911 - one for each form
    """The names of people or organisations, given as strings, items, references to items, or lists of those."""
    if depth > _MAX_DEPTH:
        return []
    if isinstance(value, str):
        name = normalize_space(unescape(value))
        return [name] if name and not name.startswith(("http://", "https://", "#")) else []
    if isinstance(value, list):
        return [name for part in value[:20] for name in names(part, found, depth + 1)]
    if isinstance(value, dict):
        if value.get("name"):
            return names(value["name"], found, depth + 1)
        parts = [part for key in ("givenName", "familyName") if (part := text(value, key))]
        reference = value.get("@id")
        for item in found:
            if reference and item.get("@id") == reference and item.get("name"):
                return names(item["name"], found, depth + 1)
        return [" ".join(parts)] if parts else []
    return []
