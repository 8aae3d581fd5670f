"""Code in several variants, such as one for each package manager: all of them, or none."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pagemill.extraction.choosing.blocks import Blocks

_LEVELS = 3
_MAX_LABEL = 4


def select(flat: Blocks, selected: NDArray[np.bool_], words: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return `selected` with code blocks beside selected ones in the same box, with nothing but labels between."""
    code = [block for block, owner in enumerate(flat.owner) if flat.tags[owner] in ("pre", "code")]
    result = selected
    for before, after in pairwise(code):
        if result[before] == result[after] or _box(flat, before) != _box(flat, after):
            continue
        if all(words[block] <= _MAX_LABEL and not selected[block] for block in range(before + 1, after)):
            result = result.copy() if result is selected else result
            result[[before, after]] = True
    return result


def _box(flat: Blocks, block: int) -> int:
    """The element in which the panels of a block of code stand: one or two levels above it."""
    panel = flat.parent[flat.owner[block]]
    return flat.parent[panel] if flat.tags[flat.owner[block]] == "pre" else flat.parent[flat.parent[panel]]
