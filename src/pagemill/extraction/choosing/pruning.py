"""Prunes the tree to the selected blocks and what belongs to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from turbohtml import Element

    from pagemill.extraction.choosing.blocks import Blocks

# Elements without text are kept if at least this share of their parent's words was selected.
_MIN_SELECTED_SHARE = 0.5
# An unselected cell stays as an empty cell, so that the others keep their columns.
_CELL_TAGS = frozenset({"td", "th"})
# Elements whose tag says that they are no text of the page. With selected content they become `<div>`.
_WRAPPERS = frozenset({"noscript", "form", "button", "dialog", "nav"})


def prune(blocks: Blocks, selected: NDArray[np.bool_], words: NDArray[np.float64], header: Sequence[int] = ()) -> None:
    """Remove everything from the tree except the selected blocks and the textless elements among them.

    `header`: the blocks of headline and byline, which are removed, but pictures among them stay.

    Elements around selected blocks are no longer hidden: their text was selected, so readers see it.
    """
    kept = selected.copy()
    kept[list(header)] = True
    selected_words = np.concatenate([[0.0], np.cumsum(words * kept)])
    all_words = np.concatenate([[0.0], np.cumsum(words)])
    count = np.concatenate([[0], np.cumsum(kept)])
    begin, end = np.array(blocks.block_begin), np.array(blocks.block_end)
    has_content = (count[end] > count[begin]).tolist()
    textless = (begin == end).tolist()
    selected_share = (
        (selected_words[end] - selected_words[begin]) / np.maximum(all_words[end] - all_words[begin], 1)
    ).tolist()
    only_selected = np.concatenate([[0], np.cumsum(selected)])
    beside_header = ((only_selected[end] == only_selected[begin]) & (count[end] > count[begin])).tolist()
    for index in np.flatnonzero(begin == end).tolist():  # portraits, advertisements and buttons are links
        if beside_header[blocks.parent[index]] and blocks.elements[index].find("a") is not None:
            blocks.elements[index].clear()
    _prune_elements(blocks, has_content, textless, selected_share)
    _prune_texts(blocks, selected.tolist(), has_content)


def _prune_elements(blocks: Blocks, has_content: list[bool], textless: list[bool], selected_share: list[float]) -> None:
    """Remove the elements without selected content, except those that belong to selected content around them.

    A figure whose caption was not selected stays without it, and is then marked in `has_content`; so is the part of a
    figure that holds its picture.
    """
    index, count, figure_end = 1, len(blocks.elements), 0
    while index < count:
        parent = blocks.parent[index]
        element = blocks.elements[index]
        if has_content[index]:
            _unhide(element, blocks.tags[index])
            if blocks.tags[index] == "figure":
                figure_end = blocks.element_end[index]
            index += 1
        elif textless[index] and selected_share[parent] >= _MIN_SELECTED_SHARE:
            index = blocks.element_end[index]
        elif blocks.tags[index] in _CELL_TAGS and has_content[parent]:
            element.clear()
            index = blocks.element_end[index]
        elif (blocks.tags[index] == "figure" and selected_share[parent] >= _MIN_SELECTED_SHARE) or (
            index < figure_end and element.find("img") is not None
        ):
            has_content[index : blocks.element_end[index]] = [True] * (blocks.element_end[index] - index)
            index = blocks.element_end[index]
        else:
            element.extract()
            index = blocks.element_end[index]


def _prune_texts(blocks: Blocks, selected: list[bool], has_content: list[bool]) -> None:
    """Remove the texts that were not selected from the elements that stay."""
    for text, block in zip(blocks.texts, blocks.text_block, strict=True):
        if not selected[block] and has_content[blocks.owner[block]]:
            text.extract()


def _unhide(element: Element, tag: str) -> None:
    if tag in _WRAPPERS:
        element.tag = "div"
    attributes = element.attrs
    for name in ("hidden", "style", "aria-hidden"):
        if name in attributes:
            del attributes[name]
