"""The headline, byline and date of a page: which blocks they are, and how they stand before its content.

The headline comes first, as the only first-level heading; the byline and the date follow as one line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from turbohtml import Element, Text

from pagemill.extraction.choosing import byline_markup, byline_texts
from pagemill.extraction.choosing.blocks import HEADING_TAGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from pagemill.extraction.choosing.blocks import Blocks

MAX_WORDS = 60
"""Longer blocks are neither headlines nor bylines."""
_MIN_TITLE_LOG_ODDS = -1.5
"""The likeliest block is the headline from here on: nearly every page has one."""
_MIN_META_LOG_ODDS = -0.5
_META_BEFORE, _META_AFTER = 4, 14
"""How many blocks before and after the headline a byline is looked for."""
_MIN_PARAGRAPH = 20
"""A block of content with this many words is a paragraph."""
_CONTAINER_LEVELS = 2
"""How far above a headline the element stands that holds its byline too."""
_MAX_BEFORE_REPEATED = 80
"""The largest number of characters before a heading that repeats the headline."""
_MAX_HEADING_BLOCKS = 3
_ARTICLES = frozenset({"hentry", "h-entry"})
_MAX_SIGNATURE = 2
"""How many blocks below the text a byline is looked for."""
_LABEL_OF_NAME = re.compile(r"(?i)^(?:by|von|par|por|di|door)\s+")
_LABEL_OF_PORTRAIT = re.compile(
    r"(?i)^(?:(?:photo|picture|image|headshot|avatar) of|author:?)\s+"
    r"|(?:'s)?\s+(?:photo|headshot|avatar|profile picture)$"
)
_MAX_WORDS_OF_NAME = 4
_PERMALINKS = "#¶§🔗"
_SITE_NAME = re.compile(r"(?:^|\s)(?:site-title|site-name|blog-title)(?:\s|$)")


class ArticleHeader(NamedTuple):
    """The blocks of a page's headline and of its byline and date, in document order."""

    title: tuple[int, ...] = ()
    meta: tuple[int, ...] = ()
    signature: tuple[int, ...] = ()
    """The block below the text that names its author, if none above does."""
    site: tuple[int, ...] = ()
    """A first-level heading that is the site's name."""

    @property
    def blocks(self) -> list[int]:
        """All of them."""
        return [*self.title, *self.meta, *self.signature, *self.site]


def find(
    flat: Blocks,
    title_log_odds: NDArray[np.float64],
    meta_log_odds: NDArray[np.float64],
    selected: NDArray[np.bool_],
    words: NDArray[np.float64],
) -> ArticleHeader:
    """Find the header. The log-odds are -inf for blocks that are neither; `selected` is the content.

    Besides the likely bylines, those count that the page's markup calls so, before the second
    paragraph: the first may be a lead above them.
    """
    if not len(title_log_odds):
        return ArticleHeader()
    best = int(title_log_odds.argmax())
    site: tuple[int, ...] = ()
    if _SITE_NAME.search(flat.classes[flat.owner[best]]):
        site = (best,)
        title_log_odds = title_log_odds.copy()
        title_log_odds[best] = -np.inf
        best = int(title_log_odds.argmax())
    title: tuple[int, ...] = ()
    near = np.flatnonzero(selected)[:1]
    if title_log_odds[best] >= _MIN_TITLE_LOG_ODDS:
        title, near = _whole_heading(flat, best), np.array([best])
    if not len(near):
        return ArticleHeader(title, site=site)
    place = np.arange(len(meta_log_odds)) - near[0]
    is_near = (place >= -_META_BEFORE) & (place <= _META_AFTER)
    is_meta = is_near & (meta_log_odds >= _MIN_META_LOG_ODDS)
    for block in np.flatnonzero(is_meta).tolist():
        is_caption = selected[block] and byline_markup.is_credit(flat, block)
        is_meta[block] = not (is_caption or byline_markup.is_other(flat, block))
    if title:
        paragraphs = np.flatnonzero(selected & (words >= _MIN_PARAGRAPH) & (place > 0))
        end = min(int(paragraphs[1]) if len(paragraphs) > 1 else len(words), title[-1] + _META_AFTER)
        begin = max(title[0] - _META_BEFORE, _container_begin(flat, title[0]))
        is_meta |= byline_markup.find(flat, words, begin, end)
        if title[0] and begin == title[0]:
            is_meta[title[0] - 1] |= byline_markup.is_date(flat, title[0] - 1)
    meta = tuple(int(block) for block in np.flatnonzero(is_meta) if block not in title)
    return ArticleHeader(title, meta, _signature(flat, title, meta, selected, words), site)


