"""Code in several variants, such as one for each package manager: all of them, or none."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pagemill.extraction.choosing.blocks import Blocks

_MAX_LABEL = 4


def select(flat: Blocks, selected: NDArray[np.bool_], words: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return `selected` with code blocks beside selected ones in the same box, with nothing but labels between."""
    code = [block for block, owner in enumerate(flat.owner) if flat.tags[owner] == "pre"]
    panels = [code[:1]]
    for before, after in pairwise(code):
        between = slice(before + 1, after)
        is_beside = _box(flat, before) == _box(flat, after)
        if is_beside and (words[between] <= _MAX_LABEL).all() and not selected[between].any():
            panels[-1].append(after)
        else:
            panels.append([after])
    result = selected
    for group in panels:
        if selected[group].any() and not selected[group].all():
            result = result.copy() if result is selected else result
            result[group] = True
    return result


def _box(flat: Blocks, block: int) -> int:
    """The element in which the panels of a block of code stand."""
    return flat.parent[flat.parent[flat.owner[block]]]
