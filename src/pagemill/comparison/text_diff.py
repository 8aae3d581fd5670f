"""A unified diff of two texts, by lines that are compared in normalised form and shown as they are.

`difflib` may take time in the square of the number of lines, and more where lines repeat. So the lines that both texts
begin and end with are taken off first, and what is left is only aligned where that is expected to be quick: otherwise
all of it counts as replaced. Who calls it must be able to stop it all the same, and to ask again without `align`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from pagemill.comparison.normalisation import Normaliser

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

_MAX_STEPS = 50_000_000
"""Steps that aligning may take: some seconds."""
_MAX_PAIRS = 5_000_000
_CONTEXT = 3

_Opcode = tuple[str, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Version:
    """A text, and the day on which it was fetched."""

    text: str
    day: date


@dataclass(frozen=True, slots=True)
class TextDiff:
    """How two texts differ. None of it differs where no line was added or removed."""

    diff: str
    added: int
    removed: int

    def __bool__(self) -> bool:
        """Whether they differ."""
        return bool(self.added or self.removed)


def compare(old: Version, new: Version, max_characters: int, *, align: bool = True) -> TextDiff:
    """Compare two texts. Of the diff at most so many characters are returned. Without `align` it takes linear time."""
    before, after = _Lines(old), _Lines(new)
    opcodes = _opcodes(before.normalised, after.normalised, align=align)
    added = sum(end - start for kind, _, _, start, end in opcodes if kind != "equal")
    removed = sum(end - start for kind, start, end, _, _ in opcodes if kind != "equal")
    if not added and not removed:
        return TextDiff("", 0, 0)
    return TextDiff(_cut(_unified(opcodes, before.shown, after.shown), max_characters), added, removed)


class _Lines:
    """The lines of a text that are not blank: blank ones say nothing, and there is one after each paragraph."""

    def __init__(self, version: Version) -> None:
        normalise = Normaliser(version.day).line
        self.shown: list[str] = []
        self.normalised: list[str] = []
        for line in version.text.splitlines():
            if (normalised := normalise(line)) != "":
                self.shown.append(line.rstrip())
                self.normalised.append(normalised)


def _opcodes(old: Sequence[str], new: Sequence[str], *, align: bool) -> list[_Opcode]:
    start = _common(zip(old, new, strict=False))
    shorter = min(len(old), len(new)) - start
    end = min(shorter, _common(zip(reversed(old), reversed(new), strict=False)))
    old_end, new_end = len(old) - end, len(new) - end
    left, right = old[start:old_end], new[start:new_end]
    middle: list[_Opcode] = []
    if left and right and align and _steps(left, right) <= _MAX_STEPS:
        found = SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
        middle = [(kind, start + a, start + b, start + c, start + d) for kind, a, b, c, d in found]
    elif left or right:
        kind = "replace" if left and right else "delete" if left else "insert"
        middle = [(kind, start, old_end, start, new_end)]
    before: list[_Opcode] = [("equal", 0, start, 0, start)] if start else []
    after: list[_Opcode] = [("equal", old_end, len(old), new_end, len(new))] if end else []
    return [*before, *middle, *after]


def _common(pairs: Iterable[tuple[str, str]]) -> int:
    """How many pairs at the beginning are of equal lines."""
    count = 0
    for one, other in pairs:
        if one != other:
            break
        count += 1
    return count


def _steps(left: Sequence[str], right: Sequence[str]) -> float:
    """About how many steps `SequenceMatcher` takes: it looks at pairs of equal lines, once for each block it finds.

    There are about as many blocks as places where equal lines follow on unequal ones.
    """
    places: defaultdict[str, list[int]] = defaultdict(list)
    for number, line in enumerate(right):
        places[line].append(number)
    pairs = sum(len(places[line]) for line in left if line in places)
    if pairs > _MAX_PAIRS:
        return math.inf
    blocks = sum(
        not (number and place and left[number - 1] == right[place - 1])
        for number, line in enumerate(left)
        for place in places.get(line, ())
    )
    return (len(left) + pairs) * (min(len(left), len(right), 2 * blocks) + 1)


def _unified(opcodes: Sequence[_Opcode], old: Sequence[str], new: Sequence[str]) -> Iterable[str]:
    """Yield the lines of a unified diff (as in GNU diffutils), with three lines of context."""
    for group in _groups(opcodes):
        first, last = group[0], group[-1]
        yield f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@"
        for kind, old_start, old_end, new_start, new_end in group:
            if kind == "equal":
                yield from (f" {line}" for line in new[new_start:new_end])
                continue
            yield from (f"-{line}" for line in old[old_start:old_end])
            yield from (f"+{line}" for line in new[new_start:new_end])


def _groups(opcodes: Sequence[_Opcode]) -> Iterable[list[_Opcode]]:
    """Yield the differences with their context, those together that share it."""
    group: list[_Opcode] = []
    for number, (kind, a, b, c, d) in enumerate(opcodes):
        if kind != "equal":
            group.append((kind, a, b, c, d))
            continue
        head, tail = min(_CONTEXT, b - a), min(_CONTEXT, b - a)
        is_last = number == len(opcodes) - 1
        if group and not is_last and b - a <= 2 * _CONTEXT:
            group.append((kind, a, b, c, d))
            continue
        if group:
            yield [*group, (kind, a, a + head, c, c + head)]
        group = [] if is_last else [(kind, b - tail, b, d - tail, d)]
    if group:
        yield group


def _range(start: int, end: int) -> str:
    length = end - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"


def _cut(lines: Iterable[str], most: int) -> str:
    """The lines as a text of about at most so many characters; the last one says where it was cut."""
    kept, size = [], 0
    for line in lines:
        size += len(line) + 1
        if size > most:
            kept += [line[: most - size], "... (cut)"] if most > size - len(line) else ["... (cut)"]
            break
        kept.append(line)
    return "\n".join(kept) + "\n"
