"""Small tables, which are content as a whole or not at all: a specification without one of its rows misleads.

On the development pages this changes 56 and leaves the word F1 as it is. Large tables may be the page's layout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pagemill.extraction.blocks import Blocks

MOST_WORDS = 200
"""How many words a small table has at most."""
ENOUGH = 0.5
"""The share of its words from which a table is chosen whole."""


def complete(flat: Blocks, chosen: NDArray[np.bool_], words: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return `chosen` with the rest of each small table of which enough is chosen."""
    completed = chosen.copy()
    all_words = np.concatenate([[0], np.cumsum(words)])
    chosen_words = np.concatenate([[0], np.cumsum(words * chosen)])
    for index, tag in enumerate(flat.tags):
        if tag != "table":
            continue
        begin, end = flat.block_begin[index], flat.block_end[index]
        size, taken = all_words[end] - all_words[begin], chosen_words[end] - chosen_words[begin]
        if 0 < size <= MOST_WORDS and taken >= ENOUGH * size:
            completed[begin:end] = True
    return completed
