"""The choice of blocks: the set whose expected word F1 is the highest.

If block i has w_i words and is content with probability p_i, each by itself, a set S that holds the most likely blocks
has the expected F1 of about 2 Σ_S w_i p_i / (Σ_S w_i + Σ w_i p_i): so the best set is found by trying each number of
most likely blocks. But blocks are not content each by itself: where the model errs on a page, it errs on most of its
blocks in one direction. So the log-odds of all of a page's blocks are taken to be off by one number, which is normally
distributed, and the expected F1 is the mean over it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STEPS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95)
_FEWEST_ALIKE = 3
_NEAR = 0.3  # the weight of those that look alike at any depth, as answers to answers do
_OFF = 2.3  # the standard deviation of what a page's log-odds are off by; chosen by cross-validation
# What the log-odds must be multiplied by for their mean probability to stay the same (MacKay, 1992).
_WIDER = np.sqrt(1 + np.pi * _OFF**2 / 8)
_SHIFTS, _SHARES = np.polynomial.hermite_e.hermegauss(9)  # places and weights of Gauss-Hermite quadrature
_SHARES = _SHARES / _SHARES.sum()


@dataclass(frozen=True, slots=True)
class Choice:
    """Which blocks were chosen, and what to judge that by."""

    chosen: NDArray[np.bool_]
    probability: NDArray[np.float64]
    """How likely each block is content, those that look alike together."""
    figures: NDArray[np.float32]
    """What `Classifier.quality` reads: see `_figures`."""


def choose(
    log_odds: NDArray[np.float64],
    words: NDArray[np.float64],
    looks: NDArray[np.int64],
    near_looks: NDArray[np.int64],
    page: NDArray[np.float32],
) -> Choice:
    """Choose among at least one block, of which the log-odds of being content are known.

    `looks` and `near_looks` are those of `Features`. `page`: further figures of the page, put at the end of the
    choice's own.
    """
    odds = (1 - _NEAR) * _even(log_odds, looks) + _NEAR * _even(log_odds, near_looks)
    order = np.argsort(-odds, kind="stable")
    expected = _expected(odds[order], words[order])
    last = int(expected.argmax())
    chosen = np.zeros(len(order), bool)
    chosen[order[: last + 1]] = True
    probability = _probability(odds)
    own = _figures(probability, words, chosen, float(expected[last]))
    return Choice(chosen, probability, np.concatenate([own, page]).astype(np.float32))


def _even(log_odds: NDArray[np.float64], looks: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give blocks that look alike their mean log-odds, so that all cards of a list keep the same of their lines."""
    counts = np.bincount(looks)
    means: NDArray[np.float64] = np.bincount(looks, log_odds) / np.maximum(counts, 1)
    return np.where(counts[looks] >= _FEWEST_ALIKE, means[looks], log_odds)


def _expected(odds: NDArray[np.float64], words: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the expected F1 of the first one, two, three … blocks, which stand from the likeliest on."""
    taken = np.cumsum(words)
    probability = _probability(odds * _WIDER + _OFF * _SHIFTS[:, None])
    hits = np.cumsum(words * probability, axis=1)
    expected: NDArray[np.float64] = _SHARES @ (2 * hits / (taken + hits[:, -1:] + 1e-9))
    return expected


def _probability(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-log_odds))


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
