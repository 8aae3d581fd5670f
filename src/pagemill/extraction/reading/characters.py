"""Characters: text without those that nobody sees and nothing downstream can hold."""

from __future__ import annotations

import re

# Characters that HTML cannot carry, or that are there only to be invisible. Joiners stay: some scripts need them.
INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b\u2060\ufeff\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)

JOINERS = "\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufe0e\ufe0f "
"""What joins or directs other characters, and says nothing where there are none."""


def strip_invisible(text: str) -> str:
    """A text without invisible characters. C1 controls are read as windows-1252, as who wrote them meant them."""
    return INVISIBLE.sub(
        lambda match: (
            match[0].encode("latin-1", "ignore").decode("cp1252", "ignore") if "\x80" <= match[0] <= "\x9f" else ""
        ),
        text,
    )


def normalize_space(text: str) -> str:
    """A text as one line: visible, its whitespace collapsed."""
    shown = " ".join(text.split())
    return shown if shown.isprintable() else " ".join(strip_invisible(shown).split())
