"""The type of a page, by a forest for each type, where one is sure enough."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from pagemill.extraction.choosing.model.classifier import TREE_FIELDS, read_trees

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from pagemill.extraction.choosing.model.trees import Trees

MODEL = "model.npz"
TYPES = ("article", "forum", "product", "listing", "documentation", "service")
FORUM = "forum"


@dataclass(frozen=True, slots=True)
class TypeClassifier:
    """A trained model: plain data, written by the training program."""

    features: int
    """How many there are."""
    least: float
    """The probability from which a type is told."""
    forests: dict[str, Trees]
    """For each of `TYPES`, predicts the log-odds of a page being of it."""

    def probabilities(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return (types, pages), from `features` of (features, pages): they add up to 1, or less for what is none."""
        odds = np.array([self.forests[name].sums(features) for name in TYPES])
        each = 1 / (1 + np.exp(-odds))
        shares: NDArray[np.float64] = each / np.maximum(each.sum(axis=0), 1)
        return shares

    def type_of(self, features: NDArray[np.float32]) -> str | None:
        """Return the type of a page, or None where none is likely enough."""
        chances = self.probabilities(features[:, None])[:, 0]
        best = int(chances.argmax())
        return TYPES[best] if chances[best] >= self.least else None


@cache
def load() -> TypeClassifier:
    """Return the model of the package, read once in a process."""
    with resources.as_file(resources.files(__package__) / MODEL) as path:
        return read(path)


def read(path: Path) -> TypeClassifier:
    """Read a model that `write` wrote."""
    with np.load(path, allow_pickle=False) as data:
        header = json.loads(data["header"].tobytes())
        return TypeClassifier(header["features"], header["least"], {name: read_trees(data, name) for name in TYPES})


def write(path: Path, classifier: TypeClassifier) -> None:
    """Write a model so that the same model always gives the same bytes in each array."""
    header = {"features": classifier.features, "least": classifier.least}
    arrays: dict[str, Any] = {"header": np.frombuffer(json.dumps(header).encode(), np.uint8)}
    for name in TYPES:
        for field in TREE_FIELDS:
            arrays[f"{name}_{field}"] = getattr(classifier.forests[name], field)
    np.savez_compressed(path, **arrays)
