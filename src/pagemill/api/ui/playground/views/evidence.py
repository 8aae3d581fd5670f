"""The quotes that values stand on, marked in the text of the page."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ANCHOR = "evidence-"
"""What the id of a mark begins with; its number follows."""


def marked_text(text: str, places: Sequence[tuple[int, int, int, str]]) -> str:
    """Return a text as HTML with these places of it marked: each its start, end, number and title, by their starts.

    Of places that overlap, the first is marked.
    """
    parts: list[str] = []
    position = 0
    for start, end, number, title in places:
        if start < position or end > len(text):
            continue
        parts.extend(
            (
                escape(text[position:start]),
                f'<mark id="{ANCHOR}{number}" tabindex="-1" title="{escape(title)}">{escape(text[start:end])}</mark>',
            )
        )
        position = end
    parts.append(escape(text[position:]))
    return "".join(parts)


def places_of(
    evidence: Mapping[str, Mapping[str, object]], length: int
) -> tuple[list[tuple[int, int, int, str]], dict[int, int]]:
    """Return the places at which quotes stand in a text of this length, by their starts, and the mark of each quote.

    `evidence` is that of structured JSON: by the pointer of each value. The number of a place is its pointer's place
    there. Of places that overlap, the first alone is there, and its mark stands for all of them.
    """
    found: list[tuple[int, int, int, str]] = []
    for number, (pointer, quote) in enumerate(evidence.items()):
        start, end = quote.get("start"), quote.get("end")
        if isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= length:
            found.append((start, end, number, pointer))
    found.sort()
    kept: list[tuple[int, int, int, str]] = []
    marks: dict[int, int] = {}
    for place in found:
        if not kept or place[0] >= kept[-1][1]:
            kept.append(place)
        marks[place[2]] = kept[-1][2]
    return kept, marks
