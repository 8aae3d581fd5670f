"""Results as they are given out: plain text of bounded length, and dates in one form."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pagemill.searching.adapter import RawResult

MOST_RESULTS = 100
"""So many of an answer are looked at."""
LONGEST_TITLE = 500
LONGEST_SNIPPET = 5000
_LONGEST_DATE = 40
_WRITTEN_DATES = ("%b %d, %Y", "%B %d, %Y", "%d %b %Y")
"""As search engines show dates. "3 days ago" is no date."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A page that was found. Its URL is any text: whoever fetches it has to check it."""

    url: str
    title: str = ""
    snippet: str = ""
    date: str | None = None
    """The day of its publication, as YYYY-MM-DD."""
    last_updated: str | None = None
    """The day of its last change, as YYYY-MM-DD."""


def read_results(items: Iterable[RawResult]) -> list[SearchResult]:
    """Return the results that have a URL, in their order."""
    return [_read(item, item.url) for item in islice(items, MOST_RESULTS) if isinstance(item.url, str)]


def _read(item: RawResult, url: str) -> SearchResult:
    return SearchResult(
        url,
        _text(item.title, LONGEST_TITLE),
        _text(item.snippet, LONGEST_SNIPPET),
        _day(item.date),
        _day(item.last_updated),
    )


def _text(value: object, longest: int) -> str:
    """A text on one line, without control characters; empty for anything else."""
    if not isinstance(value, str):
        return ""
    words = " ".join(value[: 4 * longest].split())  # most of what is longer than this is white space
    text = "".join(character for character in words if character.isprintable() or character in "\u200c\u200d")
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _day(value: object) -> str | None:
    if not isinstance(value, str) or len(value) > _LONGEST_DATE:
        return None
    text = value.strip()
    with contextlib.suppress(ValueError):
        return datetime.fromisoformat(text).date().isoformat()
    for form in _WRITTEN_DATES:
        with contextlib.suppress(ValueError):
            return datetime.strptime(text, form).date().isoformat()  # noqa: DTZ007 - a day has no time zone
    return None
