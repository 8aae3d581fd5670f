"""YAML front matter: what is known of a page, before its Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_JOINERS = "\u200c\u200d"
"""Invisible, but part of the spelling of words."""


def write(values: Mapping[str, str | None]) -> str:
    """Return front matter with these values, and a blank line after it. It is empty where no value is known.

    Every value is a double-quoted scalar on one line, which YAML 1.1 and 1.2 read as the same text.
    """
    lines = [f"{name}: {_quoted(value)}\n" for name, value in values.items() if value]
    return f"---\n{''.join(lines)}---\n\n" if lines else ""


def _quoted(text: str) -> str:
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    """A character as it stands in a double-quoted scalar (YAML 1.2, 5.7). What is not printable is escaped."""
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable() or character in _JOINERS:
        return character
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF:  # half of a character
        return "\ufffd"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
