"""Tables of contents: lists of links to parts of the page itself."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from pagemill.extraction.choosing.blocks import HEADING_TAGS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from turbohtml import Element

    from pagemill.extraction.choosing.blocks import Blocks

_EDGES = re.compile(r"^[\d.:\W]+|\W+$")
_MIN_LINKS, _MAX_LINKS = 2, 200
_MAX_LABEL = 6
"""The largest number of words of a label before the list, such as "Contents"."""


def remove(flat: Blocks, selected: NDArray[np.bool_], words: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return `selected` without lists of links to the page itself, or unchanged if that would leave no words."""
    unlinked: NDArray[np.int64] | None = None
    headings: frozenset[str] | None = None
    chosen = np.concatenate([[0], np.cumsum(selected)]).tolist()
    result = selected.copy()
    last = 0
    for index, tag in enumerate(flat.tags):
        if tag not in ("ul", "ol") or index < last:
            continue
        begin, end = flat.block_begin[index], flat.block_end[index]
        label = _label(flat, index, words)
        if chosen[end] == chosen[label]:
            continue
        if unlinked is None:
            plain = np.zeros(len(flat.owner) + 1, np.int64)
            np.add.at(plain, np.array(flat.text_block) + 1, 1 - np.array(flat.text_linked))
            unlinked = np.cumsum(plain)
        if unlinked[end] - unlinked[begin] or not _leads_into_page(flat.elements[index]):
            continue
        headings = _headings(flat) if headings is None else headings
        if not _names_headings(flat.elements[index], headings):
            continue
        last = flat.element_end[index]
        result[label:end] = False
    return result if words[result].any() else selected


def _label(flat: Blocks, listed: int, words: NDArray[np.float64]) -> int:
    """The block of the label that shares a box with a list; the first block of the list if it has none."""
    begin = flat.block_begin[listed]
    if not begin or words[begin - 1] > _MAX_LABEL or flat.tags[flat.owner[begin - 1]] == "h1":
        return begin
    around = flat.parent[listed]
    for box in (around, flat.parent[around]):
        if flat.block_begin[box] == begin - 1 and flat.block_end[box] == flat.block_end[listed]:
            return begin - 1
    return begin


def _leads_into_page(listed: Element) -> bool:
    references = [anchor.attr("href") or "" for anchor in islice(listed.iter_elements("a"), _MAX_LINKS)]
    return _MIN_LINKS <= len(references) < _MAX_LINKS and all(map(_is_in_page, references))


def _headings(flat: Blocks) -> frozenset[str]:
    elements = (element for element, tag in zip(flat.elements, flat.tags, strict=True) if tag in HEADING_TAGS)
    return frozenset(_folded(element) for element in elements)


def _names_headings(listed: Element, headings: frozenset[str]) -> bool:
    """Whether at least half of the links have the text of a heading."""
    texts = [_folded(anchor) for anchor in listed.iter_elements("a")]
    return 2 * sum(text in headings for text in texts) >= len(texts)


def _folded(element: Element) -> str:
    """The text of a heading or of a link to it, without numbers, times and marks around it."""
    return _EDGES.sub("", " ".join(element.text.split())).lower()


def _is_in_page(reference: str) -> bool:
    return reference[:1] in ("#", "?") and not reference.endswith("#") and "#" in reference
