"""What the blocks of a byline say: who and when, as one line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from turbohtml import Element

from pagemill.extraction.choosing.byline_markup import PREPOSITIONS
from pagemill.extraction.metadata import dates
from pagemill.extraction.metadata.dates import YEAR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from turbohtml import Text

    from pagemill.extraction.choosing.blocks import Blocks

SEPARATOR = " · "
"""Between the parts of the line of byline and date."""
_MAX_CHARACTERS = 240
_MAX_PIECE = 1000
"""A longer text is no part of a byline."""
_SPACE = re.compile(r"\s+")
_SEPARATORS = re.compile(r"\s*[|·•]\s*|\s+[/–—]\s+")
_EXTRA = re.compile(
    r"(?i)\b(?:comments?|kommentare?|commentaires?|comentarios?|min(?:ute)?s?\.? read|views?|shares?|likes?|print"
    r"|e-?mail|listen|download|lesezeit|updated|modified|aktualisiert|mis à jour)\b"
    r"|コメント|当前位置|字号|责任编辑"
)
# What stands before a date and says only that it is one, and what leads from a date to the categories.
_DATE_LABEL = re.compile(
    r"(?i)^(?:posted|published|first published|veröffentlicht|erschienen|publié|publicado|pubblicato)?\s*"
    r"(?:on|at|am|vom|le|el|il)?\s*:?\s*(?=\S)"
)
_ROLE = re.compile(r"\((?:[^\W\d]|[- ]){1,40}\)")
"""What somebody does, in parentheses."""
_FIRST = re.compile(r"(?i)first published")
_LABEL_ONLY = re.compile(
    r"(?i)(?:(?:posted|published|veröffentlicht|erschienen|publié|publicado|pubblicato)\b)?\s*"
    r"(?:on|in|at|um|am|vom|le|el|il|dans|en|unter|filed under|authors?|categor(?:y|ies)|tags?|カテゴリー|タグ)?\s*:?"
)
# Categories, times of reading, and links that only act on the page.
_LEFT_OUT = 'a[rel~="tag"], a[rel~="category"], [rel="category tag"], [itemprop="about"], .cat-links, .tags, .badge'
_LEFT_OUT += ', .breadcrumb, .breadcrumbs, .byline-reading-time, [data-testid="storyReadTime"], button'
_LEFT_OUT += ', a[href^="javascript:"], a[title]:not([href]), a[class*="rubric"], sup'
_TIME = re.compile(
    r"(?i)^\d{1,2}\.?$|(?<!\d)(?:1?\d|2[0-3]|0[1-9])[:.]\d\d\s*(?:uhr|h|[ap]\.?m|gmt|$)"
    r"|\d\s*\w* ago$|^(?:vor|il y a|hace) \d"
)
_PATH = re.compile(r"\S\s+[>»›]\s+\S")
_TRAILING_LABEL = re.compile(r"(?i)\s+(?:on|am|vom|le|el|il)$")
_SPACE_BEFORE = re.compile(r"\s+(?=[,;:.])")
_STRIPPED = " \t\n·|•,;/–—-"


class Byline(NamedTuple):
    """What bylines say, part by part."""

    names: tuple[str, ...] = ()
    """Who, with what stands before the names."""
    times: tuple[str, ...] = ()

    @property
    def parts(self) -> list[str]:
        """Names, then dates."""
        return [*self.names, *self.times]


def read(flat: Blocks, blocks: Sequence[int], signature: Sequence[int] = ()) -> Byline:
    """Return what bylines say.

    `signature`: the blocks of a byline below the text, of which only the names count if there is a date above.

    Labels of dates, categories, numbers of comments, times of reading and the like are left out.
    """
    parts, below = _read(flat, blocks), _read(flat, signature)
    return Byline((*parts.names, *below.names), tuple(parts.times or below.times))


def names_anyone(flat: Blocks, blocks: Sequence[int]) -> bool:
    """Whether bylines say who, and not only when."""
    return bool(_read(flat, blocks).names)


def _read(flat: Blocks, blocks: Sequence[int]) -> _Parts:
    parts = _Parts()
    for block in blocks:
        texts = [_SPACE.sub(" ", piece) for piece in pieces(flat, [block], without=_LEFT_OUT)]
        texts = [text for text in texts if len(text) <= _MAX_PIECE]
        if _PATH.search(" ".join(texts)):
            continue
        for piece in texts:
            split = list(filter(None, map(str.strip, _SEPARATORS.split(piece))))
            for part in split:
                parts.add(part)
                if len(split) > 1:
                    parts.end_name()
            if _SEPARATORS.search(piece):
                parts.end_name()
        if not parts.needs_name:
            parts.end_name()
    parts.end_name()
    return parts


class _Parts:
    """The parts of a byline so far. A name may consist of several texts."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.times: list[str] = []
        self._name: list[str] = []

    @property
    def needs_name(self) -> bool:
        """Whether the last text only says that a name follows."""
        return bool(self._name) and self._name[-1].lower() in PREPOSITIONS

    def add(self, part: str) -> None:
        if _is_time(part):
            self._name[-1:] = [_TRAILING_LABEL.sub("", last) for last in self._name[-1:]]
            self.end_name()
            if not (self.times and _FIRST.match(part)):  # the date of the last version says more
                self.times.append(_DATE_LABEL.sub("", part))
        elif _EXTRA.search(part) or part[:1].isdigit() or part[:1] == "@" or _ROLE.fullmatch(part):
            self.end_name()
        elif not _LABEL_ONLY.fullmatch(part):
            self._name.append(part)

    def end_name(self) -> None:
        if self._name:
            self.names.append(_SPACE_BEFORE.sub("", " ".join(self._name)))
            self._name.clear()


def _is_time(part: str) -> bool:
    """Whether a part of a byline says when: a date or a part of one, a time of the day, or how long ago."""
    if YEAR.search(part) or _TIME.search(part):
        return True
    return any(map(str.isdigit, part)) and any(map(dates.is_month, part.lower().split()))


def joined(texts: Sequence[str]) -> str:
    """Return the texts of byline and date as one line; what is said twice stands once."""
    parts: list[str] = []
    length = 0
    for text in texts:
        part = " ".join(text.split()).strip(_STRIPPED)
        length += len(part)
        if part and length <= _MAX_CHARACTERS and not any(part.lower() in known.lower() for known in parts):
            parts = [known for known in parts if known.lower() not in part.lower()]
            parts.append(part)
    return SEPARATOR.join(parts)


def pieces(flat: Blocks, blocks: Sequence[int], without: str = "") -> list[str]:
    """The texts between the tags of some blocks, in document order, except those in elements that match `without`."""
    found: list[str] = []
    for block in blocks:
        inside = flat.texts_of(block)
        found += [
            string
            for string, text in zip(flat.strings[inside], flat.texts[inside], strict=True)
            if not (without and _is_within(text, without))
        ]
    return found


def _is_within(text: Text, selector: str) -> bool:
    return isinstance(text.parent, Element) and text.parent.closest(selector) is not None
