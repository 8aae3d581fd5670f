"""Hidden: what a page does not show, told from what a script of its own shows later.

Of the hidden elements of real pages, those with few words are menus, forms and notices; those with many are tabs,
accordions and pages that fade in, and hold content as often as not. So it goes by their size.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from turbohtml import Text

from pagemill.extraction.reading import line_breaks

if TYPE_CHECKING:
    from turbohtml import Element

# `aria-hidden` is no sign: it is set on much that everybody sees.
_SELECTOR = (
    '[hidden]:not([hidden="until-found" i]), [style*="display:none" i], [style*="display: none" i], '
    '[style*="visibility:hidden" i], [style*="visibility: hidden" i]'
)
# A hidden element with this many columns of text is shown later: characters, of which wide ones say twice as much.
_MAX_HIDDEN_WIDTH = 1200
# How many nodes of one element, and of all, are looked at to find that out.
_MAX_NODES, _MAX_ALL_NODES = 4_000, 400_000


class HiddenElements:
    """The hidden elements under a root, as its own markup says."""

    def __init__(self, root: Element) -> None:
        self.elements = frozenset(root.select(_SELECTOR))
        self._nodes_left = _MAX_ALL_NODES

    def stays_hidden(self, element: Element) -> bool:
        """Whether one of `elements` stays hidden."""
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
