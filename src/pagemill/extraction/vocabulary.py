"""What tags, classes and ids tell of the blocks within: a logistic model, learnt, with three weights for each word.

The log-odds of a block being content are a constant, the weights of the words of the element that it stands in, those
of the two elements around that, and those of every element from the root to it, each with a weight of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
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
    tag, classes, name, roles = element
    names = f"{classes} {name}" if classes and name else classes or name
    words = _WORD.findall(names[:_LONGEST]) if names else []
    own = [f"={role}" for role in roles[:_LONGEST].split()] if roles else []
    return list(dict.fromkeys(map(str.lower, (f"<{tag}", *words, *own))))


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The known words and their weights."""

    words: Mapping[str, int]
    """The column of each word."""
    weights: NDArray[np.float64]
    """(places, words)."""
    bias: float

    def weigh(self, looks: Sequence[Markup]) -> NDArray[np.float64]:
        """Return (places, looks): the sum of the weights of the words of each."""
        known = self.words
        held = [[known[word] for word in words_of(look) if word in known] for look in looks]
        look = np.repeat(np.arange(len(held)), list(map(len, held)))
        weights = self.weights[:, list(chain.from_iterable(held))]
        return np.stack([np.bincount(look, row, len(held)) for row in weights])

    def log_odds(self, parts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the log-odds of blocks of which the words in each place say `parts`, (places, blocks)."""
        odds: NDArray[np.float64] = np.clip(parts.sum(axis=0) + self.bias, -_MOST, _MOST)
        return odds
