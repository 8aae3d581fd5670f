"""Writes `em` and `strong` with delimiters that every Markdown parser recognizes, else as HTML tags.

The rules are those of CommonMark 0.31, 6.2. A delimiter run opens emphasis only if it is left-flanking, and closes it
only if it is right-flanking. Every literal delimiter is escaped and elements are properly nested, so a closing run
matches its own opening run, unless the runs of two elements touch: then one of them uses the other character. If no
character works, the element is written as HTML.
"""

from __future__ import annotations

import unicodedata
from itertools import islice
from typing import TYPE_CHECKING

from turbohtml import Element, Text

if TYPE_CHECKING:
    from turbohtml import Node

    from pagemill.extraction.writing.placeholders import Placeholders

MAX_ELEMENTS = 100_000
"""A page with more `em` and `strong` elements loses them: each takes half a kilobyte while it is written."""
_WIDTHS = {"em": 1, "strong": 2}
# The characters that these elements begin and end with in Markdown, and those before and after their content.
_FIRST = {"a": "[", "img": "!", "code": "`", "kbd": "`", "del": "~", "q": "“", "br": "\n", "em": "*", "strong": "*"}
_LAST = _FIRST | {"a": ")", "img": ")", "q": "”"}
_AROUND_FIRST = {"a": "[", "del": "~", "q": "“"}
_AROUND_LAST = {"a": "]", "del": "~", "q": "”"}
_TRANSPARENT = frozenset(["mark", "ins", "cite", "abbr", "time", "span"])
_DELIMITERS = frozenset(["*", "**", "_", "__"])


def write(tree: Element, placeholders: Placeholders) -> None:
    """Replace every `em` and `strong` by placeholders for delimiters or tags, in place.

    If there are more than `MAX_ELEMENTS`, their tags are removed instead.
    """
    elements = list(islice(tree.iter_elements(tuple(_WIDTHS)), MAX_ELEMENTS + 1))
    if len(elements) > MAX_ELEMENTS:
        tree.strip_tags(", ".join(_WIDTHS))
        return
    for element in elements:
        delimiter = _delimiter(element, placeholders)
        start, end = (delimiter, delimiter) if delimiter else (f"<{element.tag}>", f"</{element.tag}>")
        element.insert_before(placeholders.add(start))
        element.insert_after(placeholders.add(end))
        element.unwrap()


def _delimiter(element: Element, placeholders: Placeholders) -> str:
    """The delimiter that can open and close `element` here; empty if there is none."""
    children = element.children
    before, after = _before(element, placeholders), _after(element, placeholders)
    first, last = _edge_character(children[0], placeholders, _FIRST), _edge_character(children[-1], placeholders, _LAST)
    if not (_is_flanking(before, first) and _is_flanking(after, last)):
        return ""
    taken = {neighbour[0] for neighbour in (before, after) if neighbour in _DELIMITERS}
    if "*" not in taken:
        return "*" * _WIDTHS[element.tag]
    # An underscore between letters is not a delimiter.
    if "_" not in taken and _is_delimited(before) and _is_delimited(after):
        return "_" * _WIDTHS[element.tag]
    return ""


def _is_flanking(outside: str, inside: str) -> bool:
    """Whether a delimiter run between these characters is flanking on the inside."""
    if not inside or inside.isspace():
        return False
    return not _is_punctuation(inside) or _is_delimited(outside)


def _is_delimited(outside: str) -> bool:
    """Whether the outside is not part of a word: whitespace, an edge, or punctuation in every Markdown version."""
    return not outside or outside.isspace() or (_is_punctuation(outside[-1]) and not _is_odd_symbol(outside[-1]))


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character[-1])[0] in "PS"


def _is_odd_symbol(character: str) -> bool:
    """Whether a character is a symbol beyond ASCII, which is punctuation only since CommonMark 0.31."""
    return not character.isascii() and unicodedata.category(character)[0] == "S"


def _before(node: Node, placeholders: Placeholders) -> str:
    """The character, or whole delimiter, before a node in its block; empty at the beginning."""
    sibling = node.previous_sibling
    if sibling is not None:
        return _edge_character(sibling, placeholders, _LAST, whole=True)
    parent = node.parent
    if not isinstance(parent, Element):
        return ""
    return _before(parent, placeholders) if parent.tag in _TRANSPARENT else _AROUND_FIRST.get(parent.tag, "")


def _after(node: Node, placeholders: Placeholders) -> str:
    """The character, or whole delimiter, after a node in its block; empty at the end."""
    sibling = node.next_sibling
    if sibling is not None:
        return _edge_character(sibling, placeholders, _FIRST, whole=True)
    parent = node.parent
    if not isinstance(parent, Element):
        return ""
    return _after(parent, placeholders) if parent.tag in _TRANSPARENT else _AROUND_LAST.get(parent.tag, "")


def _edge_character(node: Node, placeholders: Placeholders, characters: dict[str, str], *, whole: bool = False) -> str:
    """The first or last character of a node in Markdown, or with `whole` all of a delimiter. Empty for a block."""
    at = 0 if characters is _FIRST else -1
    while isinstance(node, Element) and node.tag in _TRANSPARENT and node.children:
        node = node.children[at]
    if isinstance(node, Element):
        return characters.get(node.tag, "")
    if not isinstance(node, Text) or not node.data:
        return ""
    markup = placeholders.get(node.data)
    if markup is None:
        return node.data[at]
    return markup if whole and markup in _DELIMITERS else markup[at]
