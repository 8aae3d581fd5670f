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
MOST_WORDS = 200
"""How many words a small table or list has at most."""
ENOUGH = 0.4
"""The share of its words from which it is chosen whole; with less of it none is. Anything up to a half did as well in
cross-validation."""


def settle(flat: Blocks, chosen: NDArray[np.bool_], words: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return `chosen` with each small table or list whole, or not at all; the outer one decides for the inner.

    Where that would leave no words, `chosen` stays as it is: some text is better than none.
    """
    settled = chosen.copy()
    all_words = np.concatenate([[0.0], np.cumsum(words)]).tolist()
    chosen_words = np.concatenate([[0.0], np.cumsum(words * chosen)]).tolist()
    settled_to = 0
    for index, tag in enumerate(flat.tags):
        if tag not in TAGS or index < settled_to:
            continue
        begin, end = flat.block_begin[index], flat.block_end[index]
        size, taken = all_words[end] - all_words[begin], chosen_words[end] - chosen_words[begin]
        if 0 < taken < size <= MOST_WORDS:
            settled[begin:end] = taken >= ENOUGH * size
            settled_to = flat.element_end[index]
    return settled if words[settled].any() else chosen
