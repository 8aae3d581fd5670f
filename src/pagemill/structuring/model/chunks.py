"""A long page cut into parts that a language model reads one by one, at the borders of its blocks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_BYTES_PER_TOKEN = 3
"""Of UTF-8. Tokenizers differ; most make fewer tokens of a text than this, for any script."""


def tokens_of(text: str) -> int:
    """Return about how many tokens a text has, rather too many than too few."""
    return -(-len(text.encode("utf-8", "replace")) // _BYTES_PER_TOKEN)


def cut(markdown: str, budget: int, most: int) -> tuple[list[str], bool]:
    """Return at most `most` parts of at most `budget` tokens each, and whether the page goes on after them."""
    parts: list[str] = []
    open_: list[str] = []
    used = 0
    for block in _pieces(markdown, budget):
        size = tokens_of(block) + 1
        if open_ and used + size > budget:
            parts.append("\n\n".join(open_))
            if len(parts) == most:
                return parts, True
            open_, used = [], 0
        open_.append(block)
        used += size
    if open_ or not parts:
        parts.append("\n\n".join(open_))
    return parts, False


def _pieces(markdown: str, budget: int) -> Iterator[str]:
    """The blocks of a page; one that is too long by itself in pieces."""
    longest = max(1, (budget - 1) * _BYTES_PER_TOKEN // 4)  # no character has more than four bytes
    for block in _blocks(markdown):
        if tokens_of(block) < budget:
            yield block
            continue
        rest = block
        while rest:
            piece = rest[:longest]
            end = piece.rfind("\n") if len(rest) > longest else -1
            end = end if end > longest // 2 else len(piece)
            yield rest[:end]
            rest = rest[end:].lstrip("\n")


def _blocks(markdown: str) -> Iterator[str]:
    lines: list[str] = []
    fence = ""
    for line in markdown.split("\n"):
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence):
            fence = ""
        if line.strip() or fence:
            lines.append(line)
        elif lines:
            yield "\n".join(lines)
            lines = []
    if lines:
        yield "\n".join(lines)
