"""What tags, classes and ids tell of the blocks within: a logistic model, learnt, with three weights for each word.

The log-odds of a block being content are a constant, the weights of the words of the element that it stands in, those
of the two elements around that, and those of every element from the root to it, each with a weight of its own.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pagemill.extraction import groups

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pagemill.extraction.blocks import Blocks

PLACES = ("own", "near", "path")
"""Where a word stands: on the block's element, on one of the two around it, anywhere on the way from the root."""

_WORD = re.compile(r"[A-Z]?[a-z]{2,}|[A-Z]{2,}")
_LONGEST = 400  # characters of the attributes that are read; more are of a machine
_REMEMBERED = 50_000  # classes and identifiers: some megabytes
_MOST = 30.0  # log-odds beyond which nothing is surer


class Markup(NamedTuple):
    """What an element's start tag says, as it stands in `Blocks`."""

    tag: str
    classes: str
    id: str
    roles: str


def markup(blocks: Blocks) -> tuple[list[Markup], NDArray[np.int64]]:
    """Return the distinct markup of a page's elements, and the place among it of that of each element."""
    found, places = groups.distinct(zip(blocks.tags, blocks.classes, blocks.ids, blocks.roles, strict=True))
    return list(map(Markup._make, found)), places


def words_of(element: Markup) -> list[str]:
    """Return the distinct words of an element, in lower case: `<` and its tag, those of its class and id attributes,
    and `=` and each of its roles and properties.

    `postBody` and `post-body` have the same words.
    """
    words = chain.from_iterable(map(_words_in, _names(element)))
    return list(dict.fromkeys((f"<{element.tag}", *words, *_roles(element))))


def _names(element: Markup) -> list[str]:
    _, classes, name, _ = element
    return (f"{classes} {name}" if classes and name else classes or name)[:_LONGEST].split()


def _roles(element: Markup) -> list[str]:
    return [f"={role}" for role in element.roles[:_LONGEST].lower().split()] if element.roles else []


def _words_in(name: str) -> list[str]:
    return list(map(str.lower, _WORD.findall(name)))


class _Columns(dict[str, tuple[int, ...]]):
    """The columns of the known words in a class or identifier.

    A page has few of them, in many combinations, and the next page of its site the same: they are remembered.
    """

    def __init__(self, known: Mapping[str, int]) -> None:
        super().__init__()
        self.known = known

    def __missing__(self, name: str) -> tuple[int, ...]:
        found = tuple(self.known[word] for word in _words_in(name) if word in self.known)
        if len(self) < _REMEMBERED:
            self[name] = found
        return found


class Vocabulary:
    """The known words and their weights."""

    def __init__(self, words: Mapping[str, int], weights: NDArray[np.float64], bias: float) -> None:
        self.words = words
        """The column of each word."""
        self.weights = weights
        """(places, words)."""
        self.bias = bias
        self._columns = _Columns(words)

    def weigh(self, looks: Sequence[Markup]) -> NDArray[np.float64]:
        """Return (places, looks): the sum of the weights of the words of each."""
        held = [self._known_in(look) for look in looks]
        look = np.repeat(np.arange(len(held)), list(map(len, held)))
        weights = self.weights[:, list(chain.from_iterable(held))]
        return np.stack([np.bincount(look, row, len(held)) for row in weights])

    def _known_in(self, element: Markup) -> list[int]:
        """Return the columns of the known ones of `words_of(element)`, without making a list of all."""
        known = self.words
        columns = list(dict.fromkeys(chain.from_iterable(map(self._columns.__getitem__, _names(element)))))
        if (tag := f"<{element.tag}") in known:
            columns.insert(0, known[tag])
        if element.roles:
            columns += [known[role] for role in dict.fromkeys(_roles(element)) if role in known]
        return columns

    def log_odds(self, parts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the log-odds of blocks of which the words in each place say `parts`, (places, blocks)."""
        odds: NDArray[np.float64] = np.clip(parts.sum(axis=0) + self.bias, -_MOST, _MOST)
        return odds
