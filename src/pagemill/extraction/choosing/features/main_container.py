"""Core containers: the deepest elements that hold a given part of a page's good words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pagemill.extraction.choosing.features.tree_arrays import TreeArrays

SHARES = (0.3, 0.5, 0.8)
"""The parts of the good words; each has a core."""

_EPSILON = 1e-9  # a page whose blocks have no words has a core, too


def expected_content_words(words: NDArray[np.float64], log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how many words of each block are likely content, by log-odds that `vocabulary` tells; never quite none."""
    content_words: NDArray[np.float64] = words / (1 + np.exp(-log_odds)) + _EPSILON
    return content_words


def find_containers(tree: TreeArrays, content_words: NDArray[np.float64]) -> list[int]:
    """Return for each of `SHARES` the deepest element with that part of the words in `good`, a later one on a tie."""
    subtree_words, total = tree.subtree_sum(content_words), content_words.sum()
    containers = []
    for share in SHARES:
        candidates = np.flatnonzero(subtree_words >= share * total)
        deepest = candidates[tree.depth[candidates] == tree.depth[candidates].max()]
        containers.append(int(deepest[-1]))
    return containers
