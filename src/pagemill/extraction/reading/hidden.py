"""Finds hidden elements that stay hidden, and not those that a script of the page shows later.

On real pages, hidden elements with few words are menus, forms and notices. Hidden elements with many words are tabs,
accordions and pages that fade in, and about half of them contain content. So the length of the text decides.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from turbohtml import Text

from pagemill.extraction.reading import line_breaks

if TYPE_CHECKING:
    from turbohtml import Element

# `aria-hidden` is not used: many visible elements have it.
_SELECTOR = (
    '[hidden]:not([hidden="until-found" i]), [style*="display:none" i], [style*="display: none" i], '
    '[style*="visibility:hidden" i], [style*="visibility: hidden" i]'
)
# A hidden element with more text is shown later. In columns: a wide character counts two.
_MAX_HIDDEN_WIDTH = 1200
# How many nodes of one element, and of all elements together, are checked.
_MAX_NODES, _MAX_ALL_NODES = 4_000, 400_000


class HiddenElements:
    """The elements under a root that its markup hides."""

    def __init__(self, root: Element) -> None:
        self.elements = frozenset(root.select(_SELECTOR))
        self._nodes_left = _MAX_ALL_NODES

    def stays_hidden(self, element: Element) -> bool:
        """Whether one of `elements` stays hidden: it has little text."""
        return not self._has_long_text(element)

    def _has_long_text(self, element: Element) -> bool:
        length = 0
        for node in islice(element.descendants, min(_MAX_NODES, self._nodes_left)):
            self._nodes_left -= 1
            if type(node) is Text:
                length += line_breaks.width(node.data)
                if length > _MAX_HIDDEN_WIDTH:
                    return True
        return False
