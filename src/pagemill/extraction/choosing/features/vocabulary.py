"""A logistic model of the words in tags, classes, ids and roles, with three weights for each word.

The log-odds of a block being content are the sum of a bias and the weights of words: the words of the block's own
element, those of the next two ancestors, and those of every element on the path from the root. Each of the three
positions has its own weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import chain, repeat
from string import ascii_letters, ascii_lowercase, ascii_uppercase
from typing import TYPE_CHECKING

import numpy as np

from pagemill.extraction.choosing.features.short_texts import WordTable, characters_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pagemill.extraction.choosing.features.element_markup import Markup
    from pagemill.extraction.choosing.features.word_table import WordTable as Table

POSITIONS = ("own", "near", "path")
"""Where a word is: on the block's own element, on one of the next two ancestors, anywhere on the path from the root."""

_END = "\0"  # follows the names of an element; not in attributes, because parsers replace it
_SPACE = ord(" ")
# For each byte: letters in lower case, spaces for all else.
_LETTERS = bytes(ord(chr(code).lower()) if chr(code) in f"{ascii_letters}{_END}" else _SPACE for code in range(256))
_IS_UPPER, _IS_LOWER = (
    np.array([chr(code) in case for code in range(256)]) for case in (ascii_uppercase, ascii_lowercase)
)
_MAX_ATTRIBUTE_LENGTH = 400  # in characters; longer ones are machine-generated
_BATCH_SIZE = 1000  # elements at a time; they take 70 bytes for each character of their attributes
_MAX_LOG_ODDS = 30.0  # log-odds are clipped to this


def tokenize(elements: Sequence[Markup]) -> tuple[list[str], NDArray[np.int64]]:
    """Return the words of elements in lower case, and the index of each word's element.

    The words are those of class and id attributes, `<` and the tag, and `=` and each role and property. Repeated words
    occur repeatedly. `postBody` and `post-body` have the same words. Tokenizing all elements at once takes a third of
    the time of one after the other. Strings of one character are among the words and have no weight.
    """
    names = f" {_END} ".join([f"{element.classes} {element.id}"[:_MAX_ATTRIBUTE_LENGTH] for element in elements])
    codes = np.frombuffer(f" {names}".encode("ascii", "replace"), np.uint8)
    camel_case_starts = np.flatnonzero(_IS_LOWER[codes[:-1]] & _IS_UPPER[codes[1:]]) + 1
    normalized = np.insert(codes, camel_case_starts, _SPACE).tobytes().translate(_LETTERS)
    words, normalized_codes = normalized.decode().split(), np.frombuffer(normalized, np.uint8)
    begins = np.flatnonzero((normalized_codes[1:] != _SPACE) & (normalized_codes[:-1] == _SPACE)) + 1
    indices = np.cumsum(normalized_codes[begins] == ord(_END))
    roles = [(f"={role}", index) for index, element in enumerate(elements) if element.roles for role in _roles(element)]
    tags = [f"<{element.tag}" for element in elements]
    words += chain(tags, (role for role, _ in roles))
    return words, np.concatenate([indices, np.arange(len(tags)), [index for _, index in roles]]).astype(np.int64)


def _roles(element: Markup) -> list[str]:
    return element.roles[:_MAX_ATTRIBUTE_LENGTH].lower().split()


@dataclass(frozen=True)
class Vocabulary:
    """The words of the model and their weights."""

    words: Mapping[str, int]
    """The column of each word."""
    weights: NDArray[np.float64]
    """(positions, words)"""
    bias: float

    def sum_weights(self, elements: Sequence[Markup]) -> NDArray[np.float64]:
        """Return the sum of the weights of each element's words, (positions, elements)."""
        weight_sums = [
            self._sum_weights(elements[begin : begin + _BATCH_SIZE]) for begin in range(0, len(elements), _BATCH_SIZE)
        ]
        return np.concatenate(weight_sums, axis=1) if weight_sums else np.empty((len(self.weights), 0))

    def _sum_weights(self, elements: Sequence[Markup]) -> NDArray[np.float64]:
        if WordTable is None:
            return self.plain_sums(elements)
        names = _END.join([f"{element.classes} {element.id}"[:_MAX_ATTRIBUTE_LENGTH] for element in elements])
        signs = _END.join(
            [
                f"<{element.tag} ={' ='.join(_roles(element))}" if element.roles else f"<{element.tag}"
                for element in elements
            ]
        )
        if not names.count(_END) == signs.count(_END) == len(elements) - 1:
            return self.plain_sums(elements)
        table, weights = self._table
        sums = np.empty((len(weights), len(elements)))
        table.sum_names(characters_of(names), characters_of(signs), weights, sums)
        return sums

    @cached_property
    def _table(self) -> tuple[Table, NDArray[np.float64]]:
        """The words as compiled code takes them, and their weights, both by columns."""
        if WordTable is None:
            raise ImportError("the table of words was not compiled")
        words = sorted(self.words, key=self.words.__getitem__)
        return WordTable(words), np.ascontiguousarray(self.weights[:, [self.words[word] for word in words]])

    def plain_sums(self, elements: Sequence[Markup]) -> NDArray[np.float64]:
        """Do what `sum_weights` does without compiled code."""
        words, element = tokenize(elements)
        columns = np.fromiter(map(self.words.get, words, repeat(-1)), np.int64, len(words))
        known = columns >= 0
        occurrences = np.sort(element[known] * len(self.words) + columns[known])
        occurrences = occurrences[np.diff(occurrences, prepend=-1) > 0]  # a repeated word counts once
        element, columns = np.divmod(occurrences, max(len(self.words), 1))
        return np.stack([np.bincount(element, row, len(elements)) for row in self.weights[:, columns]])

    def log_odds(self, weight_sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the log-odds of blocks with these sums of weights, (positions, blocks)."""
        odds: NDArray[np.float64] = np.clip(weight_sums.sum(axis=0) + self.bias, -_MAX_LOG_ODDS, _MAX_LOG_ODDS)
        return odds
