"""How well each block's text matches the titles that a page gives of itself in its head.

The headline of a page is what its `<title>` and `og:title` repeat, usually with the site's name around it.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain, groupby
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pagemill.extraction.choosing.features import short_texts
from pagemill.extraction.choosing.features.short_texts import WordTable, character_kinds

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from pagemill.extraction.choosing.blocks import Blocks
    from pagemill.extraction.choosing.features.short_texts import ShortTexts
    from pagemill.extraction.choosing.features.word_table import WordTable as Table

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


def match(
    blocks: Blocks, characters: NDArray[np.float64], titles: Sequence[str], texts: ShortTexts | None = None
) -> TitleMatch:
    """Compare the words of each block with each title, in any order; the title that matches better counts.

    `characters`: the length of each block. `texts`: those of the short blocks, if they are known: compiled code takes
    them.
    """
    count = len(blocks.owner)
    block_share, title_share = np.zeros(count), np.zeros(count)
    known = [counted for title in dict.fromkeys(titles) if (counted := Counter(_words(title)))]
    if not known:
        return TitleMatch(block_share, title_share, -1)
    title_words = list(dict.fromkeys(word for title in known for word in title))
    if texts is not None and WordTable is not None:
        found = _common_words_by(WordTable(title_words), texts, title_words)
    else:
        found = _common_words(blocks, characters, title_words)
    for block, length, said in found:
        best = 0.0
        for title in known:
            common = sum(min(times, title[word]) for word, times in said.items())
            own, other = common / length, common / title.total()
            if own * other > best:
                best, block_share[block], title_share[block] = own * other, own, other
    product = block_share * title_share
    place = int(product.argmax()) if count else -1
    return TitleMatch(block_share, title_share, place if count and product[place] >= _MIN_MATCH else -1)


def _common_words(
    blocks: Blocks, characters: NDArray[np.float64], title_words: Collection[str]
) -> Iterator[tuple[int, int, Mapping[str, int]]]:
    """Yield each short block that has words of the titles, its number of words, and how often it has which of them."""
    wanted = {*title_words, _END}
    places, texts = short_texts.of_blocks(blocks, characters)
    if not places:
        return
    every = _WORD_OR_END.findall(f" {_END} ".join(texts).lower())
    order, begin = iter(places), 0
    said: Counter[str] = Counter()
    for place in chain((place for place, word in enumerate(every) if word in wanted), (len(every),)):
        if place < len(every) and every[place] != _END:
            said[every[place]] += 1
            continue
        block = next(order, None)
        if block is None:
            return
        if said:
            yield block, place - begin, said
            said = Counter()
        begin = place + 1


def _common_words_by(
    table: Table, texts: ShortTexts, title_words: Sequence[str]
) -> Iterator[tuple[int, int, Mapping[str, int]]]:
    """Do what `_common_words` does, by a table of the titles' words."""
    counts = np.empty(len(texts.places), np.int64)
    found = table.find_words(texts.codes, texts.begins, texts.ends, character_kinds(), counts)
    for part, pairs in groupby(found, itemgetter(0)):
        said = Counter(title_words[number] for _, number in pairs)
        yield int(texts.places[part]), int(counts[part]), said


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
