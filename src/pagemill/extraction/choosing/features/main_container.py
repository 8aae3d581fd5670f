"""Main containers: the deepest elements that contain a given share of a page's expected content words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pagemill.extraction.choosing.features.tree_arrays import TreeArrays

SHARES = (0.3, 0.5, 0.8)
"""The shares of the expected content words; each has a main container."""

_EPSILON = 1e-9  # so that a page without words has a main container, too


def expected_content_words(words: NDArray[np.float64], log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the expected number of content words of each block, by the log-odds of the vocabulary. Never zero."""
    content_words: NDArray[np.float64] = words / (1 + np.exp(-log_odds)) + _EPSILON
    return content_words


def find_containers(tree: TreeArrays, content_words: NDArray[np.float64]) -> list[int]:
    """Return for each of `SHARES` the deepest element with that share of the content words; on a tie the last one."""
    subtree_words, total = tree.subtree_sum(content_words), content_words.sum()
    containers = []
    for share in SHARES:
        candidates = np.flatnonzero(subtree_words >= share * total)
        deepest = candidates[tree.depth[candidates] == tree.depth[candidates].max()]
        containers.append(int(deepest[-1]))
    return containers
