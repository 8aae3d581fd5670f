"""Where the time of a page went, as bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pagemill.model import FetchedWith

if TYPE_CHECKING:
    from pagemill.model import Page

WIDTH = 1000
"""Of the chart, in its own units."""
_NARROWEST = 3


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a page's time. `left` and `width` are in units of the chart."""

    name: str
    kind: str
    seconds: float
    left: float
    width: float
    note: str = ""


def bars(page: Page) -> list[Bar]:
    """Return the parts of a page's time: its wait in the queue, each attempt, and the rest. Empty before its end."""
    if page.completed_at is None:
        return []
    begun = page.started_at or page.completed_at
    parts = [("In the queue", "wait", (begun - page.created_at).total_seconds(), "")]
    for attempt in page.attempts:
        name = "HTTP" if attempt.fetched_with is FetchedWith.HTTP else "Browser"
        said = [attempt.outcome.replace("_", " ")]
        if attempt.status_code is not None:
            said.append(f"status {attempt.status_code}")
        if attempt.vendor:
            said.append(attempt.vendor)
        parts.append((name, attempt.fetched_with.value, attempt.duration, ", ".join(said)))
    rest = (page.completed_at - page.created_at).total_seconds() - sum(part[2] for part in parts)
    parts.append(("The rest", "rest", max(0.0, rest), "the cache, structured JSON, storing"))
    total = sum(max(0.0, part[2]) for part in parts) or 1.0
    made, left = [], 0.0
    for name, kind, seconds, note in parts:
        width = max(0.0, seconds) / total * WIDTH
        made.append(Bar(name, kind, max(0.0, seconds), min(left, WIDTH - _NARROWEST), max(width, _NARROWEST), note))
        left += width
    return made
