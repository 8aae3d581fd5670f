"""Boxes with a form for an e-mail address: what stands around it asks readers to subscribe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from turbohtml import Element

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pagemill.extraction.choosing.blocks import Blocks

_MAX_WORDS = 60
_MAX_INPUTS = 20
_MAX_LEVELS = 4
_NO_BOX = ("h1", "ul", "ol", "table", "img", "figure", "article")
_MAX_SHARE = 0.25
_KEPT = frozenset({"body", "main", "article"})


def remove(flat: Blocks, selected: NDArray[np.bool_], words: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return `selected` without boxes for subscription, or unchanged if that would leave no words."""
    inputs = flat.names.select(flat.elements[0], 'input[type="email"]')[:_MAX_INPUTS]
    if not inputs:
        return selected
    places = {element: index for index, element in enumerate(flat.elements)}
    total = np.concatenate([[0.0], np.cumsum(words)])
    result = selected.copy()
    limit = min(_MAX_WORDS, _MAX_SHARE * float(total[-1]))
    for field in inputs:
        box = _box(flat, places, field, total, limit)
        if box is not None:
            result[flat.block_begin[box] : flat.block_end[box]] = False
    return result if words[result].any() else selected


def _box(
    flat: Blocks, places: dict[Element, int], field: Element, total: NDArray[np.float64], limit: float
) -> int | None:
    """The largest element around an e-mail field with few words, if its form does not send a message or log in.

    `total`: the number of words before each block.
    """
    form = field.closest("form")
    if form is not None and form.select_one('textarea, input[type="password"]') is not None:
        return None
    around = (places[parent] for parent in field.ancestors if isinstance(parent, Element) and parent in places)
    index, found = next(around, 0), None
    for _ in range(_MAX_LEVELS):
        if not index or flat.tags[index] in _KEPT:
            break
        if (
            total[flat.block_end[index]] - total[flat.block_begin[index]] > limit
            or next(flat.elements[index].iter_elements(_NO_BOX), None) is not None
        ):
            break
        found, index = index, flat.parent[index]
    return found
