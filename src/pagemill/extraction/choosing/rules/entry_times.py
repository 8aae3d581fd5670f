"""The times of entries: on pages of several entries, such as live blogs, each entry's time belongs to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from turbohtml import Element

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from turbohtml import Text

    from pagemill.extraction.choosing.blocks import Blocks

MAX_WORDS = 8
"""A block with more words says more than a time."""
_MAX_LEVELS = 4
_MIN_SHARE = 0.7
"""The share of the words of an entry, other than its time, that must be content."""
_MIN_WORDS = 15
_MIN_ENTRIES = 3


def select(flat: Blocks, selected: NDArray[np.bool_], words: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return `selected` with the times of selected entries."""
    times = _times(flat, words) if flat.names.possible("time") else []
    if len(times) < _MIN_ENTRIES:
        return selected
    taken = np.concatenate([[0.0], np.cumsum(words * selected)])
    every = np.concatenate([[0.0], np.cumsum(words)])
    entries: dict[tuple[int, str, str], list[int]] = {}
    for block in times:
        element = flat.owner[block]
        for _ in range(_MAX_LEVELS):
            begin, end = flat.block_begin[element], flat.block_end[element]
            inside, around = taken[end] - taken[begin], every[end] - every[begin] - words[block]
            if inside >= max(_MIN_WORDS, _MIN_SHARE * around):
                if begin == block:
                    key = flat.parent[element], flat.tags[element], flat.classes[element].partition(" ")[0]
                    entries.setdefault(key, []).append(block)
                break
            element = flat.parent[element]
    result = selected.copy()
    for found in entries.values():
        if len(found) >= _MIN_ENTRIES:
            result[found] = True
    return result


def _times(flat: Blocks, words: NDArray[np.float64]) -> list[int]:
    """The blocks all of whose text is in `<time>` elements."""
    short = (words <= MAX_WORDS).tolist()
    only_time: dict[int, bool] = {}
    for text, block in zip(flat.texts, flat.text_block, strict=True):
        if short[block] and only_time.get(block, True):
            only_time[block] = _in_time(text)
    return [block for block, found in only_time.items() if found]


def _in_time(text: Text) -> bool:
    parent = text.parent
    around = parent.parent if isinstance(parent, Element) else None
    return getattr(parent, "tag", "") == "time" or getattr(around, "tag", "") == "time"
