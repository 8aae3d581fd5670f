"""Pictures with their captions, and display formulas: they belong to the text that they stand in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from turbohtml import Element

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from turbohtml import Node

    from pagemill.extraction.choosing.blocks import Blocks

_MIN_SHARE = 0.5
"""The share of the words around an illustration that must be content."""
_TAGS = frozenset({"figure", "mjx-container", "math"})
_FORMULA_CLASSES = frozenset({"math", "MathJax_Display", "katex-display", "mwe-math-element", "equation"})
_FORMULA_TAGS = frozenset({"mjx-container", "math"})
_FORMULAS = frozenset({"katex-display", "katex", "mjx-container", "MathJax", "MathJax_Display", "mwe-math-element"})
_FORMULA_SELECTOR = ", ".join(sorted([*_FORMULA_TAGS, *(f".{name}" for name in _FORMULAS)]))
# How the classes of the parts of a formula begin in KaTeX and MathJax.
_FORMULA_PARTS = ("mord", "mrel", "mbin", "mopen", "mclose", "mpunct", "mop", "mjx", "MathJax")


def select(flat: Blocks, selected: NDArray[np.bool_], words: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return `selected` with the blocks of illustrations that stand among it."""
    inside = _illustration_blocks(flat)
    if not inside.any():
        return selected
    result = selected.copy()
    other = np.where(inside, 0.0, words)
    every = np.concatenate([[0.0], np.cumsum(other)])
    taken = np.concatenate([[0.0], np.cumsum(other * selected)])
    for block in np.flatnonzero(inside & ~selected).tolist():
        element = flat.owner[block]
        while element and every[flat.block_end[element]] == every[flat.block_begin[element]]:
            element = flat.parent[element]
        begin, end = flat.block_begin[element], flat.block_end[element]
        around = every[end] - every[begin]
        result[block] = taken[end] - taken[begin] >= _MIN_SHARE * around > 0
    return result


def _illustration_blocks(flat: Blocks) -> NDArray[np.bool_]:
    """Whether each block is within a figure that shows a picture, or within a formula."""
    inside = np.zeros(len(flat.owner), bool)
    formulas = {classes for classes in set(flat.classes) if not _FORMULA_CLASSES.isdisjoint(classes.split())}
    for index, (tag, classes) in enumerate(zip(flat.tags, flat.classes, strict=True)):
        if tag in _TAGS or classes in formulas:
            begin, end = flat.block_begin[index], flat.block_end[index]
            if end > begin and (tag != "figure" or _is_picture(flat, index)):
                inside[begin:end] = True
    if not flat.names.possible(_FORMULA_SELECTOR):
        return inside
    known: dict[Element, bool] = {}
    for text, block in zip(flat.texts, flat.text_block, strict=True):
        parent = text.parent
        if isinstance(parent, Element) and (parent.attr("class") or "").startswith(_FORMULA_PARTS):
            inside[block] |= _in_formula(parent, known)
    return inside


def _is_picture(flat: Blocks, index: int) -> bool:
    """Whether a figure shows a picture rather than a table, code or a quotation."""
    element = flat.elements[index]
    return next(element.iter_elements(("img", "picture", "video", "svg", "iframe", "audio")), None) is not None


def _in_formula(element: Element, known: dict[Element, bool]) -> bool:
    """Whether an element stands within a formula that is set as inline elements. `known`: the answers so far."""
    path: list[Element] = []
    around: Node | None = element
    found = False
    while isinstance(around, Element) and not found:
        if around in known:
            found = known[around]
            break
        path.append(around)
        found = around.tag in _FORMULA_TAGS or not _FORMULAS.isdisjoint((around.attr("class") or "").split())
        around = around.parent
    known.update(dict.fromkeys(path, found))
    return found
