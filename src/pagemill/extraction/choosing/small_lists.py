"""Small tables and lists, which are content as a whole or not at all: a specification without one of its rows misleads.

Large tables may be the page's layout, and large lists its menu.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pagemill.extraction.choosing.blocks import Blocks

TAGS = frozenset({"table", "ul", "ol", "dl"})
MAX_WORDS = 200
"""How many words a small table or list has at most."""
MIN_SELECTED_SHARE = 0.4
"""The share of its words from which it is chosen whole; with less of it none is. Anything up to a half did as well in
cross-validation."""


def select_whole(flat: Blocks, selected: NDArray[np.bool_], words: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return `chosen` with each small table or list whole, or not at all; the outer one decides for the inner.

    Where that would leave no words, `chosen` stays as it is: some text is better than none.
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
