"""Which blocks the markup of a page calls its byline or its date."""

from __future__ import annotations

import re
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
    r"(?:^|[-_])(?:by|byline|author|authors|vcard|posted[-_]on|publish(?:ed|date)?|pub[-_]?date|timestamp|dateline|date"
    r"|authorname|publishdate)(?:[-_](?:name|names|line|date|time|link|text|meta|header))?$",
    re.IGNORECASE,
)
_PROPERTIES = frozenset({"author", "datepublished", "datecreated"})
_NO_BYLINE = frozenset({"table", "aside", "footer", "nav", "h1", "figure"})
_CONNECTOR = re.compile(
    r"(?i)\W*(?:(?:posted|published|written|words|text|veröffentlicht|publié|publicado)\b)?\W*"
    r"(?:by|on|at|von|vom|am|par|le|por|el|di|av|van|door)?\W*"
)


def find(flat: Blocks, words: NDArray[np.float64], begin: int, end: int) -> NDArray[np.bool_]:
    """Whether each block from `begin` to `end` is a byline or a date: its markup calls all of its text so.

    A date has a year; an element that is called a date and says something else is none.
    """
    texts: dict[int, list[Text]] = {}
    for text, block in zip(flat.texts, flat.text_block, strict=True):
        if begin <= block < end and words[block] <= MAX_WORDS:
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
    called, in_item = "", False
    for depth, element in enumerate(islice(text.ancestors, _MAX_ANCESTORS)):
        if not isinstance(element, Element):
            break
        if element.tag in _NO_BYLINE or (element.tag == "h2" and called == "author"):
            return ""
        in_item = in_item or element.tag == "li"
        if depth < _MAX_DEPTH:
            called = called or _name(element)
    return "" if in_item and called != "author" else called


def _name(element: Element) -> str:
    attribute = element.attr
    if "author" in (attribute("rel") or "").split() or attribute("aria-label") == "Contributor info":
        return "author"
    words = [
        *(attribute("class") or "").split(),
        attribute("id") or "",
        attribute("data-testid") or "",
        attribute("itemprop") or "",
    ]
    found = [word.lower() for word in words if word and (_NAMES.search(word) or word.lower() in _PROPERTIES)]
    if any("author" in word or word.endswith("by") or "byline" in word or "vcard" in word for word in found):
        return "author"
    return "date" if found or element.tag == "time" else ""
