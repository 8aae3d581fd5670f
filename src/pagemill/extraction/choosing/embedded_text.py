"""Text from embedded JSON-LD, for pages without visible text whose scripts would have to render them.

Structured data can contain a whole article or product text. The description in `<meta>` is not used as content: such
pages are empty to a reader, and the description is part of the metadata.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from turbohtml import Element, Text, parse_fragment

from pagemill.extraction.choosing.features import word_count
from pagemill.extraction.reading.page_index import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from turbohtml import Document

# schema.org properties with longer texts.
_TEXT_PROPERTIES = ("articleBody", "text", "description")
_MAX_DEPTH = 12
_MIN_WORDS = 5


def add(document: Document, body: Element) -> bool:
    """Add the texts of JSON-LD to an empty `body`, a paragraph for each. Return whether there were any."""
    paragraphs = _paragraphs(_json_ld_texts(document.json_ld()))
    body.extend(paragraphs)
    return bool(paragraphs)


def _json_ld_texts(node: Any, depth: int = 0) -> Iterator[str]:
    """The texts of JSON-LD, in document order."""
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
    """Return a paragraph for each distinct text of at least `_MIN_WORDS` words. Markup in a text is parsed."""
    plain = (text_of(parse_fragment(text)) if "<" in text or "&" in text else text.strip() for text in texts)
    return [
        Element("p", children=[Text(text)])
        for text in dict.fromkeys(plain)
        if word_count.count(text, _MIN_WORDS) >= _MIN_WORDS
    ]
