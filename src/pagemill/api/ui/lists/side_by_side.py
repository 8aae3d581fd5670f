"""A unified diff as two columns: the version before at the left, the one after at the right."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_LINES = 5_000
"""Lines of a diff that are shown."""
_LEAST_IN_COMMON = 3
"""A third of a line: two that have less in common are different lines."""
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")

Part = tuple[str, bool]
"""A piece of a line, and whether it differs."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of both versions. A side is None where the version has no such line; both are where lines are left out."""

    before: Sequence[Part] | None
    after: Sequence[Part] | None
    changed: bool

    @property
    def is_gap(self) -> bool:
        """Whether lines are left out here that are the same."""
        return self.before is None and self.after is None


def side_by_side(diff: str) -> list[Row]:
    """Return the rows of a unified diff, at most MOST_LINES of its lines."""
    rows: list[Row] = []
    removed: list[str] = []
    added: list[str] = []
    for line in diff.splitlines()[:MOST_LINES]:
        mark, text = line[:1], line[1:]
        if mark == "-" and not added:
            removed.append(text)
            continue
        if mark == "+":
            added.append(text)
            continue
        _add_changed(rows, removed, added)
        removed, added = ([text], []) if mark == "-" else ([], [])
        if mark == "@":
            if rows:
                rows.append(Row(None, None, changed=False))
        elif mark != "-":
            shown = [(text if mark == " " else line, False)]
            rows.append(Row(shown, shown, changed=False))
    _add_changed(rows, removed, added)
    return rows


def _add_changed(rows: list[Row], removed: Sequence[str], added: Sequence[str]) -> None:
    """Add lines that differ, in pairs as far as they go."""
    for before, after in zip_longest(removed, added):
        if before is not None and after is not None:
            rows.append(Row(*_by_words(before, after), changed=True))
        else:
            left = None if before is None else [(before, False)]
            rows.append(Row(left, None if after is None else [(after, False)], changed=True))


def _by_words(before: str, after: str) -> tuple[list[Part], list[Part]]:
    """Return two lines in pieces: what they begin and end with in common, and between that what differs.

    Lines that have little in common are left whole. It takes linear time, whatever the lines are.
    """
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    shorter = min(len(old), len(new))
    start = next((number for number in range(shorter) if old[number] != new[number]), shorter)
    rest = shorter - start
    end = next((number for number in range(rest) if old[-1 - number] != new[-1 - number]), rest)
    same = sum(len(word.strip()) for word in (*old[:start], *old[len(old) - end :]))
    if _LEAST_IN_COMMON * same < max(len(before.strip()), len(after.strip())):
        return [(before, False)], [(after, False)]
    return _parts(old, start, end), _parts(new, start, end)


def _parts(words: Sequence[str], start: int, end: int) -> list[Part]:
    pieces = ((words[:start], False), (words[start : len(words) - end], True), (words[len(words) - end :], False))
    return [("".join(piece), differs) for piece, differs in pieces if piece]
