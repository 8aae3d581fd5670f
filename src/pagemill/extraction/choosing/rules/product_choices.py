"""The choices that a shop's form offers, such as sizes: they belong to the price that stands before them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pagemill.extraction.reading.normalization import CHOICES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pagemill.extraction.choosing.blocks import Blocks

_DISTANCE = 6
"""How many blocks before the choices the price may stand."""
_PRICE = re.compile(r"[€$£¥₹₽]\s?\d|\d\s?[€£¥₽]|\b(?:EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN|JPY)\b")


def select(flat: Blocks, selected: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return `selected` with the choices behind a selected price."""
    lines = frozenset(flat.elements[0].select(f"p[{CHOICES}]"))
    if not lines:
        return selected
    result = selected.copy()
    for block, owner in enumerate(flat.owner):
        if not selected[block] and flat.elements[owner] in lines:
            result[block] = any(
                selected[before] and _PRICE.search("".join(flat.strings[flat.texts_of(before)]))
                for before in range(max(block - _DISTANCE, 0), block)
            )
    return result
