"""What short texts say: "Read more", "Related articles", "Leave a comment" are rarely content, whatever their markup.

A logistic model of the words of short blocks, and of blocks of a few words as a whole. It knows words that stand on
several sites, in any language.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import compress, repeat
from typing import TYPE_CHECKING

import numpy as np

from pagemill.extraction.choosing.features.short_texts import PUNCTUATION, WordTable, character_kinds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pagemill.extraction.choosing.blocks import Blocks
    from pagemill.extraction.choosing.features.short_texts import ShortTexts
    from pagemill.extraction.choosing.features.word_table import WordTable as Table

MOST_CHARACTERS = 120
"""Longer blocks are no phrases: their markup and their sentences say more."""
_MOST_WHOLE = 5  # words of a block that is a token as a whole
_END = "\0"  # between blocks; in no text, as parsers replace it
_WHOLE = "="  # before the text of a whole block
_NUMBER = "#"  # stands for any number


@dataclass(frozen=True, slots=True)
class Phrases:
    """The tokens of a page's short blocks."""

    tokens: list[str]
    block: NDArray[np.int64]
    """The block that each token is of. A token stands once for each time it is said."""
    short: NDArray[np.bool_]
    """Whether each block is short enough to have tokens."""

    def of(self, chosen: NDArray[np.bool_]) -> Phrases:
        """Return the tokens of the chosen blocks alone."""
        is_chosen = chosen[self.block]
        return Phrases(list(compress(self.tokens, is_chosen)), self.block[is_chosen], self.short & chosen)


def read(blocks: Blocks, characters: NDArray[np.float64]) -> Phrases:
    """Return the tokens of the blocks of at most `MOST_CHARACTERS`: words in lower case, and few words as a whole.

    `characters`: the length of each block.
    """
    short = characters <= MOST_CHARACTERS
    wanted = short.tolist()
    texts: list[str] = []
    places: list[int] = []
    last = -1
    for text, block in zip(blocks.strings, blocks.text_block, strict=True):
        if not wanted[block]:
            continue
        if block == last:
            texts[-1] += text
        else:
            texts.append(text)
            places.append(block)
            last = block
    # `str.translate` takes four times as long.
    split = PUNCTUATION.sub(" ", f" {_END} ".join(texts).lower()).split()
    words = [_NUMBER if word.isdigit() else word for word in split]
    tokens: list[str] = []
    owners: list[int] = []
    begin = 0
    for place in places:
        end = words.index(_END, begin) if place != places[-1] else len(words)
        own = words[begin:end]
        if 1 < len(own) <= _MOST_WHOLE:
            own.append(_WHOLE + " ".join(own))
        tokens += own
        owners += repeat(place, len(own))
        begin = end + 1
    return Phrases(tokens, np.array(owners, np.int64), short)


@dataclass(frozen=True)
class PhraseModel:
    """A trained model: the weight of each known token."""

    tokens: Mapping[str, int]
    """The column of each token."""
    weights: NDArray[np.float64]
    bias: float

    def log_odds(self, phrases: Phrases, count: int) -> NDArray[np.float64]:
        """Return the log-odds of each of `count` blocks, 0 for those that are not short."""
        columns = np.fromiter(map(self.tokens.get, phrases.tokens, repeat(-1)), np.int64, len(phrases.tokens))
        known = columns >= 0
        size = max(len(self.tokens), 1)
        told = np.unique(phrases.block[known] * size + columns[known])  # a token that is said twice counts once
        block, columns = np.divmod(told, size)
        odds = np.bincount(block, self.weights[columns], count) + self.bias
        return np.where(phrases.short, odds, 0.0).astype(np.float64)

    def compiled_log_odds(self, texts: ShortTexts, short: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Do what `log_odds` does, by compiled code. `short`: the blocks to ask about, all of them in `texts`."""
        table, weights = self._table
        asked = np.flatnonzero(short[texts.places])
        sums = np.empty(len(asked))
        table.sum_weights(
            texts.codes, texts.begins[asked], texts.ends[asked], character_kinds(), weights, _MOST_WHOLE, sums
        )
        odds = np.zeros(len(short))
        odds[texts.places[asked]] = sums + self.bias
        return odds

    @cached_property
    def _table(self) -> tuple[Table, NDArray[np.float64]]:
        """The tokens as compiled code takes them, and their weights, both by columns."""
        if WordTable is None:
            raise ImportError("the table of words was not compiled")
        tokens = sorted(self.tokens, key=self.tokens.__getitem__)
        return WordTable(tokens), self.weights[[self.tokens[token] for token in tokens]]


def columns_of(tokens: Sequence[str]) -> dict[str, int]:
    """Return the column of each of some tokens."""
    return {token: column for column, token in enumerate(tokens)}
