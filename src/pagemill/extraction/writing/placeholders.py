"""Marks: what stands in a text for Markdown that must come out as it is, and for characters that need no escape.

Marks are made of Unicode's noncharacters, which cleaning takes out of every text, so that no text can hold one.
"""

from __future__ import annotations

import re

from turbohtml import Text

_START, _END = "\ufdd0\ufdd1"
_RAW = re.compile(f"{_START}([0-9]+){_END}")

UNDERSCORE, OPENING, CLOSING, DOLLAR, AMPERSAND, POINT = "\ufdd2\ufdd3\ufdd4\ufdd5\ufdd6\ufdd7"
_CHARACTERS = {UNDERSCORE: "_", OPENING: "[", CLOSING: "]", DOLLAR: "\\$", AMPERSAND: "&amp;", POINT: "."}


class Placeholders:
    """The marks of one tree."""

    def __init__(self) -> None:
        self._markup: list[str] = []
        self.has_characters = False
        """Whether any mark for a character was set."""

    def add(self, markup: str) -> Text:
        """A text node that stands for `markup`."""
        self._markup.append(markup)
        return Text(f"{_START}{len(self._markup) - 1}{_END}")

    def get(self, text: str) -> str | None:
        """What a text stands for; None where it is no mark."""
        match = _RAW.fullmatch(text)
        return self._markup[int(match[1])] if match else None

    def restore(self, text: str) -> str:
        """The text with what its marks stand for."""
        if self._markup:
            text = _RAW.sub(lambda match: self._markup[int(match[1])], text)
        if self.has_characters:
            for placeholder, plain in _CHARACTERS.items():
                text = text.replace(placeholder, plain)
        return text
