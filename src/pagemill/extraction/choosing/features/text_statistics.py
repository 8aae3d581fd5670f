"""Counts the words, digits, full stops … of every block of a page at once.

Words are runs of letters, digits and combining marks. In scripts without spaces between words, each character counts as
a fraction of a word (see `word_count`).
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
_CHARACTER_CLASSES = {
    _STOP: ".!?。！？…।॥۔؟։።។။",  # Latin and Chinese; Indic, Arabic, Armenian, Ethiopic, Khmer, Burmese
    _COMMA: ",;:、，；：،؛",
    _MONEY: "$€£¥₹%",
    _SYMBOL: "|›»«‹·•©→←▼▲+/&#@<>",
}
_BMP_SIZE = 0x10000  # characters beyond the basic multilingual plane count as its last one
_FIRST_UNSPACED = np.array([first for first, _, _ in word_count.UNSPACED_SCRIPTS], np.uint32)
_WORDS_PER_CHARACTER = np.array([share for _, _, share in word_count.UNSPACED_SCRIPTS])


@dataclass(frozen=True, slots=True)
class TextStatistics:
    """Counts for each block, as float arrays of the same length."""

    words: NDArray[np.float64]
    linked_words: NDArray[np.float64]
    characters: NDArray[np.float64]
    letters: NDArray[np.float64]
    digits: NDArray[np.float64]
    stops: NDArray[np.float64]
    """Sentence-ending punctuation marks."""
    commas: NDArray[np.float64]
    money: NDArray[np.float64]
    symbols: NDArray[np.float64]
    ends_sentence: NDArray[np.float64]
    """1 where the last character ends a sentence."""
    text_hash: NDArray[np.uint64]
    """A hash of the text without whitespace."""


@cache
def _character_flags() -> NDArray[np.uint8]:
    """The character classes of each character of the basic multilingual plane, as bits."""
    flags = np.zeros(_BMP_SIZE, np.uint8)
    for code in range(_BMP_SIZE):
        character = chr(code)
        if word_count.is_word_character(character):
            flags[code] = _WORD | (_DIGIT if character.isdigit() else 0)
        elif character.isspace():
            flags[code] = _SPACE
    for bit, characters in _CHARACTER_CLASSES.items():
        for character in characters:
            flags[ord(character)] |= bit
    for first, last, _ in word_count.UNSPACED_SCRIPTS:
        flags[first : last + 1] |= np.where(flags[first : last + 1] & _WORD, np.uint8(_UNSPACED), np.uint8(0))
    return flags


def count(blocks: Blocks) -> TextStatistics:
    """Compute the statistics of every block. There must be at least one block."""
    text_block = np.array(blocks.text_block)
    lengths = np.fromiter(map(len, blocks.strings), np.int64, len(blocks.strings))
    text_begin = np.cumsum(lengths) - lengths
    begin = text_begin[np.flatnonzero(np.diff(text_block, prepend=-1))]
    codes = np.frombuffer("".join(blocks.strings).encode("utf-32-le", "surrogatepass"), np.uint32)
    flags = _character_flags().take(codes, mode="clip")

    count = len(begin)
    flagged = np.flatnonzero(flags > _SPACE)
    flagged_flags = flags[flagged]
    flagged_block = np.repeat(np.arange(count), np.diff(np.searchsorted(flagged, begin), append=len(flagged)))

    word = flags & _WORD
    letters = np.add.reduceat(word, begin, dtype=np.int64).astype(np.float64)
    unspaced = flagged[flagged_flags >= _UNSPACED]
    word[unspaced] = 0
    word_begin = word.copy()
    word_begin[1:] &= ~word[:-1]
    word_begin[begin] = word[begin]  # words end at block boundaries
    text_words = np.add.reduceat(word_begin, text_begin, dtype=np.int64).astype(np.float64)
    if len(unspaced):
        share = _WORDS_PER_CHARACTER[np.searchsorted(_FIRST_UNSPACED, codes[unspaced], "right") - 1]
        text_words += np.bincount(np.searchsorted(text_begin, unspaced, "right") - 1, share, len(text_begin))

    def total(bit: int) -> NDArray[np.float64]:
        return np.bincount(flagged_block[(flagged_flags & bit) != 0], minlength=count).astype(np.float64)

    nonspace = np.flatnonzero(flags != _SPACE)
    first_nonspace = np.searchsorted(nonspace, begin)
    last_nonspace = np.append(first_nonspace[1:], len(nonspace)) - 1
    return TextStatistics(
        words=np.bincount(text_block, text_words, count).astype(np.float64),
        linked_words=np.bincount(text_block, text_words * np.array(blocks.text_linked), count).astype(np.float64),
        characters=np.diff(begin, append=len(codes)).astype(np.float64),
        letters=letters,
        digits=total(_DIGIT),
        stops=total(_STOP),
        commas=total(_COMMA),
        money=total(_MONEY),
        symbols=total(_SYMBOL),
        ends_sentence=((flags[nonspace[last_nonspace]] & _STOP) != 0).astype(np.float64),
        text_hash=_hash_runs(codes[nonspace], first_nonspace),
    )


def _hash_runs(codes: NDArray[np.uint32], begin: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return a polynomial hash (modulo 2^64) of each of the runs of `codes` that start at `begin`."""
    place = np.arange(len(codes)) - np.repeat(begin, np.diff(begin, append=len(codes)))
    powers = np.cumprod(np.full(int(place.max()) + 1, 0x100000001B3, np.uint64))
    return np.add.reduceat(codes * powers[place], begin, dtype=np.uint64)
