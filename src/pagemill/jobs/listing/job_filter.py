"""Which jobs a list shows, and where in it a part begins."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from pagemill.model import Status

_CURSOR = re.compile(r"(\d{1,18})\.([a-z]+_[0-9a-z]{1,64})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ANY_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)

ANY_ERROR = "any"
"""In place of an error's code: any of them."""


class ListedKind(StrEnum):
    """What a job is, as lists name it."""

    SINGLE = "single"
    BATCH = "batch"
    MAP = "map"
    CRAWL = "crawl"
    BULK = "bulk"


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs; None means any."""

    status: Status | None = None
    kind: ListedKind | None = None
    host: str | None = None
    """Of the first URL: a name in lower case, without a port."""
    url_prefix: str | None = None
    """What the first URL begins with, with its scheme or without. It comes with its host."""
    since: datetime | None = None
    """Submitted then or later."""
    until: datetime | None = None
    """Submitted before then."""
    error_code: str | None = None
    """A page failed with it, or with any error: ANY_ERROR."""

    @property
    def is_empty(self) -> bool:
        """Whether all jobs are shown."""
        return self == JobFilter()


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a list of jobs, newest first: what follows is older."""

    created_at: datetime
    job_id: str

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the place that `str` made this text of, or None where it is none."""
        found = _CURSOR.fullmatch(text)
        if found is None:
            return None
        try:
            return cls(_EPOCH + timedelta(microseconds=int(found[1])), found[2])
        except OverflowError:
            return None

    def __str__(self) -> str:
        """As it stands in an address."""
        return f"{(self.created_at - _EPOCH) // timedelta(microseconds=1)}.{self.job_id}"


def search_of(text: str) -> tuple[str | None, str | None]:
    """Return the host and the prefix of URLs that a search text asks for; a prefix where there is more than a host.

    `example.com` is a host, `example.com/docs` and `https://example.com/docs` are prefixes. `(None, None)` for a text
    that names no host.
    """
    text = text.strip()
    schemed = text if _ANY_SCHEME.match(text) else f"//{text}"
    try:
        host = urlsplit(schemed).hostname
    except ValueError:
        return None, None
    if not host:
        return None, None
    rest = schemed.split("//", 1)[1]
    is_host = rest.rstrip("/") == rest.split("/")[0] and ":" not in rest.split("/")[0].rpartition("]")[2]
    name = f"[{host}]" if ":" in host else _ascii(host)
    return name, None if is_host and not _ANY_SCHEME.match(text) else text


def _ascii(host: str) -> str:
    """A name as URLs hold it: in ASCII, where it can be written so."""
    try:
        return host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        return host