def _signature(
    flat: Blocks, title: Sequence[int], meta: Sequence[int], selected: NDArray[np.bool_], words: NDArray[np.float64]
) -> tuple[int, ...]:
    """The byline right below the text of an article, if there is none above it."""
    if not title or byline_texts.names_anyone(flat, meta):
        return ()
    article = flat.owner[title[0]]
    while article and flat.tags[article] != "article" and _ARTICLES.isdisjoint(flat.classes[article].split()):
        article = flat.parent[article]
    begin, end = (flat.block_begin[article], flat.block_end[article]) if article else (0, 0)
    inside = np.flatnonzero(selected[begin:end])
    if not len(inside):
        return ()
    below = begin + int(inside[-1]) + 1
    for block in range(below, min(below + _MAX_SIGNATURE, end)):
        if words[block] <= byline_markup.MAX_WORDS and byline_markup.names_author(flat, block):
            return (block,)
    return ()


def insert(body: Element, title: str, meta: Sequence[str]) -> None:
    """Put a headline and a line of byline and date before what stands in `body`; empty ones are left out.

    Other first-level headings become second-level ones. One that repeats the headline right below it is removed, and
    so are pictures of the authors.
    """
    _remove_repeated(body, title)
    _remove_portraits(body, meta)
    for heading in list(body.find_all("h1")):
        heading.tag = "h2"
    first: list[Element] = []
    if title:
        first.append(_element("h1", title))
    if line := byline_texts.joined(meta):
        first.append(_element("p", line))
    for element in reversed(first):
        body.insert(0, element)


def _remove_repeated(body: Element, title: str) -> None:
    """Remove the first heading if it repeats the headline, and hardly any text stands before it."""
    shown = (heading for heading in body.iter_elements(("h1", "h2")) if heading.children)
    heading = next(shown, None)
    if not title or heading is None or heading.find("img") is not None:
        return
    if _without_permalink(heading.strings) != title:
        return
    before = 0
    for node in body.descendants:
        if node is heading or before > _MAX_BEFORE_REPEATED:
            break
        before += len(node.data.strip()) if isinstance(node, Text) else 0
    if before <= _MAX_BEFORE_REPEATED:
        heading.extract()


def _remove_portraits(body: Element, meta: Sequence[str]) -> None:
    """Remove the pictures whose text is no more than a name in the byline. A figure is about a person, and stays."""
    names = {_LABEL_OF_NAME.sub("", part).casefold() for part in meta} - {""}
    for image in list(body.iter_elements("img")) if names else ():
        text = _LABEL_OF_PORTRAIT.sub("", " ".join((image.attr("alt") or "").split())).casefold()
        if text in names and text.count(" ") < _MAX_WORDS_OF_NAME and image.closest("figure") is None:
            image.extract()


def title_text(flat: Blocks, blocks: Sequence[int]) -> str:
    """Return the text of a headline, without the mark of a link to itself."""
    lines = (_without_permalink(flat.strings[flat.texts_of(block)]) for block in blocks)
    return " ".join(filter(None, lines))


def _without_permalink(strings: Iterable[str]) -> str:
    """The text of a heading without the mark of a link to itself: a text of its own, or a last word. `C#` is a name."""
    text = "".join(string for string in strings if string.isspace() or "".join(string.split()).strip(_PERMALINKS))
    words = text.split()
    while words and not words[-1].strip(_PERMALINKS):
        words.pop()
    return " ".join(words).rstrip(_PERMALINKS.lstrip("#"))


def _whole_heading(flat: Blocks, block: int) -> tuple[int, ...]:
    """The blocks of the heading that a block stands in; the block alone where it stands in none."""
    element = flat.owner[block]
    for _ in range(2):
        begin, end = flat.block_begin[element], flat.block_end[element]
        if flat.tags[element] in HEADING_TAGS and end - begin <= _MAX_HEADING_BLOCKS:
            return tuple(range(begin, end))
        element = flat.parent[element]
    return (block,)


def _container_begin(flat: Blocks, block: int) -> int:
    """The first block of the container that a headline stands in."""
    element = flat.owner[block]
    for _ in range(_CONTAINER_LEVELS):
        element = flat.parent[element]
    return flat.block_begin[element] if flat.parent[element] != element else block


def _element(tag: str, text: str) -> Element:
    element = Element(tag)
    element.append(Text(text))
    return element
