"""Dates and times as sitemaps, pages and clients write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

_DATE_LENGTH = len("2030-01-31")


def moment(text: str | None, *, ends_day: bool = False) -> datetime | None:
    """Return the moment that a text in ISO 8601 names, in UTC, or None where it names none.

    A date is the beginning of its day, or the end where `ends_day`. A time without a zone is one in UTC.
    """
    if text is None:
        return None
    text = text.strip()
    try:
        if len(text) == _DATE_LENGTH:
            return datetime.combine(date.fromisoformat(text) + timedelta(days=ends_day), time(), UTC)
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
