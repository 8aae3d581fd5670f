"""Equal things numbered alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_Item = TypeVar("_Item")


def number(keys: NDArray[np.int64] | NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number equal keys alike: return the number of each entry, and how often each number occurs."""
    order = np.argsort(keys)  # `np.unique` does the same in half as much time again
    ranked = keys[order]
    first = np.concatenate([[True], ranked[1:] != ranked[:-1]])
    numbers = np.empty(len(keys), np.int64)
    numbers[order] = np.cumsum(first) - 1
    return numbers, np.bincount(numbers)


def distinct(items: Iterable[_Item]) -> tuple[list[_Item], NDArray[np.int64]]:
    """Return the distinct items, in the order in which they first occur, and the place of each item among them."""
    known: dict[_Item, int] = {}
    places = np.array([known.setdefault(item, len(known)) for item in items])
    return list(known), places


def label(items: Iterable[_Item]) -> NDArray[np.int64]:
    """Number equal items alike, in the order in which they first occur."""
    return distinct(items)[1]
