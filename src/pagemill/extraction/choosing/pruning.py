"""The tree cut down to the chosen blocks, with what belongs to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from turbohtml import Element

    from pagemill.extraction.choosing.blocks import Blocks

# Elements without text are kept where at least this part of the words around them was chosen.
_MOSTLY = 0.5
# A cell is kept for its column's sake, whatever is in it.
_CELLS = frozenset({"td", "th"})
# Elements that cleaning drops with all they hold: their chosen content is moved out of them.
_WRAPPERS = frozenset({"noscript", "form", "button", "dialog", "nav"})


def cut(blocks: Blocks, chosen: NDArray[np.bool_], words: NDArray[np.float64]) -> None:
    """Take out of the tree everything but the chosen blocks and the textless elements among them.

    Elements around chosen blocks are no longer hidden: choosing their text said that a reader gets to see it.
    """
    taken = np.concatenate([[0.0], np.cumsum(words * chosen)])
    every = np.concatenate([[0.0], np.cumsum(words)])
    count = np.concatenate([[0], np.cumsum(chosen)])
    begin, end = np.array(blocks.block_begin), np.array(blocks.block_end)
    holds = (count[end] > count[begin]).tolist()
    textless = (begin == end).tolist()
    share = ((taken[end] - taken[begin]) / np.maximum(every[end] - every[begin], 1)).tolist()
    _cut_elements(blocks, holds, textless, share)
    _cut_texts(blocks, chosen.tolist(), holds)


def _cut_elements(blocks: Blocks, holds: list[bool], textless: list[bool], share: list[float]) -> None:
    """Take out the elements that hold nothing chosen, but for those that belong to what is around them.

    A figure whose caption was not chosen stays without it, and is then marked in `holds`.
    """
    index, count = 1, len(blocks.elements)
    while index < count:
        parent = blocks.parent[index]
        element = blocks.elements[index]
        if holds[index]:
            _show(element, blocks.tags[index])
            index += 1
        elif textless[index] and share[parent] >= _MOSTLY:
            index = blocks.element_end[index]
        elif blocks.tags[index] in _CELLS and holds[parent]:
            element.clear()
            index = blocks.element_end[index]
        elif blocks.tags[index] == "figure" and share[parent] >= _MOSTLY:
            holds[index : blocks.element_end[index]] = [True] * (blocks.element_end[index] - index)
            index = blocks.element_end[index]
        else:
            element.extract()
            index = blocks.element_end[index]


def _cut_texts(blocks: Blocks, chosen: list[bool], holds: list[bool]) -> None:
    """Take out the texts that were not chosen from the elements that stay."""
    for text, block in zip(blocks.texts, blocks.text_block, strict=True):
        if not chosen[block] and holds[blocks.owner[block]]:
            text.extract()


def _show(element: Element, tag: str) -> None:
    if tag in _WRAPPERS:
        element.tag = "div"
    attributes = element.attrs
    for name in ("hidden", "style", "aria-hidden"):
        if name in attributes:
            del attributes[name]
