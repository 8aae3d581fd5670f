"""The names in a page's markup: they tell what selectors can match at all.

A selector is a walk over the whole tree, and each of its alternatives is tried on each element. Of the hundreds of
alternatives that know the markup of one software or another, a page has the classes of hardly any.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from turbohtml import Element

_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_INNERMOST_ARGUMENTS = re.compile(r"\([^()]*\)")
_PSEUDO_CLASS = re.compile(r":[\w-]+")
_ATTRIBUTE = re.compile(r"\[\s*([\w-]+)[^\]]*\]")
_NAME = re.compile(r"([.#]?)([\w-]+)")
# Elements that rewriting may make, so that a page may have them later on.
_MADE = frozenset({"a", "br", "div", "img", "li", "ol", "p", "pre", "span", "table", "tbody", "td", "th", "tr", "ul"})


class MarkupNames:
    """The tags, classes, ids and names of attributes below `root`.

    Later on the tree may lose some of them, and win elements of the commonest tags only.
    """

    def __init__(self, root: Element) -> None:
        self._root = root
        self._names = {element.tag for element in root.iter_elements()}
        self._names.add(root.tag)
        for sign, attribute in ((".", "class"), ("#", "id")):
            values = cast("list[str]", root.xpath(f".//@{attribute}"))
            # In lower case: on pages without a doctype these are compared without case.
            self._names.update(sign + name for name in " ".join(set(values)).lower().split())
        self._attributes: dict[str, bool] = {}  # whether each of those that were asked for occurs

    def select(self, element: Element, selector: str) -> list[Element]:
        """Return the descendants of an element that match a selector without escapes, in the order of the document."""
        possible = self.possible(selector)
        return list(element.select(possible)) if possible else []

    def select_one(self, element: Element, selector: str) -> Element | None:
        """Return the first descendant that matches."""
        possible = self.possible(selector)
        return element.select_one(possible) if possible else None

    def remove(self, element: Element, selector: str) -> None:
        """Remove the descendants that match."""
        if possible := self.possible(selector):
            element.remove(possible)

    def possible(self, selector: str) -> str:
        """Return the alternatives of a selector that can match on this page; nothing where there is none."""
        return ", ".join(
            alternative
            for alternative, names, attributes in _alternatives(selector)
            if names <= self._names and all(map(self._has_attribute, attributes))
        )

    def _has_attribute(self, name: str) -> bool:
        """Whether an attribute occurs. Collecting the names of all attributes would take as long as all else here."""
        found = self._attributes.get(name)
        if found is None:
            found = self._root.attr(name) is not None or self._root.select_one(f"[{name}]") is not None
            self._attributes[name] = found
        return found


@cache
def _alternatives(selector: str) -> tuple[tuple[str, frozenset[str], frozenset[str]], ...]:
    """The alternatives of a selector, each with what it matches nothing without: names, and attributes."""
    return tuple((part.strip(), *_needed(part)) for part in _split(selector))


def _split(selector: str) -> list[str]:
    """Split at the commas that stand in no brackets."""
    parts, depth = [""], 0
    for sign in selector:
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return parts


def _needed(alternative: str) -> tuple[frozenset[str], frozenset[str]]:
    rest = _QUOTED.sub("", alternative)
    attributes = frozenset(name.lower() for name in _ATTRIBUTE.findall(rest))
    rest = _ATTRIBUTE.sub("", rest)
    while (shorter := _INNERMOST_ARGUMENTS.sub("", rest)) != rest:
        rest = shorter
    rest = _PSEUDO_CLASS.sub("", rest)
    named = (sign + name for sign, name in _NAME.findall(rest) if sign or name not in _MADE)
    return frozenset(name.lower() for name in named), attributes
