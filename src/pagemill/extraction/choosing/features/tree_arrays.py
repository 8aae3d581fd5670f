"""The tree of a page as arrays, and sums over subtrees and along paths without a loop over elements."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pagemill.extraction.choosing.blocks import Blocks

_Number = TypeVar("_Number", bound=np.generic)

_PRIME = 0x100000001B3
_SPREAD = 0x9E3779B97F4A7C15
_NEAR = 4


class Layout:
    """The elements of a page, in document order; arrays have one entry for each element unless they say otherwise."""

    def __init__(self, blocks: Blocks) -> None:
        self.parent = np.array(blocks.parent)
        level = np.array(blocks.depth)
        self.depth = level.astype(np.float64)
        self.block_begin = np.array(blocks.block_begin)
        self.block_end = np.array(blocks.block_end)
        self.element_end = np.array(blocks.element_end)
        self.owner = np.array(blocks.owner)
        """The element of each block."""
        self.elements = len(self.parent)
        self.blocks = len(self.owner)
        self.index = np.arange(self.elements)
        self._jumps = self._make_jumps()
        self._factors = np.cumprod(np.full(int(level.max()) + 1, _PRIME, np.uint64))[level]
        self._by_end = np.argsort(self.element_end, kind="stable")
        self._ended = np.cumsum(np.bincount(self.element_end))[: self.elements]
        """How many elements end before each begins."""

    def _make_jumps(self) -> list[NDArray[np.int64]]:
        """Return for each element its ancestor 1, 2, 4, 8 … levels up; above the root is the index `elements`."""
        above = self.elements
        jump = np.append(self.parent, above)
        jump[0] = above
        jumps = []
        while (jump != above).any():
            jumps.append(jump)
            jump = jump[jump]
        return jumps

    def subtree(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum a value of each block over the blocks under each element. `values` is (…, blocks)."""
        sums = _prefix(values)
        return sums.take(self.block_end, -1) - sums.take(self.block_begin, -1)

    def subtree_of_elements(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum a value of each element over the elements under each, itself included. `values` is (…, elements)."""
        sums = _prefix(values)
        return sums.take(self.element_end, -1) - sums[..., : self.elements]

    def path_maximum(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the largest value on the way from the root to each element. `values` is (…, elements)."""
        result = _with_column(values, -np.inf)
        for jump in self._jumps:
            np.maximum(result, result.take(jump, -1), out=result)
        return result[..., :-1]

    def path_sum(self, values: NDArray[_Number]) -> NDArray[_Number]:
        """Return the sum of the values on the way from the root to each element. `values` is (…, elements).

        That is the sum of all up to the element, without those that ended before it.
        """
        ended = _prefix(values.take(self._by_end, -1)).take(self._ended, -1)
        sums: NDArray[_Number] = np.cumsum(values, axis=-1, dtype=values.dtype) - ended
        return sums

    def path_key(self, labels: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Return a number that is the same for elements whose ways from the root have the same labels."""
        key = (labels.astype(np.uint64) + np.uint64(1)) * np.uint64(_SPREAD)
        return self.path_sum(key * self._factors)

    def near_key(self, labels: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Return a number that is the same for elements that have the same label, as have the three around them."""
        key, element = np.zeros(self.elements, np.uint64), self.index
        for _ in range(_NEAR):
            key = key * np.uint64(_PRIME) + labels[element].astype(np.uint64) * np.uint64(_SPREAD)
            element = self.parent[element]
        return key

    def holds(self, element: int) -> NDArray[np.bool_]:
        """Whether each element is `element` or an ancestor of it."""
        return (self.index <= element) & (element < self.element_end)


def _prefix(values: NDArray[_Number]) -> NDArray[_Number]:
    """Return the sums before each position along the last axis, and the sum of all at the end."""
    sums = np.zeros((*values.shape[:-1], values.shape[-1] + 1), values.dtype)
    np.cumsum(values, axis=-1, out=sums[..., 1:])
    return sums


def _with_column(values: NDArray[np.float64], value: float) -> NDArray[np.float64]:
    """Return `values` with one more entry along the last axis."""
    result = np.full((*values.shape[:-1], values.shape[-1] + 1), value)
    result[..., :-1] = values
    return result
