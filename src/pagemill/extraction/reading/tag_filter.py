"""Parts of a page that a client names by CSS selectors: only these, or all but these."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from turbohtml import Element, Node


def exclude(body: Element, selectors: Iterable[str]) -> None:
    """Take out of `body` all that a selector matches. A selector that is none matches nothing."""
    for selector in selectors:
        for element in _select(body, selector):
            element.extract()


def include(body: Element, selectors: Iterable[str]) -> None:
    """Keep in `body` only what a selector matches, in document order, each part once. Linear in the size of `body`."""
    chosen = {element for selector in selectors for element in _select(body, selector)}
    outermost: list[Element] = []
    within: set[Node | None] = set()
    for element in body.iter_elements():
        if element.parent in within:
            within.add(element)
        elif element in chosen:
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
