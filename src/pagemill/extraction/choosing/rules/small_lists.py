"""Selects small tables and lists as a whole or not at all: a specification without one of its rows misleads.

Large tables may be layout tables, and large lists may be menus.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pagemill.extraction.choosing.blocks import Blocks

TAGS = frozenset({"table", "ul", "ol", "dl"})
MAX_WORDS = 200
"""The largest number of words of a small table or list."""
MIN_SELECTED_SHARE = 0.4
"""The share of selected words from which all of it is selected; below that, none is. Shares up to a half did as well in
cross-validation."""

_OWN_HEADER = ":scope > tr > th, :scope > * > tr > th"


def select_whole(flat: Blocks, selected: NDArray[np.bool_], words: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return `selected` with each small table or list whole or not at all. An outer one decides for those inside it.

    If that would leave no words, return `selected` unchanged: some text is better than none.
    """
    result = selected.copy()
    all_words = np.concatenate([[0.0], np.cumsum(words)]).tolist()
    selected_words = np.concatenate([[0.0], np.cumsum(words * selected)]).tolist()
    next_element = 0
    for index, tag in enumerate(flat.tags):
        if tag not in TAGS or index < next_element:
            continue
        begin, end = flat.block_begin[index], flat.block_end[index]
        word_count, selected_word_count = all_words[end] - all_words[begin], selected_words[end] - selected_words[begin]
        if 0 < selected_word_count < word_count <= MAX_WORDS:
            result[begin:end] = selected_word_count >= MIN_SELECTED_SHARE * word_count
            next_element = flat.element_end[index]
    return result if words[result].any() else selected


def without_parts_of_tables(flat: Blocks, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return `chosen` without blocks of tables with header cells that were chosen in part."""
    count = np.concatenate([[0], np.cumsum(chosen)]).tolist()
    result = chosen
    for index, tag in enumerate(flat.tags):
        if tag != "table":
            continue
        begin, end = flat.block_begin[index], flat.block_end[index]
        if 0 < count[end] - count[begin] < end - begin and flat.elements[index].select_one(_OWN_HEADER) is not None:
            result = result.copy() if result is chosen else result
            result[begin:end] = False
    return result
