"""The texts of a page's short blocks, which are read for what they say: phrases of boilerplate, words of the title."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pagemill.extraction.choosing.blocks import Blocks
    from pagemill.extraction.choosing.features.word_table import WordTable as Table

WordTable: type[Table] | None
"""The compiled table of words, or None if it was not compiled."""
try:
    from pagemill.extraction.choosing.features.word_table import WordTable
except ImportError:
    WordTable = None

MAX_CHARACTERS = 300
"""Longer blocks are not short."""
_END = "\0"  # between blocks; in no text, as parsers replace it
PUNCTUATION = re.compile(rf"""[{re.escape(".,:;!?()[]{}")}"'`´‘’«»“”„…›‹|·•*/\\<>→←▼▲+=#_~^&©®™–—-]""")
"""What separates the words of a phrase, besides whitespace."""
_CHARACTERS = 0x10000
_SEPARATOR, _DIGIT, _WORD = 1, 2, 4


@dataclass(frozen=True, slots=True)
class ShortTexts:
    """Texts in lower case as one array, for compiled code."""

    places: NDArray[np.int64]
    """The blocks."""
    codes: NDArray[np.uint16]
    """The characters of all texts."""
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]


def read(blocks: Blocks, characters: NDArray[np.float64]) -> ShortTexts | None:
    """Return the texts of the blocks of at most `MAX_CHARACTERS`; None where no array can hold them.

    That is the case with characters beyond the basic multilingual plane. `characters`: the length of each block.
    """
    places, texts = of_blocks(blocks, characters)
    joined = f" {_END} ".join(texts).lower()
    codes = characters_of(joined)
    between = np.flatnonzero(codes == 0)
    if len(codes) != len(joined) or len(between) != max(len(places) - 1, 0):
        return None
    begins, ends = np.append(0, between + 1)[: len(places)], np.append(between, len(codes))[: len(places)]
    return ShortTexts(np.array(places, np.int64), codes, begins, ends)


def of_blocks(blocks: Blocks, characters: NDArray[np.float64]) -> tuple[list[int], list[str]]:
    """Return the blocks of at most `MAX_CHARACTERS`, and their texts. `characters`: the length of each block."""
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


def characters_of(text: str) -> NDArray[np.uint16]:
    """Return the characters of a text as compiled code takes them: two for one beyond the basic multilingual plane."""
    return np.frombuffer(text.encode("utf-16-le", "surrogatepass"), np.uint16)


@cache
def character_kinds() -> NDArray[np.uint8]:
    """What each character of the basic multilingual plane is: bits, as in `word_table`."""
    kinds = np.zeros(_CHARACTERS, np.uint8)
    for code in range(_CHARACTERS):
        character = chr(code)
        if character.isspace() or PUNCTUATION.match(character):
            kinds[code] |= _SEPARATOR
        if character.isdigit():
            kinds[code] |= _DIGIT
        if character.isalnum() or character == "_":
            kinds[code] |= _WORD
    return kinds
