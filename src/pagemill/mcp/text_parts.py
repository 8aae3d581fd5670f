"""Texts in parts that fit into a budget of tokens, so that a long one is read on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pagemill.extraction.postprocessing.token_estimate import UNIT, prefix_units, tokens

_LIGHTEST = 2
"""Units of the lightest character: no part has more characters than its tokens allow of these."""
_BREAKS = ("\n\n", "\n", " ")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a text. All parts of a text, one after another, are the text."""

    text: str
    offset: int
    following: int | None
    """Where the next part begins; None for the last."""


def tokens_of(text: str) -> int:
    """Return about how many tokens a text has."""
    return tokens(text)


def part_of(text: str, offset: int, max_tokens: int) -> Part:
    """Return the part that begins there and has about so many tokens at most, ended at a paragraph, line or word.

    It has one character at least, so that reading on comes to an end.
    """
    offset = min(offset, len(text))
    window = text[offset : offset + max_tokens * UNIT // _LIGHTEST + 1]
    costs = prefix_units(window)
    fitting = int(np.searchsorted(costs, max_tokens * UNIT, "right")) - 1
    if fitting < len(window):
        window = window[: _break(window, max(1, fitting))]
    end = offset + len(window)
    return Part(window, offset, end if end < len(text) else None)


def _break(text: str, most: int) -> int:
    """Return where to end a text of at most so many characters: at the last break in its second half."""
    for mark in _BREAKS:
        found = text.rfind(mark, most // 2, most)
        if found >= 0:
            return found + len(mark)
    return most
