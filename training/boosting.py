"""Trains LightGBM models deterministically and converts them to the arrays that the classifier evaluates."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import lightgbm
import numpy as np

from pagemill.extraction.choosing.model.trees import LEAVES, Trees

if TYPE_CHECKING:
    from collections.abc import Sequence

_ALWAYS = {
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "use_missing": False,
    "verbose": -1,
    "bagging_freq": 1,
}
CONTENT = _ALWAYS | {
    "objective": "cross_entropy",
    "learning_rate": 0.13,
    "num_leaves": 15,
    "min_data_in_leaf": 400,
    "feature_fraction": 0.2,
    "bagging_fraction": 0.7,
    "lambda_l2": 20.0,
    "max_bin": 63,
}
CONTENT_ROUNDS = 200
ROLE = _ALWAYS | {
    "objective": "cross_entropy",
    "learning_rate": 0.1,
    "num_leaves": 15,
    "min_data_in_leaf": 60,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.7,
    "lambda_l2": 5.0,
    "max_bin": 63,
}
ROLE_ROUNDS = 150
QUALITY = _ALWAYS | {
    "objective": "regression",
    "learning_rate": 0.04,
    "num_leaves": 8,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.7,
    "lambda_l2": 10.0,
}
QUALITY_ROUNDS = 120


class Examples(NamedTuple):
    """A training set."""

    rows: np.ndarray
    """(examples, features)"""
    labels: np.ndarray
    weights: np.ndarray


def train(settings: dict[str, Any], rounds: int, samples: Sequence[Examples], seed: int = 1) -> Trees:
    """Train a forest on each sample, each with its own seed, and return all trees: their sum is the forests' mean.

    The mean of fast-learning forests with different errors is better than one forest that learns slowly.
    """
    trees = []
    for own_seed, sample in enumerate(samples, seed):
        own = settings | {"seed": own_seed}
        data = lightgbm.Dataset(sample.rows, sample.labels, weight=sample.weights, params=own)
        trees += lightgbm.train(own, data, rounds).dump_model()["tree_info"]
    found = convert(trees)
    return replace(found, value=found.value / np.float32(len(samples)))


def convert(trees: list[dict[str, Any]]) -> Trees:
    """Convert dumped trees to arrays. The leaves include the shrinkage and the initial average of boosting."""
    feature = np.zeros((LEAVES - 1, len(trees)), np.int32)
    threshold = np.full(feature.shape, np.inf, np.float32)
    left = np.zeros(feature.shape, np.uint16)
    value = np.zeros((len(trees), LEAVES), np.float32)
    for column, tree in enumerate(trees):
        splits: list[tuple[int, float, int]] = []
        leaves: list[float] = []
        _flatten(tree["tree_structure"], splits, leaves)
        value[column, : len(leaves)] = leaves
        for row, (split_feature, split_threshold, mask) in enumerate(splits):
            feature[row, column], left[row, column] = split_feature, mask
            threshold[row, column] = _floor32(split_threshold)
    used = int((left != 0).any(axis=1).sum())
    return Trees(feature[:used], threshold[:used], left[:used], value)


def _flatten(node: dict[str, Any], splits: list[tuple[int, float, int]], leaves: list[float]) -> None:
    """Collect the splits, and the leaves from left to right."""
    if "split_index" not in node:
        leaves.append(node["leaf_value"])
        return
    if node["decision_type"] != "<=":
        raise ValueError(node["decision_type"])
    begin = len(leaves)
    _flatten(node["left_child"], splits, leaves)
    splits.append((node["split_feature"], node["threshold"], (1 << len(leaves)) - (1 << begin)))
    _flatten(node["right_child"], splits, leaves)


def _floor32(value: float) -> np.float32:
    """Return the largest float32 that is not above `value`. Every float32 compares the same with both."""
    near = np.float32(value)
    return near if near <= value else np.nextafter(near, np.float32(-np.inf))
