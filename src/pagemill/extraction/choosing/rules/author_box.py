"""Boxes about the author below a text: they name an author who is named in the byline."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pagemill.extraction.choosing.blocks import Blocks

_LABEL = re.compile(r"(?i)(?:about|written by|über|à propos de|sobre)\s+(?P<name>\S.*)")
_THE_AUTHOR = re.compile(
    r"(?i)(?:about the authors?|über (?:den autor|die autor(?:in|en))|à propos de l['’]auteur|sobre el autor)"
)
_WORD = re.compile(r"\w+")
_FIRST_LETTERS = "aAwWüÜàÀsS"
_MAX_LABEL = 8
_MAX_WORDS = 80


def remove(
    flat: Blocks, selected: NDArray[np.bool_], words: NDArray[np.float64], names: Sequence[str]
) -> NDArray[np.bool_]:
    """Return `selected` without such boxes. `names`: the parts of the byline that say who."""
    known = _spaced(" ".join(names)) if names else ""
    result = selected
    short = (words <= _MAX_LABEL).tolist()
    last = -1
    for string, block in zip(flat.strings, flat.text_block, strict=True):
        is_first, last = block != last, block
        if not (is_first and short[block] and string.lstrip()[:1] in _FIRST_LETTERS):
            continue
        label = " ".join("".join(flat.strings[flat.texts_of(block)]).split())
        match = _LABEL.fullmatch(label)
        if match is None or not (_THE_AUTHOR.fullmatch(label) or _spaced(match["name"]) in known):
            continue
        box = flat.parent[flat.owner[block]] if flat.block_end[flat.owner[block]] == block + 1 else flat.owner[block]
        begin, end = flat.block_begin[box], flat.block_end[box]
        if begin == block and end - begin <= _MAX_WORDS and float(words[begin:end].sum()) <= _MAX_WORDS:
            result = result.copy() if result is selected else result
            result[begin:end] = False
    return result if words[result].any() else selected


def _spaced(text: str) -> str:
    """The words of a text, each between two spaces, so that a part of a word is no word."""
    return f" {' '.join(_WORD.findall(text.lower()))} "
