"""The headline, byline and date of a page: which blocks they are, and how they stand before its content.

The headline comes first, as the only first-level heading; the byline and the date follow as one line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from turbohtml import Element, Text

from pagemill.extraction.metadata.dates import YEAR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pagemill.extraction.choosing.blocks import Blocks

SEPARATOR = " · "
"""Between the parts of the line of byline and date."""
MAX_WORDS = 60
"""Longer blocks are neither headlines nor bylines."""
_MIN_TITLE_LOG_ODDS = -1.5
"""The likeliest block is the headline from here on: nearly every page has one."""
_MIN_META_LOG_ODDS = -0.5
_META_BEFORE, _META_AFTER = 4, 14
"""How many blocks before and after the headline a byline is looked for."""
_MAX_META_CHARACTERS = 240
_MAX_HEADING_BLOCKS = 3
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_PERMALINK = re.compile(r"\s*[#¶§🔗]+$")
_SEPARATORS = re.compile(r"\s*[|·•]\s*|\s+[/–—]\s+")
_EXTRA = re.compile(
    r"(?i)\b(?:comments?|kommentare?|commentaires?|comentarios?|min(?:ute)?s?\.? read|views?|shares?|likes?|print"
    r"|e-?mail|listen|lesezeit|updated|modified|aktualisiert|mis à jour)\b"
)
_STRIPPED = " \t\n·|•,;/–—-"


class ArticleHeader(NamedTuple):
    """The blocks of a page's headline and of its byline and date, in document order."""

    title: tuple[int, ...] = ()
    meta: tuple[int, ...] = ()

    @property
    def blocks(self) -> list[int]:
        """All of them."""
        return [*self.title, *self.meta]


def find(
    flat: Blocks, title_log_odds: NDArray[np.float64], meta_log_odds: NDArray[np.float64], selected: NDArray[np.bool_]
) -> ArticleHeader:
    """Find the header. The log-odds are -inf for blocks that are neither; `selected` is the content."""
    if not len(title_log_odds):
        return ArticleHeader()
    best = int(title_log_odds.argmax())
    title: tuple[int, ...] = ()
    near = np.flatnonzero(selected)[:1]
    if title_log_odds[best] >= _MIN_TITLE_LOG_ODDS:
        title, near = _whole_heading(flat, best), np.array([best])
    if not len(near):
        return ArticleHeader(title)
    place = np.arange(len(meta_log_odds)) - near[0]
    is_near = (place >= -_META_BEFORE) & (place <= _META_AFTER)
    meta = np.flatnonzero(is_near & (meta_log_odds >= _MIN_META_LOG_ODDS))
    return ArticleHeader(title, tuple(int(block) for block in meta if block not in title))


def insert(body: Element, title: str, meta: Sequence[str]) -> None:
    """Put a headline and a line of byline and date before what stands in `body`; empty ones are left out.

    Other first-level headings become second-level ones.
    """
    for heading in list(body.find_all("h1")):
        heading.tag = "h2"
    first: list[Element] = []
    if title:
        first.append(_element("h1", title))
    if line := byline(meta):
        first.append(_element("p", line))
    for element in reversed(first):
        body.insert(0, element)


def byline(texts: Sequence[str]) -> str:
    """Return the texts of byline and date as one line; what is said twice stands once."""
    parts: list[str] = []
    length = 0
    for text in texts:
        part = " ".join(text.split()).strip(_STRIPPED)
        length += len(part)
        if part and length <= _MAX_META_CHARACTERS and not any(part.lower() in known.lower() for known in parts):
            parts = [known for known in parts if known.lower() not in part.lower()]
            parts.append(part)
    return SEPARATOR.join(parts)


def title_text(flat: Blocks, blocks: Sequence[int]) -> str:
    """Return the text of a headline, without the mark of a link to itself."""
    return _PERMALINK.sub("", " ".join(" ".join(_pieces(flat, blocks)).split()))


def meta_texts(flat: Blocks, blocks: Sequence[int]) -> list[str]:
    """Return what bylines say, part by part: names with what stands before them, and dates.

    Numbers of comments, times of reading and the like are left out.
    """
    parts: list[str] = []
    name: list[str] = []

    def end_name() -> None:
        if name:
            parts.append(" ".join(name))
            name.clear()

    for block in blocks:
        for piece in _pieces(flat, [block]):
            for part in filter(None, map(str.strip, _SEPARATORS.split(piece))):
                if _EXTRA.search(part):
                    end_name()
                elif YEAR.search(part):
                    end_name()
                    parts.append(part)
                else:
                    name.append(part)
            if _SEPARATORS.search(piece):
                end_name()
        end_name()
    return parts


def _pieces(flat: Blocks, blocks: Sequence[int]) -> list[str]:
    """The texts between the tags of some blocks, in document order."""
    wanted = frozenset(blocks)
    return [string for string, block in zip(flat.strings, flat.text_block, strict=True) if block in wanted]


def _whole_heading(flat: Blocks, block: int) -> tuple[int, ...]:
    """The blocks of the heading that a block stands in; the block alone where it stands in none."""
    element = flat.owner[block]
    for _ in range(2):
        begin, end = flat.block_begin[element], flat.block_end[element]
        if flat.tags[element] in _HEADINGS and end - begin <= _MAX_HEADING_BLOCKS:
            return tuple(range(begin, end))
        element = flat.parent[element]
    return (block,)


def _element(tag: str, text: str) -> Element:
    element = Element(tag)
    element.append(Text(text))
    return element
