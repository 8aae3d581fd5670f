"""Selects the set of blocks with the highest expected word F1.

Suppose block i has w_i words and is content with probability p_i, independently of the others. Then a set S of the most
likely blocks has an expected F1 of about 2 Σ_S w_i p_i / (Σ_S w_i + Σ w_i p_i), so trying each number of most likely
blocks finds the best set. But blocks are not independent: if the model errs on a page, it errs on most blocks in the
same direction. So all log-odds of a page are assumed to share one normally distributed error, and the expected F1 is
the mean over that error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PROBABILITY_THRESHOLDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95)
_MIN_GROUP_SIZE = 3
_LOCAL_WEIGHT = 0.3  # the weight of the local template, which is the same at any depth, as for nested replies
_PAGE_ERROR_STD = 2.3  # standard deviation of a page's common error in log-odds, found by cross-validation
# Multiplying the log-odds by this keeps their mean probability the same (MacKay, 1992).
_LOG_ODDS_SCALE = np.sqrt(1 + np.pi * _PAGE_ERROR_STD**2 / 8)
# Gauss-Hermite quadrature with nine nodes.
_QUADRATURE_NODES, _QUADRATURE_WEIGHTS = np.polynomial.hermite_e.hermegauss(9)
_QUADRATURE_WEIGHTS = _QUADRATURE_WEIGHTS / _QUADRATURE_WEIGHTS.sum()


@dataclass(frozen=True, slots=True)
class Selection:
    """Which blocks were selected, and the features that predict the quality of the selection."""

    selected: NDArray[np.bool_]
    probability: NDArray[np.float64]
    """The probability that each block is content, pooled over blocks with the same template."""
    quality_features: NDArray[np.float32]
    """The input of `Classifier.quality`, see `_quality_features`."""


def select_blocks(
    log_odds: NDArray[np.float64],
    words: NDArray[np.float64],
    template_ids: NDArray[np.int64],
    local_template_ids: NDArray[np.int64],
    page_features: NDArray[np.float32],
) -> Selection:
    """Select among blocks with these log-odds of being content. There must be at least one block.

    `template_ids` and `local_template_ids` are those of `Features`. `page_features` are appended to the selection's
    own quality features.
    """
    pooled = pool(log_odds, template_ids, local_template_ids)
    order = np.argsort(-pooled, kind="stable")
    expected_f1 = _expected_f1(pooled[order], words[order])
    last = int(expected_f1.argmax())
    selected = np.zeros(len(order), bool)
    selected[order[: last + 1]] = True
    probability = _sigmoid(pooled)
    own_features = _quality_features(probability, words, selected, float(expected_f1[last]))
    return Selection(selected, probability, np.concatenate([own_features, page_features]).astype(np.float32))


def pool(
    log_odds: NDArray[np.float64], template_ids: NDArray[np.int64], local_template_ids: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Move log-odds to the means over the blocks with the same template. The ids are those of `Features`."""
    return (1 - _LOCAL_WEIGHT) * _pool_log_odds(log_odds, template_ids) + _LOCAL_WEIGHT * _pool_log_odds(
        log_odds, local_template_ids
    )


def _pool_log_odds(log_odds: NDArray[np.float64], template_ids: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give blocks with the same template their mean log-odds, so that all cards of a list keep the same lines."""
    counts = np.bincount(template_ids)
    means: NDArray[np.float64] = np.bincount(template_ids, log_odds) / np.maximum(counts, 1)
    return np.where(counts[template_ids] >= _MIN_GROUP_SIZE, means[template_ids], log_odds)


def _expected_f1(pooled: NDArray[np.float64], words: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the expected F1 of the first one, two, three … blocks, which are sorted from the most likely on."""
    selected_words = np.cumsum(words)
    probability = _sigmoid(pooled * _LOG_ODDS_SCALE + _PAGE_ERROR_STD * _QUADRATURE_NODES[:, None])
    expected_hits = np.cumsum(words * probability, axis=1)
    expected_f1: NDArray[np.float64] = _QUADRATURE_WEIGHTS @ (
        2 * expected_hits / (selected_words + expected_hits[:, -1:] + 1e-9)
    )
    return expected_f1


def _sigmoid(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-log_odds))


def _quality_features(
    probability: NDArray[np.float64], words: NDArray[np.float64], selected: NDArray[np.bool_], expected_f1: float
) -> NDArray[np.float64]:
    """Return the features of a selection: its expected F1, its size and the distribution of the probabilities."""
    expected_words = words * probability
    total, expected_hits = max(float(words.sum()), 1.0), max(float(expected_words.sum()), 1e-9)
    selected_words = float(words[selected].sum())
    indices = np.flatnonzero(selected)
    spread = [float(words[probability > threshold].sum()) / total for threshold in _PROBABILITY_THRESHOLDS]
    return np.array(
        [
            expected_f1,
            expected_hits / total,
            np.log1p(expected_hits),
            selected_words / total,
            selected_words / expected_hits,
            np.log1p(selected_words),
            float(expected_words[selected].sum()) / expected_hits,
            float((words * np.minimum(probability, 1 - probability)).sum()) / expected_hits,
            len(indices) / len(selected),
            np.log1p(len(indices)),
            (indices[-1] - indices[0] + 1) / len(indices),
            indices[0] / len(selected),
            indices[-1] / len(selected),
            *spread,
        ]
    )
