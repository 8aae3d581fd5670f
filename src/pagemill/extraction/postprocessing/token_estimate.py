"""Estimates how many tokens a language model's tokenizer makes of a text.

Each character counts by its script. The weights were fitted to the o200k_base tokenizer of OpenAI's models, on the
Markdown of 234 pages and on texts in 30 languages: see `bench/README.md`. Tokenizers differ, so this is an estimate,
rather too high than too low for recent models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNIT = 20
"""How many units a token has: weights are whole numbers."""
_SPACE, _LETTER, _DIGIT, _MARK = 2, 5, 14, 12
_LATIN_ACCENTED, _ALPHABET, _NO_SPACES, _CJK, _OTHER = 30, 10, 14, 18, 20

_RANGES = (
    (0x00, _SPACE),
    (0x21, _MARK),
    (0x30, _DIGIT),
    (0x3A, _MARK),
    (0x41, _LETTER),
    (0x5B, _MARK),
    (0x61, _LETTER),
    (0x7B, _MARK),
    (0x7F, _OTHER),
    (0xA0, _LATIN_ACCENTED),
    (0x250, _ALPHABET),  # Greek, Cyrillic, Hebrew, Arabic, the scripts of India …
    (0xE00, _NO_SPACES),  # Thai, Lao
    (0xF00, _ALPHABET),
    (0x1000, _NO_SPACES),  # Burmese
    (0x10A0, _ALPHABET),
    (0x1780, _NO_SPACES),  # Khmer
    (0x1800, _ALPHABET),
    (0x1E00, _LATIN_ACCENTED),
    (0x1F00, _ALPHABET),
    (0x2000, _OTHER),
    (0x2E80, _CJK),  # Chinese, Japanese, Korean
    (0xA4D0, _ALPHABET),
    (0xAC00, _CJK),  # Hangul
    (0xD7B0, _OTHER),
    (0xF900, _CJK),
    (0xFB00, _OTHER),
    (0x20000, _CJK),
    (0x32000, _OTHER),
)
"""From which character on a weight holds, and the weight in units."""
_STARTS = np.array([start for start, _ in _RANGES])
_WEIGHTS = np.array([weight for _, weight in _RANGES])


def prefix_units(text: str) -> NDArray[np.int64]:
    """Return, for each length of a beginning of the text from 0 on, how many units that beginning has."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    weights = _WEIGHTS[np.searchsorted(_STARTS, codes, "right") - 1]
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(weights, dtype=np.int64)])


def units(text: str) -> int:
    """Return how many units a text has."""
    return int(prefix_units(text)[-1])


def tokens(text: str) -> int:
    """Return about how many tokens a text has."""
    return -(-units(text) // UNIT)
