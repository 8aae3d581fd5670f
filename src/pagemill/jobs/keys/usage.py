"""What keys use: how much of it waits, how much was submitted lately, and how near that is to the limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pagemill.jobs.keys import statements
from pagemill.jobs.keys.keys import Key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pagemill.jobs.database.pool import Database

MOST_COUNTED = 1_000
"""More jobs of a key than this are not counted."""


@dataclass(frozen=True, slots=True)
class KeyUsage:
    """A key and what it uses."""

    key: Key
    waiting_pages: int
    """In jobs that have not ended."""
    jobs_of_day: int
    """Submitted in the last 24 hours, counted up to one more than MOST_COUNTED."""
    pages_of_day: int
    """Of those jobs that were counted."""
    counted_pages_today: int | None
    """What counts for the limit of a day, since midnight UTC; None where there is no such limit."""
    submits_of_minute: int
    """What counts for the limit of a minute, of the endpoint that was used most."""
    last_submitted_at: datetime | None


class KeyUsages:
    """Reads what keys use."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, after: str | None, limit: int) -> Sequence[KeyUsage]:
        """Return all keys, the latest first: those made before the one of the id `after` where it is given."""
        return await self._read(None, after, limit)

    async def of(self, key_id: str) -> KeyUsage | None:
        """Return one key, also that of requests without one; None where it is not there."""
        found = await self._read(key_id, None, 1)
        return found[0] if found else None

    async def _read(self, key_id: str | None, after: str | None, limit: int) -> Sequence[KeyUsage]:
        rows = await self._database.rows(statements.LIST_USAGE, key_id, after, limit, MOST_COUNTED + 1)
        return [
            KeyUsage(
                Key(row["id"], row["name"], row["created_at"], row["revoked_at"], row["operator"]),
                row["waiting_pages"],
                row["jobs_of_day"],
                row["pages_of_day"],
                row["counted_pages_today"],
                row["submits_of_minute"],
                row["last_submitted_at"],
            )
            for row in rows
        ]
