"""A long page cut into parts that a language model reads one by one, at the borders of its blocks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_BYTES_PER_TOKEN = 3
"""Of UTF-8. Tokenizers differ; most make fewer tokens of a text than this, for any script."""


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text has, rather too many than too few."""
    return -(-len(text.encode("utf-8", "replace")) // _BYTES_PER_TOKEN)


def split(markdown: str, budget: int, max_chunks: int) -> tuple[list[str], bool]:
    """Return at most `most` parts of at most `budget` tokens each, and whether the page goes on after them."""
    chunks: list[str] = []
    current: list[str] = []
    used = 0
    for block in _pieces(markdown, budget):
        size = estimate_tokens(block) + 1
        if current and used + size > budget:
            chunks.append("\n\n".join(current))
            if len(chunks) == max_chunks:
                return chunks, True
            current, used = [], 0
        current.append(block)
        used += size
    if current or not chunks:
        chunks.append("\n\n".join(current))
    return chunks, False


def _pieces(markdown: str, budget: int) -> Iterator[str]:
    """The blocks of a page; one that is too long by itself in pieces."""
    max_length = max(1, (budget - 1) * _BYTES_PER_TOKEN // 4)  # no character has more than four bytes
    for block in _blocks(markdown):
        if estimate_tokens(block) < budget:
            yield block
            continue
        rest = block
        while rest:
            piece = rest[:max_length]
            end = piece.rfind("\n") if len(rest) > max_length else -1
            end = end if end > max_length // 2 else len(piece)
            yield rest[:end]
            rest = rest[end:].lstrip("\n")


def _blocks(markdown: str) -> Iterator[str]:
    lines: list[str] = []
    fence = ""
    for line in markdown.split("\n"):
        fence_match = _FENCE.match(line)
        if fence_match and not fence:
            fence = fence_match[1]
        elif fence_match and fence_match[1].startswith(fence):
            fence = ""
        if line.strip() or fence:
            lines.append(line)
        elif lines:
            yield "\n".join(lines)
            lines = []
    if lines:
        yield "\n".join(lines)
