"""Includes or excludes the elements of a page that match a client's CSS selectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from turbohtml import Element, Node


def exclude(body: Element, selectors: Iterable[str]) -> None:
    """Remove every element of `body` that a selector matches. An invalid selector matches nothing."""
    for selector in selectors:
        for element in _select(body, selector):
            element.extract()


def include(body: Element, selectors: Iterable[str]) -> None:
    """Keep only the elements of `body` that a selector matches, in document order, each once. Linear in its size."""
    matched = {element for selector in selectors for element in _select(body, selector)}
    outermost: list[Element] = []
    within: set[Node | None] = set()
    for element in body.iter_elements():
        if element.parent in within:
            within.add(element)
        elif element in matched:
            within.add(element)
            outermost.append(element)
    for part in outermost:
        part.extract()
    body.clear()
    body.extend(outermost)


def _select(body: Element, selector: str) -> list[Element]:
    try:
        return list(body.select(selector))
    except ValueError:
        return []
