"""Boosted regression trees, evaluated with numpy alone.

Every tree has at most 16 leaves. A split that sends a block to its right child rules out the leaves of its left child;
what is left when all splits of a tree have ruled out theirs begins with the leaf that the block falls into. This is
QuickScorer (Lucchese and others, SIGIR 2015): no walk through a tree, so that numpy does all blocks and trees at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAVES = 16
_CELLS = 1 << 17  # trees times blocks at a time: what is computed for them stays in the processor's cache


@dataclass(frozen=True, slots=True)
class Trees:
    """The splits of T trees as arrays of (LEAVES - 1, T), and the leaves' values as (T, LEAVES).

    A place without a split has the threshold infinity and rules out nothing.
    """

    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    """A value above it goes to the right."""
    left: NDArray[np.uint16]
    """A bit for each leaf under the left child."""
    value: NDArray[np.float32]

    def sums(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the sum of the trees' values for each column of `features`, (features, columns)."""
        columns, step = features.shape[1], _CELLS // max(len(self.value), 1)
        parts = [self._sums(features[:, begin : begin + step]) for begin in range(0, columns, step)]
        return np.concatenate(parts) if parts else np.empty(0)

    def _sums(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        trees, columns = self.value.shape[0], features.shape[1]
        ruled_out = np.zeros((trees, columns), np.uint16)
        for feature, threshold, left in zip(self.feature, self.threshold, self.left, strict=True):
            ruled_out |= (features[feature] > threshold[:, None]) * left[:, None]
        first = np.bitwise_count(ruled_out & ~(ruled_out + np.uint16(1)))  # how many of the lowest bits are set
        place = first + np.arange(0, trees * LEAVES, LEAVES)[:, None]
        values: NDArray[np.float64] = np.take(self.value, place, mode="clip").sum(axis=0, dtype=np.float64)
        return values
