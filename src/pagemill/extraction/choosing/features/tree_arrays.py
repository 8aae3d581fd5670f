"""The tree of a page as arrays, with vectorized sums over subtrees and along paths from the root."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pagemill.extraction.choosing.blocks import Blocks

_Number = TypeVar("_Number", bound=np.generic)

_HASH_BASE = 0x100000001B3
_HASH_MULTIPLIER = 0x9E3779B97F4A7C15
_LOCAL_ELEMENTS = 4


class TreeArrays:
    """The elements of a page in document order. Arrays have an entry for each element unless documented otherwise."""

    def __init__(self, blocks: Blocks) -> None:
        self.parent = np.array(blocks.parent)
        level = np.array(blocks.depth)
        self.depth = level.astype(np.float64)
        self.block_begin = np.array(blocks.block_begin)
        self.block_end = np.array(blocks.block_end)
        self.element_end = np.array(blocks.element_end)
        self.owner = np.array(blocks.owner)
        """The innermost element around each block."""
        self.element_count = len(self.parent)
        self.block_count = len(self.owner)
        self.index = np.arange(self.element_count)
        self._jump_pointers = self._make_jump_pointers()
        self._factors = np.cumprod(np.full(int(level.max()) + 1, _HASH_BASE, np.uint64))[level]
        self._by_end = np.argsort(self.element_end, kind="stable")
        self._ended = np.cumsum(np.bincount(self.element_end))[: self.element_count]
        """How many elements end before each begins."""

    def _make_jump_pointers(self) -> list[NDArray[np.int64]]:
        """Return each element's ancestor 1, 2, 4, 8 … levels up; above the root is the index `element_count`."""
        above = self.element_count
        pointer = np.append(self.parent, above)
        pointer[0] = above
        pointers = []
        while (pointer != above).any():
            pointers.append(pointer)
            pointer = pointer[pointer]
        return pointers

    def subtree_sum(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum block values over the blocks of each element's subtree. `values` is (…, blocks)."""
        sums = _prefix_sums(values)
        return sums.take(self.block_end, -1) - sums.take(self.block_begin, -1)

    def subtree_element_sum(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum element values over each element's subtree, itself included. `values` is (…, elements)."""
        sums = _prefix_sums(values)
        return sums.take(self.element_end, -1) - sums[..., : self.element_count]

    def path_max(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the largest value on the path from the root to each element. `values` is (…, elements)."""
        result = _with_column(values, -np.inf)
        for pointer in self._jump_pointers:
            np.maximum(result, result.take(pointer, -1), out=result)
        return result[..., :-1]

    def path_sum(self, values: NDArray[_Number]) -> NDArray[_Number]:
        """Return the sum of the values on the path from the root to each element. `values` is (…, elements).

        It is the sum of all values up to the element, minus those of elements that ended before it.
        """
        ended = _prefix_sums(values.take(self._by_end, -1)).take(self._ended, -1)
        sums: NDArray[_Number] = np.cumsum(values, axis=-1, dtype=values.dtype) - ended
        return sums

    def path_hash(self, labels: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Return a hash that is equal for elements whose paths from the root have the same labels."""
        key = (labels.astype(np.uint64) + np.uint64(1)) * np.uint64(_HASH_MULTIPLIER)
        return self.path_sum(key * self._factors)

    def local_path_hash(self, labels: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Return a hash that is equal for elements whose own label and three nearest ancestors' labels are the same."""
        key, element = np.zeros(self.element_count, np.uint64), self.index
        for _ in range(_LOCAL_ELEMENTS):
            key = key * np.uint64(_HASH_BASE) + labels[element].astype(np.uint64) * np.uint64(_HASH_MULTIPLIER)
            element = self.parent[element]
        return key

    def is_ancestor_or_self(self, element: int) -> NDArray[np.bool_]:
        """Whether each element is `element` or an ancestor of it."""
        return (self.index <= element) & (element < self.element_end)


def _prefix_sums(values: NDArray[_Number]) -> NDArray[_Number]:
    """Return the sums before each position along the last axis, and the total at the end."""
    sums = np.zeros((*values.shape[:-1], values.shape[-1] + 1), values.dtype)
    np.cumsum(values, axis=-1, out=sums[..., 1:])
    return sums


def _with_column(values: NDArray[np.float64], value: float) -> NDArray[np.float64]:
    """Return `values` with one more entry along the last axis."""
    result = np.full((*values.shape[:-1], values.shape[-1] + 1), value)
    result[..., :-1] = values
    return result
