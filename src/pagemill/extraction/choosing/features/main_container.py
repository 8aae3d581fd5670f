"""Core containers: the deepest elements that hold a given part of a page's good words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pagemill.extraction.choosing.features.tree_arrays import Layout

SHARES = (0.3, 0.5, 0.8)
"""The parts of the good words; each has a core."""

_FEWEST = 1e-9  # a page whose blocks have no words has a core, too


def good_words(words: NDArray[np.float64], log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how many words of each block are likely content, by log-odds that `vocabulary` tells; never quite none."""
    good: NDArray[np.float64] = words / (1 + np.exp(-log_odds)) + _FEWEST
    return good


def find(layout: Layout, good: NDArray[np.float64]) -> list[int]:
    """Return for each of `SHARES` the deepest element with that part of the words in `good`, a later one on a tie."""
    below, total = layout.subtree(good), good.sum()
    cores = []
    for share in SHARES:
        enough = np.flatnonzero(below >= share * total)
        deepest = enough[layout.depth[enough] == layout.depth[enough].max()]
        cores.append(int(deepest[-1]))
    return cores
