"""Footnotes: they belong to the text that refers to them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from turbohtml import Element

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pagemill.extraction.choosing.blocks import Blocks

_CLASSES = frozenset({"footnote", "footnotes", "footnote-definition", "footnote-list", "endnotes"})
_ROLES = frozenset({"doc-footnote", "doc-endnotes", "doc-endnote"})
_MAX_DEPTH = 3
_MAX_NOTES = 100
_MAX_WORDS = 200
"""Longer lists are references rather than footnotes."""


def select(flat: Blocks, selected: NDArray[np.bool_], words: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return `selected` with the footnotes that the selected text refers to."""
    notes = [
        index
        for index, (classes, role) in enumerate(zip(flat.classes, flat.roles, strict=True))
        if ("note" in classes and not _CLASSES.isdisjoint(classes.split())) or (role and role in _ROLES)
    ]
    if not notes:
        return selected
    count = np.concatenate([[0], np.cumsum(selected)]).tolist()
    missing = [
        note
        for note in notes[:_MAX_NOTES]
        if count[flat.block_end[note]] - count[flat.block_begin[note]] < flat.block_end[note] - flat.block_begin[note]
    ]
    if not missing:
        return selected
    targets = _targets(flat, selected, flat.block_begin[notes[0]])
    result = selected.copy()
    for note in missing:
        inside = range(note, flat.element_end[note])
        if any(flat.ids[index] in targets for index in inside) or _is_named(flat.elements[note], targets):
            result[flat.block_begin[note] : flat.block_end[note]] = True
    return result if float(words[result & ~selected].sum()) <= _MAX_WORDS else selected


def _targets(flat: Blocks, selected: NDArray[np.bool_], before: int) -> frozenset[str]:
    """The ids that links in the selected text before the first footnote lead to."""
    found: set[str] = set()
    for text, block, linked in zip(flat.texts, flat.text_block, flat.text_linked, strict=True):
        if block >= before:
            break
        if linked and selected[block]:
            for parent in islice(text.ancestors, _MAX_DEPTH):
                if isinstance(parent, Element) and parent.tag == "a":
                    reference = parent.attr("href") or ""
                    if reference[:1] == "#" and len(reference) > 1:
                        found.add(reference[1:])
                    break
    return frozenset(found)


def _is_named(note: Element, targets: frozenset[str]) -> bool:
    """Whether an inline element in a footnote has the id that is linked."""
    return bool(targets) and any(
        element.attr("id") in targets for element in note.iter_elements(("a", "li", "span", "sup"))
    )
