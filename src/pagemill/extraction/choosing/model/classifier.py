"""The classifier: the probability that each block is content, and the expected quality of a selection."""

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

SECOND_STAGE_FORESTS = 15
"""The number of forests that score the blocks of which the first stage is not confident."""
# The second stage only scores log-odds between these: two blocks in five. Scoring the others too changes nothing.
_CONFIDENT_NEGATIVE, _CONFIDENT_POSITIVE = -3.0, 4.0
_FORESTS = ("first", "further", "quality")
_TREE_FIELDS = ("feature", "threshold", "left", "value")


@dataclass(frozen=True, slots=True)
class Classifier:
    """A trained model: plain data, written by the training program."""

    features: list[str]
    """The names of the input features of both stages, in their order."""
    vocabulary: Vocabulary
    """The logistic model of words in tags, classes, ids and roles."""
    first_stage: Trees
    """Predicts the log-odds of being content from the features of a block."""
    second_stage: Trees
    """The same, as the mean of `SECOND_STAGE_FORESTS` forests."""
    quality_regressor: Trees
    """Predicts the word F1 of a selection from its `quality_features`."""

    def log_odds(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the log-odds of each block being content, from `features` of (features, blocks).

        They are the mean of all forests, or for blocks of which the first stage is confident, its own.
        """
        odds = self.first_stage.sums(features)
        unsure = np.flatnonzero((odds > _CONFIDENT_NEGATIVE) & (odds < _CONFIDENT_POSITIVE))
        second = self.second_stage.sums(features.take(unsure, axis=1))
        odds[unsure] = (odds[unsure] + SECOND_STAGE_FORESTS * second) / (1 + SECOND_STAGE_FORESTS)
        return odds

    def quality(self, features: NDArray[np.float32]) -> float:
        """Return the expected word F1 of a selection, from 0 to 1."""
        return float(np.clip(self.quality_regressor.sums(features[:, None])[0], 0, 1))


@cache
def load() -> Classifier:
    """Return the model of the package, read once in a process."""
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
    forests = classifier.first_stage, classifier.second_stage, classifier.quality_regressor
    for name, trees in zip(_FORESTS, forests, strict=True):
        for field in _TREE_FIELDS:
            arrays[f"{name}_{field}"] = getattr(trees, field)
    np.savez_compressed(path, **arrays)


def _trees(data: Any, name: str) -> Trees:
    return Trees(*(data[f"{name}_{field}"] for field in _TREE_FIELDS))
