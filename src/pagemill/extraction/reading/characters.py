"""Removes invisible characters from text and normalizes its whitespace."""

from __future__ import annotations

import re

# Characters that HTML cannot represent, or that are invisible. Joiners stay because some scripts need them.
INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b\u2060\ufeff\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)

JOINERS = "\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufe0e\ufe0f "
"""Characters that join other characters or set their direction, and mean nothing alone."""


def strip_invisible(text: str) -> str:
    """The text without invisible characters. C1 controls are decoded as windows-1252, which their authors meant."""
    return INVISIBLE.sub(
        lambda match: (
            match[0].encode("latin-1", "ignore").decode("cp1252", "ignore") if "\x80" <= match[0] <= "\x9f" else ""
        ),
        text,
    )


def normalize_space(text: str) -> str:
    """The text on one line, without invisible characters and with whitespace collapsed."""
    shown = " ".join(text.split())
    return shown if shown.isprintable() else " ".join(strip_invisible(shown).split())
