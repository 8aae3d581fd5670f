"""Boosted regression trees.

Every tree has at most 16 leaves. A split that sends a block to its right child rules out the leaves of its left child.
The first leaf that no split of the tree has ruled out is the leaf of the block. This is QuickScorer (Lucchese and
others, SIGIR 2015): it does not walk through the trees, so it scores all blocks at once. It is implemented in numpy
and, if a C compiler was available when Pagemill was installed, in `tree_sums`. Both give the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

compiled: Callable[..., None] | None
"""`tree_sums.add`, or None if it was not compiled."""
try:
    from pagemill.extraction.choosing.model.tree_sums import add as compiled
except ImportError:
    compiled = None

LEAVES = 16
_BATCH_CELLS = 1 << 17  # trees times blocks at a time, so that the arrays stay in the processor's cache


@dataclass(frozen=True, slots=True)
class Trees:
    """The splits of T trees as arrays of (at most LEAVES - 1, T), and the leaves' values as (T, LEAVES).

    An entry without a split has the threshold infinity and rules out nothing. Raises ValueError if the arrays have
    other shapes or types, or a split rules out the last leaf.
    """

    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    """A value above it goes to the right child."""
    left: NDArray[np.uint16]
    """A bit for each leaf under the left child."""
    value: NDArray[np.float32]

    def __post_init__(self) -> None:
        splits, trees = self.feature.shape
        for array, shape, kind in (
            (self.feature, (splits, trees), np.int32),
            (self.threshold, (splits, trees), np.float32),
            (self.left, (splits, trees), np.uint16),
            (self.value, (trees, LEAVES), np.float32),
        ):
            if array.shape != shape or array.dtype != kind or not array.flags.c_contiguous:
                raise ValueError(f"an array of the trees must be one of {kind.__name__}, {shape}, row by row")
        if splits >= LEAVES or (self.left.size and self.left.max() >= 1 << (LEAVES - 1)):
            raise ValueError("a split rules out the last leaf")

    def sums(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the sum of the trees' values for each column of `features`, (features, columns).

        Raises IndexError if a split uses a feature that is missing.
        """
        if self.feature.size and not 0 <= self.feature.min() <= self.feature.max() < len(features):
            raise IndexError(f"the trees ask for other features than the {len(features)} that there are")
        if compiled is None:
            return self.sums_by_numpy(features)
        sums = np.zeros(features.shape[1])
        values = np.ascontiguousarray(features, np.float32)
        compiled(values, self.feature, self.threshold, self.left, self.value, sums)
        return sums

    def sums_by_numpy(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Do what `sums` does without compiled code."""
        columns, step = features.shape[1], _BATCH_CELLS // max(len(self.value), 1)
        parts = [self._sums(features[:, begin : begin + step]) for begin in range(0, columns, step)]
        return np.concatenate(parts) if parts else np.empty(0)

    def _sums(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        trees, columns = self.value.shape[0], features.shape[1]
        ruled_out = np.zeros((trees, columns), np.uint16)
        for feature, threshold, left in zip(self.feature, self.threshold, self.left, strict=True):
            ruled_out |= (features[feature] > threshold[:, None]) * left[:, None]
        first = np.bitwise_count(ruled_out & ~(ruled_out + np.uint16(1)))  # how many of the lowest bits are set
        place = first + np.arange(0, trees * LEAVES, LEAVES)[:, None]
        values = np.take(self.value, place, mode="clip")
        if columns == 1 and trees:  # `sum` would add a single column pairwise
            return np.cumsum(values[:, 0], dtype=np.float64)[-1:]
        sums: NDArray[np.float64] = values.sum(axis=0, dtype=np.float64)
        return sums
