"""An index of a page's title, author, date, link and image elements, built in few walks over the tree."""

from __future__ import annotations

import re
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from turbohtml import Element, Text

from pagemill.extraction.reading.characters import normalize_space

if TYPE_CHECKING:
    from turbohtml import Document, Node

_MAX_ALIGNED_TEXT = 50_000_000  # characters that aligned tables may take, by an upper bound: rows times all text
_MAX_ALIGNED_CELLS = 50_000  # each takes a kilobyte
_CELL_SEPARATOR = 3  # characters between two cells
_NO_TEXT = frozenset({"script", "style", "template", "title"})
_INLINE = frozenset(
    {
        *("a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i"),
        *("ins", "kbd", "label", "mark", "nobr", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup"),
        *("time", "tt", "u", "var"),
    }
)
_MAX_TITLE = 400  # characters of a title that are read
# Bylines stand near the top; after this many elements nobody looks for one.
_MAX_ELEMENTS = 3000
_BYLINE_SELECTOR = '[itemprop~="author"], [rel~="author"], [itemprop~="datePublished"], [data-testid*="author" i]'
_INDEXED_TAGS = ("a", "area", "base", "h1", "img", "script", "time")
_MIN_HEAD_METAS = 4
_MAX_CANDIDATES = 400


class PageIndex:
    """The index of one page. Each part is computed on first use."""

    def __init__(self, document: Document) -> None:
        self.document = document

    @cached_property
    def metas(self) -> dict[str, str]:
        """The first content of each `<meta>` name in lower case, from the head, or from the page if it has few."""
        head = self.document.find("head")
        found = _metas(head.iter_elements("meta")) if head is not None else {}
        return found if len(found) >= _MIN_HEAD_METAS else _metas(self.document.iter_elements("meta"))

    @cached_property
    def _elements(self) -> dict[str, list[Element]]:
        """The indexed elements by tag. A walk for each tag would take a twentieth of a page's time."""
        found: dict[str, list[Element]] = {tag: [] for tag in _INDEXED_TAGS}
        found["area"] = found["a"]
        for element in self.document.iter_elements(_INDEXED_TAGS):
            found[element.tag].append(element)
        return found

    @cached_property
    def titles(self) -> tuple[str, ...]:
        """The titles that the head gives: `<title>` and that for sharing. Neither is empty."""
        element = self.document.find("title")
        given = (element.text if element is not None else "", self.metas.get("og:title", ""))
        return tuple(title[:_MAX_TITLE] for title in given if title.strip())

    @property
    def anchors(self) -> list[Element]:
        """Every `<a>` and `<area>`."""
        return self._elements["a"]

    @property
    def images(self) -> list[Element]:
        """Every `<img>`."""
        return self._elements["img"]

    @property
    def base(self) -> Element | None:
        """The first `<base>` with an `href`."""
        return next((element for element in self._elements["base"] if element.attr("href") is not None), None)

    @property
    def headings(self) -> list[Element]:
        """The first `<h1>`s."""
        return self._elements["h1"][:8]

    @property
    def times(self) -> list[Element]:
        """The first `<time>`s."""
        return self._elements["time"][:20]

    @property
    def scripts(self) -> list[Element]:
        """Every `<script>`."""
        return self._elements["script"]

    @cached_property
    def byline_candidates(self) -> list[tuple[str, Element]]:
        """The elements whose attributes suggest an author or a date, with these attributes, the most reliable first."""
        found = []
        for element in self.document.select(_BYLINE_SELECTOR)[:_MAX_CANDIDATES]:
            names = (element.attr(name) for name in ("class", "rel", "itemprop", "data-testid"))
            found.append((" ".join(name for name in names if name).lower(), element))
        by_class: dict[str, list[Element]] = {}
        for element in islice(self.document.iter_elements(), _MAX_ELEMENTS):
            if classes := element.attr("class"):
                elements = by_class.get(classes)
                if elements is None:
                    by_class[classes] = [element]
                else:
                    elements.append(element)
        for classes, elements in by_class.items():
            if _is_byline_class(words := classes.lower()):
                found += [(words, element) for element in elements[:_MAX_CANDIDATES]]
        return found

    @cached_property
    def text(self) -> str:
        """The text of the whole page, a line for each block."""
        return text_of(self.document)


def text_of(node: Node) -> str:
    """The text of a node, a line for each block.

    turbohtml aligns the columns of tables, which takes as much memory as rows times columns: a page of 1 MB can become
    2 GB. Where that may be much, each cell is a line.
    """
    rows = sum(1 for _ in node.iter_elements("tr"))
    if rows:
        cells = sum(1 for _ in node.iter_elements(("td", "th")))
        hidden = sum(len(text) for element in node.iter_elements(("script", "style")) for text in element.strings)
        shown = sum(map(len, node.strings)) - hidden
        if cells > _MAX_ALIGNED_CELLS or rows * (shown + _CELL_SEPARATOR * cells) > _MAX_ALIGNED_TEXT:
            return _text_by_block(node)
    return node.to_text()


def _text_by_block(node: Node) -> str:
    lines: list[str] = []
    last: Node | None = None
    for text in node.descendants:
        parent = text.parent
        if not isinstance(text, Text) or not isinstance(parent, Element) or parent.tag in _NO_TEXT:
            continue
        block: Node | None = parent
        while isinstance(block, Element) and block.tag in _INLINE:
            block = block.parent
        if block == last and lines:
            lines[-1] += text.data
        else:
            lines.append(text.data)
        last = block
    return "\n".join(filter(None, map(normalize_space, lines)))


def _is_byline_class(words: str) -> bool:
    """Whether a class name suggests an author or a date. Written out because a loop takes five times as long."""
    return (
        "author" in words
        or "date" in words
        or "byline" in words
        or "publish" in words
        or "posted" in words
        or "user" in words
        or "meta" in words
        or "time" in words
    )


def _metas(elements: object) -> dict[str, str]:
    found: dict[str, str] = {}
    for meta in elements:  # type: ignore[attr-defined]
        key = meta.attr("property") or meta.attr("name") or meta.attr("itemprop")
        content = meta.attr("content")
        if key and content and (content := content.strip()):
            found.setdefault(key.strip().lower(), content)
    return found


def short_text(element: Element, max_length: int) -> str:
    """The text of an element, its text nodes joined by spaces; empty if it has more than `max_length` characters."""
    pieces: list[str] = []
    length = 0
    for piece in element.strings:
        length += len(piece)
        if length > max_length:
            return ""
        pieces.append(piece)
    return normalize_space(" ".join(pieces))


def text_after(text: str, heading: str, length: int = 500) -> str:
    """The text right after a heading; empty if the heading is not found."""
    start = heading[:60]
    begin = text.find(start) if start else -1
    if begin >= 0:
        end = begin + len(start)
    elif start and (match := re.search(re.escape(start).replace(r"\ ", r"\s+"), text)):
        end = match.end()
    else:
        return ""
    return text[end : end + length]
