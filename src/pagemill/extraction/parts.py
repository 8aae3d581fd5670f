"""Parts of a page that a client names by CSS selectors: only these, or all but these."""

from __future__ import annotations

from typing import TYPE_CHECKING

from turbohtml import Element

if TYPE_CHECKING:
    from collections.abc import Iterable


def exclude(body: Element, selectors: Iterable[str]) -> None:
    """Take out of `body` all that a selector matches. A selector that is none matches nothing."""
    for selector in selectors:
        for element in _select(body, selector):
            element.extract()


def include(body: Element, selectors: Iterable[str]) -> None:
    """Keep in `body` only what a selector matches, in document order, each part once."""
    chosen = {element for selector in selectors for element in _select(body, selector)}
    parts = [element for element in body.descendants if isinstance(element, Element) and element in chosen]
    outermost = [part for part in parts if not any(ancestor in chosen for ancestor in part.ancestors)]
    for part in outermost:
        part.extract()
    body.clear()
    body.extend(outermost)


def _select(body: Element, selector: str) -> list[Element]:
    try:
        return list(body.select(selector))
    except ValueError:
        return []
