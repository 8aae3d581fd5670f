"""Which blocks the markup of a page calls its byline or its date."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from turbohtml import Element

from pagemill.extraction.choosing.blocks import HEADING_TAGS
from pagemill.extraction.metadata import dates
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
_WORD_BOUNDARY = re.compile(r"(?<=[a-z])(?=[A-Z])")
_AUTHORS = frozenset({"by", "byline", "author", "authors", "vcard", "authorname"})
_NO_AUTHOR = frozenset({"table", "aside", "footer", "nav", "h1", "h2", "figure"})
_NO_DATE = frozenset({"table", "aside", "footer", "nav", "h1", "li", "figure"})
PREPOSITIONS = frozenset({"by", "von", "par", "por", "di", "door"})
"""What stands before a name."""
_READING_TIME = re.compile(r"(?i)\W*\d{1,3} min(?:ute)?s?\.?(?: read)?\W*")
# What says who wrote or provided a page, whatever its markup is called.
_BY = re.compile(
    r"\s*(?i:(?:news|story|text|words|pictures?|photos?|report|hosted|written|posted|published|presented|provided)\s+)*"
    r"(?i:by)\s+[A-Z][^.!?;:]*\.?"
)
_DATE_LABELS = frozenset({"first", "last", "published", "posted", "updated", "modified", "on", "at", "um", "uhr"})
_DATE_WORDS = re.compile(r"[^\W\d]{2,}")
_MAX_DATE_WORDS = 3
"""The largest number of words beside a date: the day of the week, a time zone."""
# What the model may take for a byline: credits of pictures, leads, ratings, sellers, tables of contents.
_CREDIT = re.compile(r"(?i)\s*(?:photos?|fotos?|фото|image|bild|picture|credit)\s*:")
_OTHER_NAMES = re.compile(
    r"(?i)(?:^|[-_\s])(?:sub-?title|subhead(?:line)?|standfirst|dek|rating|star-rating|reviews?|seller\w*|toc"
    r"|table-of-contents)(?=[-_\s]|$)"
)
_NO_SIGNATURE = frozenset({"li", "table", "aside", "nav"})
_HEADINGS = HEADING_TAGS - {"h1"}
_CONNECTOR = re.compile(
    # Possessive: three runs of what may be the same characters would be tried in every way.
    r"(?i)\W*+(?:(?:posted|published|written|words|text|veröffentlicht|publié|publicado)\b)?+\W*+"
    r"(?:by|on|at|von|vom|am|par|le|por|el|di|av|van|door)?+\W*+"
)


def find(flat: Blocks, words: NDArray[np.float64], begin: int, end: int) -> NDArray[np.bool_]:
    """Whether each block from `begin` to `end` is a byline or a date: its markup calls all of its text so.

    A date has a year; an element that is called a date and says something else is none.
    """
    result = np.zeros(len(flat.owner), bool)
    for block in range(begin, end):
        if words[block] <= MAX_WORDS:
            result[block] = _is_byline(flat.texts[flat.texts_of(block)])
    return result


def is_date(flat: Blocks, block: int) -> bool:
    """Whether a block is a full date and hardly anything else."""
    texts = flat.texts[flat.texts_of(block)]
    return _is_date(_joined(texts)) and not _is_in(texts[0], _NO_DATE)


def names_author(flat: Blocks, block: int) -> bool:
    """Whether the markup calls all of a block an author, or an author and a date, wherever it stands."""
    texts = [text for text in flat.texts[flat.texts_of(block)] if not _CONNECTOR.fullmatch(text.data)]
    called = {_called(text, anywhere=True) for text in texts}
    if texts and _is_in(texts[0], _NO_SIGNATURE):
        return False
    return "author" in called and "" not in called


def _joined(texts: Sequence[Text]) -> str:
    return " ".join(text.data.strip() for text in texts)


def is_other(flat: Blocks, block: int) -> bool:
    """Whether the markup of a block says that it is no byline."""
    element = flat.owner[block]
    for _ in range(_MAX_DEPTH):
        if flat.classes[element] and _OTHER_NAMES.search(flat.classes[element]):
            return True
        element = flat.parent[element]
    return False


def is_credit(flat: Blocks, block: int) -> bool:
    """Whether a block says whose picture one is."""
    return _CREDIT.match(flat.strings[flat.texts_of(block).start]) is not None


def _is_byline(texts: Sequence[Text]) -> bool:
    whole = _joined(texts)
    if (_BY.fullmatch(whole) and not _is_sentence(whole)) or whole.lower() in PREPOSITIONS:
        return True
    if _is_date(whole) and not _is_in(texts[0], _NO_DATE | _HEADINGS):
        return True
    texts = [text for text in texts if not _READING_TIME.fullmatch(text.data)]
    named = {_called(text) for text in texts if not _CONNECTOR.fullmatch(text.data)}
    if not named or "" in named:
        return False
    return "author" in named or YEAR.search(" ".join(text.data for text in texts)) is not None


def _is_sentence(text: str) -> bool:
    """Whether a text that begins like a byline goes on like a sentence: `By Friday it was over.`"""
    words = text.split()
    return words[-1].endswith(".") and 2 * sum(word[0].islower() for word in words[1:]) > len(words[1:])


def _called(text: Text, *, anywhere: bool = False) -> str:
    """What the elements around a text call it: `author`, `date` or nothing."""
    called, element = "", text.parent
    for _ in range(_MAX_DEPTH):
        if not isinstance(element, Element) or (called := _name(element)):
            break
        element = element.parent
    if anywhere or not called:
        return called
    return "" if _is_in(text, _NO_AUTHOR if called == "author" else _NO_DATE) else called


def _is_in(text: Text, tags: frozenset[str]) -> bool:
    return any(
        isinstance(element, Element) and element.tag in tags for element in islice(text.ancestors, _MAX_ANCESTORS)
    )


def _is_date(text: str) -> bool:
    """Whether a text is a full date and hardly anything else."""
    if YEAR.search(text) is None or dates.find(text) is None:
        return False
    words = [
        word for word in _DATE_WORDS.findall(text.lower()) if word not in _DATE_LABELS and not dates.is_month(word)
    ]
    return len(words) <= _MAX_DATE_WORDS


def _name(element: Element) -> str:
    attribute = element.attr
    if "author" in (attribute("rel") or "").split() or attribute("aria-label") == "Contributor info":
        return "author"
    names = " ".join(
        filter(None, (attribute("class"), attribute("id"), attribute("data-testid"), attribute("itemprop")))
    )
    if names != names.lower():
        names = f"{names} {_WORD_BOUNDARY.sub('-', names)}"
    found = [match[1].lower() for match in _NAMES.finditer(names)] if names else []
    if any(word in _AUTHORS for word in found):
        return "author"
    return "date" if found or element.tag == "time" else ""
