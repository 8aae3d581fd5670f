"""Training of the vocabulary: a logistic model of the words in tags, classes and ids, fitted by L-BFGS.

Trees that train on a page see a vocabulary that was fitted without the page's fold. With a vocabulary that has seen the
page, they would trust it too much.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_array, hstack, vstack

from pagemill.extraction.choosing.features import label_encoding
from pagemill.extraction.choosing.features.element_markup import distinct_markup
from pagemill.extraction.choosing.features.tree_arrays import TreeArrays
from pagemill.extraction.choosing.features.vocabulary import POSITIONS, Vocabulary, tokenize
from pages import FOLDS, importance_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pages import Page

_MIN_DOMAINS = 5
_PENALTY = 3e-6  # on the sum of the squared weights, halved; the loss is a mean
_MAX_ITERATIONS = 30  # stopping early regularizes, too


class Vocabularies:
    """Vocabularies of some pages, fitted on all folds or without some. Each is fitted once and cached."""

    def __init__(self, pages: Sequence[Page]) -> None:
        domains: dict[str, set[str]] = defaultdict(set)
        for page in pages:
            for word in tokenize(distinct_markup(page.flat)[0])[0]:
                domains[word].add(page.domain)
        words = sorted(word for word, known in domains.items() if len(word) > 1 and len(known) >= _MIN_DOMAINS)
        self._columns = {word: column for column, word in enumerate(words)}
        self._folds = [self._rows([page for page in pages if page.fold == fold]) for fold in range(FOLDS)]
        self._fitted: dict[frozenset[int], Vocabulary] = {}

    def without(self, *folds: int) -> Vocabulary:
        """Return the vocabulary of the pages of the other folds."""
        left_out = frozenset(folds)
        if left_out not in self._fitted:
            kept = [rows for fold, rows in enumerate(self._folds) if fold not in left_out]
            matrices, labels, importance = zip(*kept, strict=True)
            rows = vstack(matrices, format="csr"), np.concatenate(labels), np.concatenate(importance)
            weights, bias = fit_logistic(*rows, penalty=_PENALTY, iterations=_MAX_ITERATIONS)
            # The model is kept in half precision; what learns from the vocabulary sees it as it will be.
            table = weights.reshape(len(POSITIONS), -1).astype(np.float16).astype(np.float64)
            self._fitted[left_out] = Vocabulary(self._columns, table, bias)
        return self._fitted[left_out]

    def _rows(self, pages: Sequence[Page]) -> tuple[csr_array, np.ndarray, np.ndarray]:
        """Return the counts of words, the labels and the importance of the blocks, a row for each distinct path."""
        parts = [self._rows_of(page) for page in pages if len(page.words)]
        matrices, labels, importance = zip(*parts, strict=True)
        return vstack(matrices, format="csr"), np.concatenate(labels), np.concatenate(importance)

    def _rows_of(self, page: Page) -> tuple[csr_array, np.ndarray, np.ndarray]:
        """Return the rows of one page. Blocks whose paths have the same start tags are one row."""
        tree, word_matrix = TreeArrays(page.flat), self._word_matrix(page)
        _, markup_index = distinct_markup(page.flat)
        place, _ = label_encoding.encode(tree.path_hash(markup_index)[tree.owner])
        _, first = np.unique(place, return_index=True)
        own = tree.owner[first]
        parent = tree.parent[own]
        path = _paths(tree, own) @ word_matrix
        matrix = hstack([word_matrix[own], word_matrix[parent] + word_matrix[tree.parent[parent]], path], format="csr")
        weight = importance_of(page)
        importance = np.bincount(place, weight)
        return matrix, np.bincount(place, weight * page.label) / np.maximum(importance, 1e-9), importance

    def _word_matrix(self, page: Page) -> csr_array:
        """Return a matrix of (elements, words): 1 if the element has the word."""
        elements, markup_index = distinct_markup(page.flat)
        word_matrix: list[set[int]] = [set() for _ in elements]
        for word, element in zip(*tokenize(elements), strict=True):
            if word in self._columns:
                word_matrix[element].add(self._columns[word])
        found = [sorted(word_matrix[element]) for element in markup_index]
        ends = np.cumsum([0, *map(len, found)])
        columns = np.array([column for row in found for column in row], np.int32)
        return csr_array((np.ones(len(columns)), columns, ends), shape=(len(found), len(self._columns)))


def _paths(tree: TreeArrays, elements: np.ndarray) -> csr_array:
    """Return a matrix of (given elements, all elements): 1 for each element on the path from the root."""
    parent, paths = tree.parent.tolist(), []
    for element in elements.tolist():
        path = [element]
        while path[-1]:
            path.append(parent[path[-1]])
        paths.append(path)
    columns = np.concatenate(paths)
    ends = np.cumsum([0, *map(len, paths)])
    return csr_array((np.ones(len(columns)), columns, ends), shape=(len(elements), tree.element_count))


def fit_logistic(
    rows: csr_array, labels: np.ndarray, importance: np.ndarray, *, penalty: float, iterations: int
) -> tuple[np.ndarray, float]:
    """Return the weights and the constant with the lowest mean log loss, each weight's square penalized."""
    columns, share = rows.T.tocsr(), importance / importance.sum()

    def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
        weights, bias = values[:-1], values[-1]
        odds = rows @ weights + bias
        error = share * (1 / (1 + np.exp(-odds)) - labels)
        value = float((share * (np.logaddexp(0, odds) - labels * odds)).sum() + penalty / 2 * (weights @ weights))
        return value, np.append(columns @ error + penalty * weights, error.sum())

    start, options = np.zeros(rows.shape[1] + 1), {"maxiter": iterations}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options)
    return found.x[:-1], float(found.x[-1])
