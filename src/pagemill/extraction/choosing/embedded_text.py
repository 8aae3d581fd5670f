"""What a page tells machines and does not show: its text where a browser would have to build the page first.

Structured data can hold a whole article or product text. The description in `<meta>` is no stand-in for content: such
pages are empty to a reader, and the description is part of the metadata.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from turbohtml import Element, Text, parse_fragment

from pagemill.extraction.choosing.features import word_count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from turbohtml import Document

# schema.org properties that hold a text of some length.
_TEXTS = ("articleBody", "text", "description")
_DEEPEST = 12
_FEWEST_WORDS = 5


def add(document: Document, body: Element) -> bool:
    """Put the texts of JSON-LD into an empty `body`, a paragraph for each.

    Return whether there was anything.
    """
    paragraphs = _paragraphs(_structured(document.json_ld()))
    body.extend(paragraphs)
    return bool(paragraphs)


def _structured(node: Any, depth: int = 0) -> Iterator[str]:
    """Go through JSON-LD for texts, in the order of the page."""
    if depth > _DEEPEST:
        return
    if isinstance(node, dict):
        yield from (node[name] for name in _TEXTS if isinstance(node.get(name), str))
        node = list(node.values())
    if isinstance(node, list):
        for value in node:
            if isinstance(value, dict | list):
                yield from _structured(value, depth + 1)


def _paragraphs(texts: Iterator[str]) -> list[Element]:
    """Return a paragraph for each text of some words, each text once; markup in a text is read as such."""
    plain = (parse_fragment(text).to_text() if "<" in text or "&" in text else text.strip() for text in texts)
    return [
        Element("p", children=[Text(text)])
        for text in dict.fromkeys(plain)
        if word_count.count(text, _FEWEST_WORDS) >= _FEWEST_WORDS
    ]
