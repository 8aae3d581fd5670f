"""Training of what phrases and headings tell: logistic models of the words of short blocks, fitted by L-BFGS.

As with class names, a page is seen with models that have not seen its fold.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csr_array, vstack

from class_words import fit_logistic
from pagemill.extraction.choosing.features import phrases
from pagemill.extraction.choosing.features.block_features import heading_mask
from pagemill.extraction.choosing.features.phrases import PhraseModel
from pages import FOLDS, importance_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pages import Page

_MIN_DOMAINS, _MIN_HEADING_DOMAINS = 5, 4
_MAX_IMPORTANCE, _MAX_HEADING_IMPORTANCE = 3.0, 5.0
_EXTRA_IMPORTANCE = 0.05  # so that texts of one word count, too
_PENALTY = 1e-5
_MAX_ITERATIONS = 40


class _Rows(NamedTuple):
    matrix: csr_array
    labels: np.ndarray
    importance: np.ndarray


class PhraseModels:
    """Models of some pages, fitted with all or without some folds, each only once."""

    def __init__(self, pages: Sequence[Page]) -> None:
        pages = [page for page in pages if len(page.words)]
        own: dict[str, set[str]] = defaultdict(set)
        heading: dict[str, set[str]] = defaultdict(set)
        for page in pages:
            is_heading = heading_mask(page.flat)
            for token, block in zip(page.phrases.tokens, page.phrases.block, strict=True):
                own[token].add(page.domain)
                if is_heading[block]:
                    heading[token].add(page.domain)
        self._own = phrases.columns_of(sorted(token for token, known in own.items() if len(known) >= _MIN_DOMAINS))
        self._heading = phrases.columns_of(
            sorted(token for token, known in heading.items() if len(known) >= _MIN_HEADING_DOMAINS)
        )
        folds = [[page for page in pages if page.fold == fold] for fold in range(FOLDS)]
        self._rows = [(self._own_rows(own_pages), self._heading_rows(own_pages)) for own_pages in folds]
        self._fitted: dict[frozenset[int], tuple[PhraseModel, PhraseModel]] = {}

    def without(self, *folds: int) -> tuple[PhraseModel, PhraseModel]:
        """Return the models for short texts and for headings, of the pages of the other folds."""
        left_out = frozenset(folds)
        if left_out not in self._fitted:
            kept = [rows for fold, rows in enumerate(self._rows) if fold not in left_out]
            own, heading = zip(*kept, strict=True)
            self._fitted[left_out] = _fit(self._own, own), _fit(self._heading, heading)
        return self._fitted[left_out]

    def _own_rows(self, pages: Sequence[Page]) -> _Rows:
        parts = []
        for page in pages:
            short = np.flatnonzero(page.phrases.short)
            matrix = _matrix(page, self._own)[short]
            importance = np.minimum(importance_of(page)[short], _MAX_IMPORTANCE) + _EXTRA_IMPORTANCE
            parts.append(_Rows(matrix, page.label[short], importance))
        return _joined(parts)

    def _heading_rows(self, pages: Sequence[Page]) -> _Rows:
        """One row for each heading: its words, and the share of what follows it that is content."""
        parts = []
        for page in pages:
            headings = np.flatnonzero(heading_mask(page.flat))
            matrix, weight = _matrix(page, self._heading), importance_of(page)
            sums = np.cumsum(np.concatenate([[0.0], weight]))
            wanted = np.cumsum(np.concatenate([[0.0], weight * page.label]))
            ends = np.append(headings[1:], len(page.words))
            total = sums[ends] - sums[np.minimum(headings + 1, ends)]
            good = wanted[ends] - wanted[np.minimum(headings + 1, ends)]
            used = page.phrases.short[headings] & (total > 0)
            share = good[used] / total[used]
            parts.append(_Rows(matrix[headings[used]], share, np.minimum(total[used], _MAX_HEADING_IMPORTANCE)))
        return _joined(parts)


def _matrix(page: Page, columns: dict[str, int]) -> csr_array:
    """Return (blocks, tokens): 1 where a block has a token."""
    pairs = {
        (int(block), columns[token])
        for token, block in zip(page.phrases.tokens, page.phrases.block, strict=True)
        if token in columns
    }
    rows, places = zip(*sorted(pairs), strict=True) if pairs else ((), ())
    return csr_array((np.ones(len(rows)), (rows, places)), shape=(len(page.words), len(columns)))


def _joined(parts: Sequence[_Rows]) -> _Rows:
    matrices, labels, importance = zip(*parts, strict=True)
    return _Rows(vstack(matrices, format="csr"), np.concatenate(labels), np.concatenate(importance))


def _fit(columns: dict[str, int], parts: Sequence[_Rows]) -> PhraseModel:
    rows = _joined(parts)
    weights, bias = fit_logistic(*rows, penalty=_PENALTY, iterations=_MAX_ITERATIONS)
    # The model is kept in half precision; what learns from it sees it as it will be.
    return PhraseModel(columns, weights.astype(np.float16).astype(np.float64), bias)
