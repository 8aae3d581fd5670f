"""Placeholders in text nodes for Markdown that must not be escaped, and for characters that need no escape.

They consist of Unicode noncharacters, which cleaning removes from every text, so no text can contain one.
"""

from __future__ import annotations

import re

from turbohtml import Text

_START, _END = "\ufdd0\ufdd1"
_RAW = re.compile(f"{_START}([0-9]+){_END}")

UNDERSCORE, OPENING, CLOSING, DOLLAR, AMPERSAND, POINT = "\ufdd2\ufdd3\ufdd4\ufdd5\ufdd6\ufdd7"
_CHARACTERS = {UNDERSCORE: "_", OPENING: "[", CLOSING: "]", DOLLAR: "\\$", AMPERSAND: "&amp;", POINT: "."}


class Placeholders:
    """The placeholders of one tree."""

    def __init__(self) -> None:
        self._markup: list[str] = []
        self.has_characters = False
        """Whether the tree has placeholders for characters."""

    def add(self, markup: str) -> Text:
        """A text node that is the placeholder of `markup`."""
        self._markup.append(markup)
        return Text(f"{_START}{len(self._markup) - 1}{_END}")

    def get(self, text: str) -> str | None:
        """The markup that a text is a placeholder of; None if it is none."""
        match = _RAW.fullmatch(text)
        return self._markup[int(match[1])] if match else None

    def restore(self, text: str) -> str:
        """Replace the placeholders in a text."""
        if self._markup:
            text = _RAW.sub(lambda match: self._markup[int(match[1])], text)
        if self.has_characters:
            for placeholder, plain in _CHARACTERS.items():
                text = text.replace(placeholder, plain)
        return text
