"""What the letters of each block say: counts of words, digits, stops … for a whole page at once.

Words are runs of letters, digits and the marks upon them; where scripts run words together, each character is a part of
one (see `wording`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from pagemill.extraction.choosing.features import word_count

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pagemill.extraction.choosing.blocks import Blocks

_WORD, _SPACE, _DIGIT, _STOP, _COMMA, _MONEY, _SYMBOL, _UNSPACED = (1 << bit for bit in range(8))
_SIGNS = {
    _STOP: ".!?。！？…।॥۔؟։።។။",  # Latin and Chinese; Indic, Arabic, Armenian, Ethiopic, Khmer, Burmese
    _COMMA: ",;:、，；：،؛",
    _MONEY: "$€£¥₹%",
    _SYMBOL: "|›»«‹·•©→←▼▲+/&#@<>",
}
_PLANE = 0x10000  # characters above the basic plane count as its last one
_FIRST_UNSPACED = np.array([first for first, _, _ in word_count.UNSPACED], np.uint32)
_UNSPACED_SHARE = np.array([share for _, _, share in word_count.UNSPACED])


@dataclass(frozen=True, slots=True)
class Letters:
    """Counts for each block, as float arrays of one length."""

    words: NDArray[np.float64]
    linked_words: NDArray[np.float64]
    characters: NDArray[np.float64]
    letters: NDArray[np.float64]
    digits: NDArray[np.float64]
    stops: NDArray[np.float64]
    """Marks that end sentences."""
    commas: NDArray[np.float64]
    money: NDArray[np.float64]
    symbols: NDArray[np.float64]
    ends_sentence: NDArray[np.float64]
    """1 where the last character ends a sentence."""
    key: NDArray[np.uint64]
    """The same for blocks with the same text, spaces aside."""


@cache
def _kinds() -> NDArray[np.uint8]:
    """For each character of the basic plane, the bits of what it is."""
    kinds = np.zeros(_PLANE, np.uint8)
    for code in range(_PLANE):
        character = chr(code)
        if word_count.in_words(character):
            kinds[code] = _WORD | (_DIGIT if character.isdigit() else 0)
        elif character.isspace():
            kinds[code] = _SPACE
    for bit, characters in _SIGNS.items():
        for character in characters:
            kinds[ord(character)] |= bit
    for first, last, _ in word_count.UNSPACED:
        kinds[first : last + 1] |= np.where(kinds[first : last + 1] & _WORD, np.uint8(_UNSPACED), np.uint8(0))
    return kinds


def count(blocks: Blocks) -> Letters:
    """Count the letters of every block. There is at least one block."""
    owner = np.array(blocks.text_block)
    lengths = np.fromiter(map(len, blocks.strings), np.int64, len(blocks.strings))
    text_begin = np.cumsum(lengths) - lengths
    begin = text_begin[np.flatnonzero(np.diff(owner, prepend=-1))]
    codes = np.frombuffer("".join(blocks.strings).encode("utf-32-le", "surrogatepass"), np.uint32)
    kinds = _kinds().take(codes, mode="clip")

    count = len(begin)
    rare = np.flatnonzero(kinds > _SPACE)
    rare_kinds = kinds[rare]
    rare_block = np.repeat(np.arange(count), np.diff(np.searchsorted(rare, begin), append=len(rare)))

    word = kinds & _WORD
    letters = np.add.reduceat(word, begin, dtype=np.int64).astype(np.float64)
    unspaced = rare[rare_kinds >= _UNSPACED]
    word[unspaced] = 0
    word_begin = word.copy()
    word_begin[1:] &= ~word[:-1]
    word_begin[begin] = word[begin]  # words do not go over the edges of blocks
    text_words = np.add.reduceat(word_begin, text_begin, dtype=np.int64).astype(np.float64)
    if len(unspaced):
        share = _UNSPACED_SHARE[np.searchsorted(_FIRST_UNSPACED, codes[unspaced], "right") - 1]
        text_words += np.bincount(np.searchsorted(text_begin, unspaced, "right") - 1, share, len(text_begin))

    def total(bit: int) -> NDArray[np.float64]:
        return np.bincount(rare_block[(rare_kinds & bit) != 0], minlength=count).astype(np.float64)

    dark = np.flatnonzero(kinds != _SPACE)
    first_dark = np.searchsorted(dark, begin)
    last_dark = np.append(first_dark[1:], len(dark)) - 1
    return Letters(
        words=np.bincount(owner, text_words, count).astype(np.float64),
        linked_words=np.bincount(owner, text_words * np.array(blocks.text_linked), count).astype(np.float64),
        characters=np.diff(begin, append=len(codes)).astype(np.float64),
        letters=letters,
        digits=total(_DIGIT),
        stops=total(_STOP),
        commas=total(_COMMA),
        money=total(_MONEY),
        symbols=total(_SYMBOL),
        ends_sentence=((kinds[dark[last_dark]] & _STOP) != 0).astype(np.float64),
        key=_keys(codes[dark], first_dark),
    )


def _keys(codes: NDArray[np.uint32], begin: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return a polynomial hash (modulo 2^64) of each of the runs of `codes` that start at `begin`."""
    place = np.arange(len(codes)) - np.repeat(begin, np.diff(begin, append=len(codes)))
    powers = np.cumprod(np.full(int(place.max()) + 1, 0x100000001B3, np.uint64))
    return np.add.reduceat(codes * powers[place], begin, dtype=np.uint64)
