"""How well each block's text matches the titles that a page gives of itself in its head.

The headline of a page is what its `<title>` and `og:title` repeat, usually with the site's name around it.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pagemill.extraction.choosing.blocks import Blocks

MAX_CHARACTERS = 300
"""Longer blocks are no headlines."""
_MIN_MATCH = 0.3
"""The product of both shares from which a block counts as the place of the title."""
_WORD = re.compile(r"\w+")
_END = "\0"  # between blocks; in no text, as parsers replace it
_WORD_OR_END = re.compile(rf"\w+|{_END}")


class TitleMatch(NamedTuple):
    """The match of each block."""

    block_share: NDArray[np.float64]
    """The share of the block's words that are in the title."""
    title_share: NDArray[np.float64]
    """The share of the title's words that are in the block."""
    best: int
    """The first block with the best match; -1 where none matches well."""


def match(blocks: Blocks, characters: NDArray[np.float64], titles: Sequence[str]) -> TitleMatch:
    """Compare the words of each block with each title, in any order; the title that matches better counts.

    `characters`: the length of each block.
    """
    count = len(blocks.owner)
    block_share, title_share = np.zeros(count), np.zeros(count)
    known = [counted for title in dict.fromkeys(titles) if (counted := Counter(_words(title)))]
    if not known:
        return TitleMatch(block_share, title_share, -1)
    title_words = {word for title in known for word in title}
    places, texts = _short_texts(blocks, characters)
    every = _WORD_OR_END.findall(f" {_END} ".join(texts).lower())
    begin = 0
    for block in places:
        end = every.index(_END, begin) if block != places[-1] else len(every)
        words, begin = every[begin:end], end + 1
        said = title_words.intersection(words)
        if not said:
            continue
        best = 0.0
        for title in known:
            common = sum(min(words.count(word), title[word]) for word in said)
            own, other = common / len(words), common / title.total()
            if own * other > best:
                best, block_share[block], title_share[block] = own * other, own, other
    product = block_share * title_share
    place = int(product.argmax()) if count else -1
    return TitleMatch(block_share, title_share, place if count and product[place] >= _MIN_MATCH else -1)


def _short_texts(blocks: Blocks, characters: NDArray[np.float64]) -> tuple[list[int], list[str]]:
    """The short blocks, and their texts."""
    short = (characters <= MAX_CHARACTERS).tolist()
    places: list[int] = []
    texts: list[str] = []
    last = -1
    for text, block in zip(blocks.strings, blocks.text_block, strict=True):
        if block == last:
            texts[-1] += text
        elif short[block]:
            places.append(block)
            texts.append(text)
            last = block
    return places, texts


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
