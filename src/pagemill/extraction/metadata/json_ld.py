"""JSON-LD: the schema.org items of a page, and their properties that describe the page."""

from __future__ import annotations

import json
import re
from html import unescape
from itertools import islice
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
# Repairing takes a second for each megabyte or so.
_MAX_REPAIRS, _MAX_REPAIRED_LENGTH = 10, 100_000
# What publishing systems put around JSON-LD: HTML comments and CDATA, with or without marks of script comments.
_WRAPPING = re.compile(
    r"(?:(?://|/\*)\s*)?<!\[CDATA\[\s*(?:\*/)?|(?:(?://|/\*)\s*)?\]\]>\s*(?:\*/)?|^\s*<!--|(?://\s*)?-->\s*$"
)
_SEPARATORS = " \t\r\n;,"


def items(scripts: Iterable[Element]) -> list[Item]:
    """Every item at the top level of a page's JSON-LD, in its graphs and as a main entity, up to `_MAX_ITEMS`."""
    return list(islice((item for value in values(scripts) for item in _walk(value, 0)), _MAX_ITEMS))


def is_json_ld(script: Element) -> bool:
    """Whether a script holds JSON-LD, by its type."""
    return (script.attr("type") or "").partition(";")[0].strip().lower() == "application/ld+json"


def values(scripts: Iterable[Element]) -> Iterator[object]:
    """The JSON values in the JSON-LD among these scripts, read leniently."""
    repairs = _MAX_REPAIRS
    for script in filter(is_json_ld, scripts):
        found = list(_read("".join(script.strings)))
        if not found and repairs and (repaired := _repaired("".join(script.strings))) is not None:
            repairs -= 1
            found = [repaired]
        yield from found


def _read(text: str) -> Iterator[object]:
    """The values in a text. Strings may contain raw line breaks; comments, CDATA and semicolons may stand around."""
    try:
        yield orjson.loads(text)
        return
    except orjson.JSONDecodeError:
        text = _WRAPPING.sub("", text).strip()
    decoder, start = json.JSONDecoder(strict=False), 0
    found: list[object] = []
    while start < len(text) and len(found) < _MAX_ITEMS:
        try:
            value, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            return  # to be repaired: what comes before the fault may be only a part
        found.append(value)
        start = end + len(text[end:]) - len(text[end:].lstrip(_SEPARATORS))
    yield from found


def _repaired(text: str) -> object:
    """Mend a text with commas too many, comments or missing quotes. None if it is no object or list."""
    text = _WRAPPING.sub("", text).strip().rstrip(";")
    if text[:1] not in ("{", "[") or len(text) > _MAX_REPAIRED_LENGTH:
        return None
    import json_repair

    try:
        value: object = json_repair.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None


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
