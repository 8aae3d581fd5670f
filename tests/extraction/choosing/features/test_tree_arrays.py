from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from turbohtml import Element, Text

from pagemill.extraction.choosing import blocks
from pagemill.extraction.choosing.features.tree_arrays import Layout

TREES: st.SearchStrategy[list[Any]] = st.recursive(
    st.just([]), lambda children: st.lists(children, max_size=4), max_leaves=25
)


def build(tree: list[Any], tag: str = "div") -> Element:
    return Element(tag, children=[Text("x"), *(build(child) for child in tree)])


@given(TREES)
def test_sums_and_paths_are_those_of_a_plain_loop(tree):
    flat = blocks.split(build(tree, "body"))
    assert flat is not None
    layout = Layout(flat)
    values = (np.arange(layout.elements) % 5 + 0.5).astype(np.float64)
    paths = []
    for element in range(layout.elements):
        path = [element]
        while path[-1]:
            path.append(flat.parent[path[-1]])
        paths.append(path)
    np.testing.assert_allclose(layout.path_sum(values), [values[path].sum() for path in paths])
    np.testing.assert_allclose(layout.path_maximum(values), [values[path].max() for path in paths])
    below = [
        [other for other in range(layout.elements) if element in paths[other]] for element in range(layout.elements)
    ]
    np.testing.assert_allclose(layout.subtree_of_elements(values), [values[under].sum() for under in below])
    weights = np.arange(layout.blocks, dtype=np.float64) + 1
    owned = np.bincount(layout.owner, weights, layout.elements)
    np.testing.assert_allclose(layout.subtree(weights), [owned[under].sum() for under in below])
    for element in range(layout.elements):
        assert np.flatnonzero(layout.holds(element)).tolist() == sorted(paths[element])


@given(TREES)
def test_path_keys_are_equal_just_for_equal_paths(tree):
    flat = blocks.split(build(tree, "body"))
    assert flat is not None
    layout = Layout(flat)
    labels = np.arange(layout.elements) % 3
    keys = layout.path_key(labels)
    paths: dict[tuple[int, ...], int] = {}
    for element in range(layout.elements):
        path = [labels[element]]
        at = element
        while at:
            at = flat.parent[at]
            path.append(labels[at])
        assert paths.setdefault(tuple(path), keys[element]) == keys[element]
    assert len(set(paths.values())) == len(paths)
