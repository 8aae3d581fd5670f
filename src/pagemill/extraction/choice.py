"""The choice of blocks: the set whose expected word F1 is the highest.

If block i has w_i words and is content with probability p_i, a set S that holds the most likely blocks has the expected
F1 of about 2 Σ_S w_i p_i / (Σ_S w_i + Σ w_i p_i): so the best set is found by trying each number of most likely blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STEPS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which blocks were chosen, and what to judge that by."""

    chosen: NDArray[np.bool_]
    figures: NDArray[np.float32]
    """What `Classifier.quality` reads: see `_figures`."""


def choose(probability: NDArray[np.float64], words: NDArray[np.float64], page: NDArray[np.float32]) -> Choice:
    """Choose among at least one block. `page`: further figures of the page, put at the end of the choice's own."""
    order = np.argsort(-probability, kind="stable")
    hits = np.cumsum((words * probability)[order])
    taken = np.cumsum(words[order])
    expected = 2 * hits / (taken + hits[-1] + 1e-9)
    last = int(expected.argmax())
    chosen = np.zeros(len(order), bool)
    chosen[order[: last + 1]] = True
    own = _figures(probability, words, chosen, float(expected[last]))
    return Choice(chosen, np.concatenate([own, page]).astype(np.float32))


def _figures(
    probability: NDArray[np.float64], words: NDArray[np.float64], chosen: NDArray[np.bool_], expected: float
) -> NDArray[np.float64]:
    """Return the figures of a choice: its expected F1, its size, and how the probabilities are spread."""
    likely = words * probability
    total, hits = max(float(words.sum()), 1.0), max(float(likely.sum()), 1e-9)
    taken = float(words[chosen].sum())
    places = np.flatnonzero(chosen)
    spread = [float(words[probability > step].sum()) / total for step in _STEPS]
    return np.array(
        [
            expected,
            hits / total,
            np.log1p(hits),
            taken / total,
            taken / hits,
            np.log1p(taken),
            float(likely[chosen].sum()) / hits,
            float((words * np.minimum(probability, 1 - probability)).sum()) / hits,
            len(places) / len(chosen),
            np.log1p(len(places)),
            (places[-1] - places[0] + 1) / len(places),
            places[0] / len(chosen),
            places[-1] / len(chosen),
            *spread,
        ]
    )
