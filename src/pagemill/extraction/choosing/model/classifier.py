"""The classifier: the probability that each block is content, and the expected quality of a selection."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from pagemill.extraction.choosing.features.lexicon import Lexicon
from pagemill.extraction.choosing.features.phrases import PhraseModel, columns_of
from pagemill.extraction.choosing.features.vocabulary import Vocabulary
from pagemill.extraction.choosing.model.trees import Trees

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

MODEL = "model.npz"

SECOND_STAGE_FORESTS = 5
"""The number of forests that score the blocks of which the first stage is not confident."""
# The second stage only scores log-odds between these: two blocks in five. Scoring the others too changes nothing.
_CONFIDENT_NEGATIVE, _CONFIDENT_POSITIVE = -3.0, 4.0
_FORESTS = ("first", "further", "quality")

ROLES = ("title", "meta", "caption", "comments")
"""What a block can be besides body and junk: a headline, a byline or date, a caption, a reader's comment."""
TREE_FIELDS = ("feature", "threshold", "left", "value")


@dataclass(frozen=True, slots=True)
class Classifier:
    """A trained model: plain data, written by the training program."""

    features: list[str]
    """The names of the input features of all forests, in their order."""
    lexicon: Lexicon
    """The logistic models of words in class names, short texts and headings."""
    first_stage: Trees
    """Predicts the log-odds of being content from the features of a block."""
    second_stage: Trees
    """The same, as the mean of `SECOND_STAGE_FORESTS` forests."""
    quality_regressor: Trees
    """Predicts the word F1 of a selection from its `quality_features`."""
    role_forests: dict[str, Trees]
    """For each of `ROLES`, predicts the log-odds of that role from the features of a block."""

    def log_odds(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the log-odds of each block being content, from `features` of (features, blocks).

        They are the mean of all forests, or for blocks of which the first stage is confident, its own.
        """
        odds = self.first_stage.sums(features)
        unsure = np.flatnonzero((odds > _CONFIDENT_NEGATIVE) & (odds < _CONFIDENT_POSITIVE))
        second = self.second_stage.sums(features.take(unsure, axis=1))
        odds[unsure] = (odds[unsure] + SECOND_STAGE_FORESTS * second) / (1 + SECOND_STAGE_FORESTS)
        return odds

    def role_log_odds(self, role: str, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the log-odds of each block having a role of `ROLES`, from `features` of (features, blocks)."""
        return self.role_forests[role].sums(features)

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
        first, second, quality = (read_trees(data, name) for name in _FORESTS)
        return Classifier(
            features=header["features"],
            lexicon=Lexicon(
                Vocabulary(*_words(data, "words"), header["bias"]),
                PhraseModel(*_words(data, "phrases"), header["phrases_bias"]),
                PhraseModel(*_words(data, "headings"), header["headings_bias"]),
            ),
            first_stage=first,
            second_stage=second,
            quality_regressor=quality,
            role_forests={role: read_trees(data, f"role_{role}") for role in ROLES},
        )


def write(path: Path, classifier: Classifier) -> None:
    """Write a model so that the same model always gives the same bytes in each array."""
    names, phrases, headings = classifier.lexicon.class_names, *_phrase_models(classifier)
    header = {
        "features": classifier.features,
        "bias": names.bias,
        "phrases_bias": phrases.bias,
        "headings_bias": headings.bias,
    }
    arrays: dict[str, Any] = {"header": np.frombuffer(json.dumps(header).encode(), np.uint8)}
    tables = (
        ("words", names.words, names.weights),
        *((name, model.tokens, model.weights) for name, model in (("phrases", phrases), ("headings", headings))),
    )
    for name, tokens, weights in tables:
        arrays[name] = np.frombuffer("\n".join(tokens).encode(), np.uint8)
        arrays[f"{name}_weights"] = weights.astype(np.float16)
    forests = (classifier.first_stage, classifier.second_stage, classifier.quality_regressor)
    roles = tuple(classifier.role_forests[role] for role in ROLES)
    for name, trees in zip((*_FORESTS, *(f"role_{role}" for role in ROLES)), (*forests, *roles), strict=True):
        for field in TREE_FIELDS:
            arrays[f"{name}_{field}"] = getattr(trees, field)
    np.savez_compressed(path, **arrays)


def _phrase_models(classifier: Classifier) -> tuple[PhraseModel, PhraseModel]:
    return classifier.lexicon.phrases, classifier.lexicon.heading_phrases


def _words(data: Any, name: str) -> tuple[dict[str, int], NDArray[np.float64]]:
    tokens = data[name].tobytes().decode().split("\n")
    return columns_of(tokens), data[f"{name}_weights"].astype(np.float64)


def read_trees(data: Any, name: str) -> Trees:
    """Return the trees of one name in the arrays of a model."""
    return Trees(*(data[f"{name}_{field}"] for field in TREE_FIELDS))
