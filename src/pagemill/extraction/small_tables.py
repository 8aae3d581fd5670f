"""Small tables, which are content as a whole or not at all: a specification without one of its rows misleads.

On the development pages this changes 69 and leaves the word F1 as it is (+0.00003). Large tables may be the
page's layout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pagemill.extraction.blocks import Blocks

MOST_WORDS = 200
"""How many words a small table has at most."""
ENOUGH = 0.3
"""The share of its words from which a table is chosen whole; with less of it none is."""


def settle(flat: Blocks, chosen: NDArray[np.bool_], words: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return `chosen` with each small table chosen whole, or not at all."""
    settled = chosen.copy()
    all_words = np.concatenate([[0], np.cumsum(words)])
    chosen_words = np.concatenate([[0], np.cumsum(words * chosen)])
    for index, tag in enumerate(flat.tags):
        if tag != "table":
            continue
        begin, end = flat.block_begin[index], flat.block_end[index]
        size, taken = all_words[end] - all_words[begin], chosen_words[end] - chosen_words[begin]
        if 0 < taken < size <= MOST_WORDS:
            settled[begin:end] = taken >= ENOUGH * size
    return settled
