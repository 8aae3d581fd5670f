from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from turbohtml import Element, Text

from pagemill.extraction.choosing import blocks
from pagemill.extraction.choosing.features.tree_arrays import TreeArrays

TREES: st.SearchStrategy[list[Any]] = st.recursive(
    st.just([]), lambda children: st.lists(children, max_size=4), max_leaves=25
)


def build(tree: list[Any], tag: str = "div") -> Element:
    return Element(tag, children=[Text("x"), *(build(child) for child in tree)])


@given(TREES)
def test_sums_and_paths_are_those_of_a_plain_loop(tree):
    flat = blocks.split(build(tree, "body"))
    assert flat is not None
    tree = TreeArrays(flat)
    values = (np.arange(tree.element_count) % 5 + 0.5).astype(np.float64)
    paths = []
    for element in range(tree.element_count):
        path = [element]
        while path[-1]:
            path.append(flat.parent[path[-1]])
        paths.append(path)
    np.testing.assert_allclose(tree.path_sum(values), [values[path].sum() for path in paths])
    np.testing.assert_allclose(tree.path_max(values), [values[path].max() for path in paths])
    below = [
        [other for other in range(tree.element_count) if element in paths[other]]
        for element in range(tree.element_count)
    ]
    np.testing.assert_allclose(tree.subtree_element_sum(values), [values[under].sum() for under in below])
    weights = np.arange(tree.block_count, dtype=np.float64) + 1
    owned = np.bincount(tree.owner, weights, tree.element_count)
    np.testing.assert_allclose(tree.subtree_sum(weights), [owned[under].sum() for under in below])
    for element in range(tree.element_count):
        assert np.flatnonzero(tree.is_ancestor_or_self(element)).tolist() == sorted(paths[element])


@given(TREES)
def test_path_hashes_are_equal_only_for_equal_paths(tree):
    flat = blocks.split(build(tree, "body"))
    assert flat is not None
    tree = TreeArrays(flat)
    labels = np.arange(tree.element_count) % 3
    keys = tree.path_hash(labels)
    paths: dict[tuple[int, ...], int] = {}
    for element in range(tree.element_count):
        path = [labels[element]]
        at = element
        while at:
            at = flat.parent[at]
            path.append(labels[at])
        assert paths.setdefault(tuple(path), keys[element]) == keys[element]
    assert len(set(paths.values())) == len(paths)
