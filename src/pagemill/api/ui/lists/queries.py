"""What the address of a list says: filters, and where a part begins. What cannot be read asks for nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

from pagemill.jobs.listing.job_filter import ANY_ERROR, Cursor, JobFilter, ListedKind, search_of
from pagemill.model import Status

if TYPE_CHECKING:
    from collections.abc import Mapping

Chosen = TypeVar("Chosen", bound=StrEnum)
FIELDS = ("q", "status", "kind", "error", "since", "until")
_LONGEST_SEARCH = 2_000
_LONGEST_CODE = 60


def job_filter(query: Mapping[str, str]) -> JobFilter:
    """Return the filter of a list of jobs."""
    host, prefix = search_of(query.get("q", "")[:_LONGEST_SEARCH])
    code = query.get("error", "")[:_LONGEST_CODE]
    return JobFilter(
        status=one_of(Status, query.get("status", "")),
        kind=one_of(ListedKind, query.get("kind", "")),
        host=host,
        url_prefix=prefix,
        since=moment(query.get("since", "")),
        until=moment(query.get("until", "")),
        error_code=code or None,
    )


def cursor(query: Mapping[str, str]) -> Cursor | None:
    """Return where the part begins."""
    return Cursor.parse(query.get("after", ""))


def one_of(choices: type[Chosen], text: str) -> Chosen | None:
    """Return the member with this value, or None."""
    try:
        return choices(text)
    except ValueError:
        return None


def moment(text: str) -> datetime | None:
    """Return the moment of a field for a day and a time, in UTC where it names no zone; None where it is none."""
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def address(path: str, query: Mapping[str, str], **changes: str | None) -> str:
    """Return a path with the filters of a query, some of them changed; None takes one out."""
    kept = {name: query[name] for name in FIELDS if query.get(name)}
    kept |= {name: value for name, value in changes.items() if value is not None}
    left = {name: value for name, value in kept.items() if name not in changes or changes[name] is not None}
    return f"{path}?{urlencode(left)}" if left else path


__all__ = ["ANY_ERROR", "FIELDS", "address", "cursor", "job_filter", "moment", "one_of"]
