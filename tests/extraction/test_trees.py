from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pagemill.extraction.trees import LEAVES, Trees


def grow(rng: np.random.Generator, leaves: int) -> tuple[Any, ...]:
    """A tree as (feature, threshold, left, right), or a leaf as its value."""
    if leaves == 1:
        return (float(rng.integers(100)),)
    left = int(rng.integers(1, leaves))
    return (int(rng.integers(3)), float(rng.integers(5)), grow(rng, left), grow(rng, leaves - left))


def walk(tree: tuple[Any, ...], row: np.ndarray) -> float:
    while len(tree) > 1:
        tree = tree[3] if row[tree[0]] > tree[1] else tree[2]
    return float(tree[0])


def flatten(tree: tuple[Any, ...], splits: list[Any], leaves: list[Any]) -> None:
    if len(tree) == 1:
        leaves.append(tree[0])
        return
    begin = len(leaves)
    flatten(tree[2], splits, leaves)
    splits.append((tree[0], tree[1], (1 << len(leaves)) - (1 << begin)))
    flatten(tree[3], splits, leaves)


@given(st.integers(0, 2**32), st.lists(st.integers(1, LEAVES), min_size=1, max_size=6), st.integers(1, 300))
def test_sums_are_those_of_walking_through_every_tree(seed, sizes, columns):
    rng = np.random.default_rng(seed)
    trees = [grow(rng, size) for size in sizes]
    shape = (LEAVES - 1, len(trees))
    arrays = Trees(
        np.zeros(shape, np.int32),
        np.full(shape, np.inf, np.float32),
        np.zeros(shape, np.uint16),
        np.zeros((len(trees), LEAVES), np.float32),
    )
    for column, tree in enumerate(trees):
        splits: list[Any] = []
        leaves: list[Any] = []
        flatten(tree, splits, leaves)
        arrays.value[column, : len(leaves)] = leaves
        for row, (feature, threshold, left) in enumerate(splits):
            arrays.feature[row, column], arrays.threshold[row, column], arrays.left[row, column] = (
                feature,
                threshold,
                left,
            )
    features = rng.integers(0, 6, (3, columns)).astype(np.float32)
    expected = [sum(walk(tree, features[:, column]) for tree in trees) for column in range(columns)]
    np.testing.assert_allclose(arrays.sums(features), expected)
