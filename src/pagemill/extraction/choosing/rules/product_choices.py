"""The choices that a shop's form offers, such as sizes: they belong to the price that stands before them."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
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
    result = selected
    for line in flat.elements[0].select(f"p[{CHOICES}]"):
        block = flat.owner.index(flat.elements.index(line))
        if not selected[block] and any(
            selected[before] and _PRICE.search(_text(flat, before))
            for before in range(max(block - _DISTANCE, 0), block)
        ):
            result = result.copy() if result is selected else result
            result[block] = True
    return result


def _text(flat: Blocks, block: int) -> str:
    return "".join(flat.strings[bisect_left(flat.text_block, block) : bisect_right(flat.text_block, block)])
