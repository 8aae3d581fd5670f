"""How templates write times, durations, numbers and addresses. Each returns plain text, which the template escapes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pagemill.redaction import mask_credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_PRECISE = 10
"""Seconds, or any number, from which on tenths say nothing."""


def time_text(time: datetime) -> str:
    """Return a moment in UTC, to the second."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def iso_text(time: datetime) -> str:
    """Return a moment for programs (RFC 3339)."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ago(time: datetime, now: datetime | None = None) -> str:
    """Return how long ago a moment was, or in what time it comes, in its largest unit alone."""
    seconds = ((now or datetime.now(UTC)) - time).total_seconds()
    size = abs(seconds)
    if size < 1:
        return "now"
    count, unit = next(
        (
            (size / length, unit)
            for unit, length in (("days", 2 * _DAY), ("h", _HOUR), ("min", _MINUTE))
            if size >= length
        ),
        (size, "s"),
    )
    text = f"{size / _DAY:.0f} days" if unit == "days" else f"{count:.0f} {unit}"
    return f"{text} ago" if seconds > 0 else f"in {text}"


def duration(seconds: float | None) -> str:
    """Return a duration in the unit that fits it, or a dash."""
    if seconds is None:
        return "–"
    if seconds < _PRECISE:
        return f"{1000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _HOUR:
        parts = (f"{whole // _MINUTE} min", whole // _MINUTE), (f"{whole % _MINUTE} s", whole % _MINUTE)
        return " ".join(text for text, count in parts if count)
    minutes = round(seconds / _MINUTE)
    if seconds < _DAY:
        return f"{minutes // 60} h" + (f" {minutes % 60} min" if minutes % 60 else "")
    return f"{seconds / _DAY:.1f} days"


def number(value: float) -> str:
    """Return a number with its thousands apart, and few digits after the point."""
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= _PRECISE else f"{value:.2f}"


def plural(count: int, singular: str, several: str | None = None) -> str:
    """Return a number with its noun: `1 page`, `2 pages`."""
    return f"{count:,} {singular if count == 1 else several or singular + 's'}"


FILTERS: Mapping[str, Callable[..., Any]] = {
    "time": time_text,
    "iso": iso_text,
    "ago": ago,
    "duration": duration,
    "number": number,
    "plural": plural,
    "masked": mask_credentials,
}
"""By the names that templates use."""
