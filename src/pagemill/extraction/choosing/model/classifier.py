"""The classifier: how likely each block of a page is content, and how good a choice of blocks is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from pagemill.extraction.choosing.features.vocabulary import Vocabulary
from pagemill.extraction.choosing.model.trees import Trees

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

MODEL = "model.npz"

FURTHER = 15
"""How many forests are asked of the blocks that the first is not sure about."""
_SURELY_NOT, _SURELY = -3.0, 4.0  # three blocks in five are beyond; asking of them too changes nothing
_FORESTS = ("first", "further", "quality")
_PARTS = ("feature", "threshold", "left", "value")


@dataclass(frozen=True, slots=True)
class Classifier:
    """A trained model: plain data, made by the training program."""

    features: list[str]
    """The names of the features that the forests read, in their order."""
    vocabulary: Vocabulary
    """What classes and ids tell."""
    first_forest: Trees
    """From the features of blocks to the log-odds of being content."""
    further_forests: Trees
    """The same, as the mean of `FURTHER` forests."""
    quality_trees: Trees
    """From the figures of a choice (see `choice`) to the word F1 that is expected of it."""

    def log_odds(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the log-odds of each block being content, from `features` of (features, blocks).

        That is the mean of what all forests say; of blocks that the first is sure about, what it says.
        """
        odds = self.first_forest.sums(features)
        unsure = np.flatnonzero((odds > _SURELY_NOT) & (odds < _SURELY))
        further = self.further_forests.sums(features.take(unsure, axis=1))
        odds[unsure] = (odds[unsure] + FURTHER * further) / (1 + FURTHER)
        return odds

    def quality(self, figures: NDArray[np.float32]) -> float:
        """Return the word F1, from 0 to 1, that is to be expected of a choice."""
        return float(np.clip(self.quality_trees.sums(figures[:, None])[0], 0, 1))


@cache
def load() -> Classifier:
    """Return the model that the package brings, read once in a process."""
    with resources.as_file(resources.files(__package__) / MODEL) as path:
        return read(path)


def read(path: Path) -> Classifier:
    """Read a model that `write` wrote."""
    with np.load(path, allow_pickle=False) as data:
        header = json.loads(data["header"].tobytes())
        words = data["words"].tobytes().decode().split("\n")
        columns = {word: column for column, word in enumerate(words)}
        vocabulary = Vocabulary(columns, data["weights"].astype(np.float64), header["bias"])
        return Classifier(header["features"], vocabulary, *(_trees(data, name) for name in _FORESTS))


def write(path: Path, classifier: Classifier) -> None:
    """Write a model so that the same model always gives the same bytes in each array."""
    vocabulary = classifier.vocabulary
    header = {"features": classifier.features, "bias": vocabulary.bias}
    arrays: dict[str, Any] = {
        "header": np.frombuffer(json.dumps(header).encode(), np.uint8),
        "words": np.frombuffer("\n".join(vocabulary.words).encode(), np.uint8),
        "weights": vocabulary.weights.astype(np.float16),
    }
    forests = classifier.first_forest, classifier.further_forests, classifier.quality_trees
    for name, trees in zip(_FORESTS, forests, strict=True):
        for part in _PARTS:
            arrays[f"{name}_{part}"] = getattr(trees, part)
    np.savez_compressed(path, **arrays)


def _trees(data: Any, name: str) -> Trees:
    return Trees(*(data[f"{name}_{part}"] for part in _PARTS))
