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
_TEXT_PROPERTIES = ("articleBody", "text", "description")
_MAX_DEPTH = 12
_MIN_WORDS = 5


def add(document: Document, body: Element) -> bool:
    """Put the texts of JSON-LD into an empty `body`, a paragraph for each.

    Return whether there was anything.
    """
    paragraphs = _paragraphs(_json_ld_texts(document.json_ld()))
    body.extend(paragraphs)
    return bool(paragraphs)


def _json_ld_texts(node: Any, depth: int = 0) -> Iterator[str]:
    """Go through JSON-LD for texts, in the order of the page."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(node, dict):
        yield from (node[name] for name in _TEXT_PROPERTIES if isinstance(node.get(name), str))
        node = list(node.values())
    if isinstance(node, list):
        for value in node:
            if isinstance(value, dict | list):
                yield from _json_ld_texts(value, depth + 1)


def _paragraphs(texts: Iterator[str]) -> list[Element]:
    """Return a paragraph for each text of some words, each text once; markup in a text is read as such."""
    plain = (parse_fragment(text).to_text() if "<" in text or "&" in text else text.strip() for text in texts)
    return [
        Element("p", children=[Text(text)])
        for text in dict.fromkeys(plain)
        if word_count.count(text, _MIN_WORDS) >= _MIN_WORDS
    ]
