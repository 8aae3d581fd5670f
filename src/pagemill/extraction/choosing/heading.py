"""The heading of the content: readers want it, even where its few words are not likely enough to be chosen.

On the development pages it takes 0.0002 of word F1, since their ground truth leaves out many titles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pagemill.extraction.choosing.blocks import Blocks


def find(flat: Blocks, selected: NDArray[np.bool_], words: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return the blocks of the page's only first-level heading, if it stands in the innermost element around all that
    is `chosen`, or right beside it where that is a single element. None where there are several, or nothing is chosen.
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
    """The innermost element around the chosen blocks; of a single paragraph, the one around that."""
    places = np.flatnonzero(selected)
    first, last = int(places[0]), int(places[-1])
    element = flat.owner[first]
    while not flat.block_begin[element] <= first <= last < flat.block_end[element]:
        element = flat.parent[element]
    is_leaf = flat.element_end[element] == element + 1
    return flat.parent[element] if is_leaf else element
