"""Finds the heading of the content. Readers want it, even if its few words are not likely enough to be selected.

On the development pages it costs 0.0002 of word F1, because their ground truth omits many titles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pagemill.extraction.choosing.blocks import Blocks


def find(flat: Blocks, selected: NDArray[np.bool_], words: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return a mask of the blocks of the page's only `<h1>`, if it is in the innermost element around all `selected`
    blocks, or beside that element if it has no child elements. Empty if there are several `<h1>`, or nothing is
    selected.
    """
    found = np.zeros_like(selected)
    headings = [index for index, tag in enumerate(flat.tags) if tag == "h1" and _word_count(flat, index, words)]
    if len(headings) != 1 or not selected.any():
        return found
    enclosing = _enclosing_element(flat, selected)
    begin, end = flat.block_begin[headings[0]], flat.block_end[headings[0]]
    if flat.block_begin[enclosing] <= begin and end <= flat.block_end[enclosing]:
        found[begin:end] = True
    return found


def _word_count(flat: Blocks, element: int, words: NDArray[np.float64]) -> float:
    return float(words[flat.block_begin[element] : flat.block_end[element]].sum())


def _enclosing_element(flat: Blocks, selected: NDArray[np.bool_]) -> int:
    """The innermost element around the selected blocks, or its parent if it has no child elements."""
    places = np.flatnonzero(selected)
    first, last = int(places[0]), int(places[-1])
    element = flat.owner[first]
    while not flat.block_begin[element] <= first <= last < flat.block_end[element]:
        element = flat.parent[element]
    is_leaf = flat.element_end[element] == element + 1
    return flat.parent[element] if is_leaf else element
