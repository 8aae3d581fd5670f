"""Label encoding: equal values get equal integers."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_Item = TypeVar("_Item")


def encode(keys: NDArray[np.int64] | NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the label of each key, equal for equal keys, and how often each label occurs."""
    order = np.argsort(keys)  # `np.unique` takes half as much time again
    ranked = keys[order]
    first = np.concatenate([[True], ranked[1:] != ranked[:-1]])
    labels = np.empty(len(keys), np.int64)
    labels[order] = np.cumsum(first) - 1
    return labels, np.bincount(labels)


def factorize(items: Iterable[_Item]) -> tuple[list[_Item], NDArray[np.int64]]:
    """Return the distinct items in order of first occurrence, and the index of each item among them."""
    label_of: dict[_Item, int] = {}
    labels = np.array([label_of.setdefault(item, len(label_of)) for item in items])
    return list(label_of), labels


def encode_items(items: Iterable[_Item]) -> NDArray[np.int64]:
    """Return the label of each item, equal for equal items, in order of first occurrence."""
    return factorize(items)[1]
