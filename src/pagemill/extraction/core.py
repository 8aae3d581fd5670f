"""Core containers: the deepest elements that hold a given part of a page's good words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pagemill.extraction.layout import Layout
    from pagemill.extraction.letters import Letters

SHARES = (0.3, 0.5, 0.8)
"""The parts of the good words; each has a core."""


def good_words(letters: Letters, aside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the words of each block that reads like prose, 0 for the others. `aside`: in navigation and the like.

    Where a page has no prose, its unlinked words count, and failing those all.
    """
    words = letters.words
    unlinked = letters.linked_words < 0.34 * words
    prose = unlinked & ((words >= 10) | ((words >= 5) & (letters.ends_sentence > 0))) & ~aside
    for candidates in (prose, letters.linked_words < 0.5 * words):
        good = np.where(candidates, words, 0.0)
        if good.any():
            return good
    return np.maximum(words, 1.0)


def find(layout: Layout, good: NDArray[np.float64]) -> list[int]:
    """Return for each of `SHARES` the deepest element with that part of the words in `good`, a later one on a tie."""
    below, total = layout.subtree(good), good.sum()
    cores = []
    for share in SHARES:
        enough = np.flatnonzero(below >= share * total)
        deepest = enough[layout.depth[enough] == layout.depth[enough].max()]
        cores.append(int(deepest[-1]))
    return cores
