"""Which blocks the markup of a page calls its byline or its date."""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from turbohtml import Element

from pagemill.extraction.metadata.dates import YEAR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from turbohtml import Text

    from pagemill.extraction.choosing.blocks import Blocks

MAX_WORDS = 14
"""Longer blocks are no bylines, whatever they are called."""
_MAX_DEPTH, _MAX_ANCESTORS = 3, 8
"""How far above a text an element may stand that calls it so, and one that contains no bylines."""
_NAMES = re.compile(
    r"(?:^|[-_\s])(by|byline|authors?|vcard|posted[-_]on|publish(?:ed|date)?|pub[-_]?date|timestamp|dateline|date"
    r"|authorname|datepublished|datecreated)(?:[-_](?:name|names|line|date|time|link|text|meta|header))?(?=\s|$)",
    re.IGNORECASE,
)
_AUTHORS = frozenset({"by", "byline", "author", "authors", "vcard", "authorname"})
_NO_AUTHOR = frozenset({"table", "aside", "footer", "nav", "h1", "h2", "figure"})
_NO_DATE = frozenset({"table", "aside", "footer", "nav", "h1", "li", "figure"})
_CONNECTOR = re.compile(
    # Possessive: three runs of what may be the same characters would be tried in every way.
    r"(?i)\W*+(?:(?:posted|published|written|words|text|veröffentlicht|publié|publicado)\b)?+\W*+"
    r"(?:by|on|at|von|vom|am|par|le|por|el|di|av|van|door)?+\W*+"
)


def find(flat: Blocks, words: NDArray[np.float64], begin: int, end: int) -> NDArray[np.bool_]:
    """Whether each block from `begin` to `end` is a byline or a date: its markup calls all of its text so.

    A date has a year; an element that is called a date and says something else is none.
    """
    texts: dict[int, list[Text]] = {}
    first, last = bisect_left(flat.text_block, begin), bisect_left(flat.text_block, end)
    for text, block in zip(flat.texts[first:last], flat.text_block[first:last], strict=True):
        if words[block] <= MAX_WORDS:
            texts.setdefault(block, []).append(text)
    result = np.zeros(len(flat.owner), bool)
    for block, own in texts.items():
        result[block] = _is_byline(own)
    return result


def _is_byline(texts: Sequence[Text]) -> bool:
    named = {_called(text) for text in texts if not _CONNECTOR.fullmatch(text.data)}
    if not named or "" in named:
        return False
    return "author" in named or YEAR.search(" ".join(text.data for text in texts)) is not None


def _called(text: Text) -> str:
    """What the elements around a text call it: `author`, `date` or nothing."""
    called, element = "", text.parent
    for _ in range(_MAX_DEPTH):
        if not isinstance(element, Element) or (called := _name(element)):
            break
        element = element.parent
    if not called:
        return ""
    excluded = _NO_AUTHOR if called == "author" else _NO_DATE
    for element in islice(text.ancestors, _MAX_ANCESTORS):
        if isinstance(element, Element) and element.tag in excluded:
            return ""
    return called


def _name(element: Element) -> str:
    attribute = element.attr
    if "author" in (attribute("rel") or "").split() or attribute("aria-label") == "Contributor info":
        return "author"
    names = " ".join(
        filter(None, (attribute("class"), attribute("id"), attribute("data-testid"), attribute("itemprop")))
    )
    found = [match[1].lower() for match in _NAMES.finditer(names)] if names else []
    if any(word in _AUTHORS for word in found):
        return "author"
    return "date" if found or element.tag == "time" else ""
