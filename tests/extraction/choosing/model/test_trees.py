from __future__ import annotations

import functools
import operator
import shutil
import sys
import sysconfig
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagemill.extraction.choosing.model.trees import LEAVES, Trees, compiled


def grow(rng: np.random.Generator, leaves: int) -> tuple[Any, ...]:
    """A tree as (feature, threshold, left, right), or a leaf as its value."""
    if leaves == 1:
        return (float(np.float32(rng.normal() * 10.0 ** rng.integers(-6, 6))),)
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


@given(st.integers(0, 2**32), st.lists(st.integers(1, LEAVES), min_size=1, max_size=40), st.integers(1, 300))
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
    expected = [  # one after the other: `sum` is more exact than that from Python 3.12 on
        functools.reduce(operator.add, (walk(tree, features[:, column]) for tree in trees)) for column in range(columns)
    ]
    np.testing.assert_array_equal(arrays.sums(features), expected)
    np.testing.assert_array_equal(arrays.sums_by_numpy(features), expected)


def test_what_can_be_compiled_is():
    """Where it cannot, the tests before have compared numpy with itself."""
    header = Path(sysconfig.get_path("include"), "Python.h")
    if shutil.which(sysconfig.get_config_var("CC").split()[0]) is None or not header.exists():
        pytest.skip("there is no C compiler, or none of Python's headers")
    assert compiled is not None


def test_what_is_compiled_serves_later_versions_of_python_too():
    if compiled is None:
        pytest.skip("nothing is compiled here")
    module = sys.modules[compiled.__module__]
    assert module.__file__ is not None
    assert module.__file__.endswith(".abi3.so")


def stump(**changes: Any) -> Trees:
    """One tree: -1 where the first feature is at most 2, else 1."""
    values = np.zeros((1, LEAVES), np.float32)
    values[0, :2] = -1, 1
    arrays = {
        "feature": np.zeros((1, 1), np.int32),
        "threshold": np.full((1, 1), 2, np.float32),
        "left": np.ones((1, 1), np.uint16),
        "value": values,
    }
    return Trees(**arrays | changes)


def test_columns_may_lie_apart_in_memory():
    features = np.arange(12, dtype=np.float32).reshape(6, 2).T
    assert stump().sums(features).tolist() == stump().sums_by_numpy(features).tolist() == [-1, -1, 1, 1, 1, 1]
    assert stump().sums(np.empty((2, 0), np.float32)).tolist() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"threshold": np.zeros((2, 1), np.float32)},
        {"left": np.ones((1, 2), np.uint16)},
        {"value": np.zeros((1, LEAVES - 1), np.float32)},
        {"value": np.zeros((2, LEAVES), np.float32)},
        {"left": np.full((1, 1), 1 << 15, np.uint16)},
        {"feature": np.zeros((1, 1), np.int64)},
        {"threshold": np.zeros((1, 1), np.float64)},
        {"value": np.zeros((LEAVES, 2), np.float32)[:, :1].T},
    ],
)
def test_arrays_that_do_not_fit_are_refused(changes):
    with pytest.raises(ValueError, match=r"must be one of|last leaf"):
        stump(**changes)


@pytest.mark.parametrize("feature", [-1, 2])
def test_features_that_are_not_there_are_refused(feature):
    trees = stump(feature=np.full((1, 1), feature, np.int32))
    with pytest.raises(IndexError, match="other features"):
        trees.sums(np.zeros((2, 4), np.float32))
