"""Which workers have fallen silent, whatever the clocks say."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pagemill.jobs.queue import statements

if TYPE_CHECKING:
    from datetime import datetime

    from pagemill.jobs.database.pool import Database


class DeadWorkerDetector:
    """Looks at the heartbeats of all workers. One that does not change for `looks` looks in a row is silent.

    Times are compared for equality alone: the database's clock may be set. Looks are counted, not seconds: while the
    database is away, or this process stopped, nobody looks, and nobody falls silent.
    """

    def __init__(self, database: Database, *, looks: int) -> None:
        self._database = database
        self._looks = looks
        self._seen: dict[str, tuple[datetime, int]] = {}

    @classmethod
    def after(cls, database: Database, *, seconds: float, interval: float) -> DeadWorkerDetector:
        """Return one that is asked every `interval` seconds, for a silence of about so many seconds."""
        return cls(database, looks=max(2, math.ceil(seconds / interval)))

    async def poll(self) -> dict[str, datetime]:
        """Return the silent workers, each with its last heartbeat. It is silent no more if that has changed since."""
        rows = await self._database.rows(statements.LIST_WORKERS)
        seen = {}
        for row in rows:
            heartbeat, looks = self._seen.get(row["id"], (None, 0))
            seen[row["id"]] = (row["seen_at"], looks + 1 if heartbeat == row["seen_at"] else 0)
        self._seen = seen
        return {worker: heartbeat for worker, (heartbeat, looks) in seen.items() if looks >= self._looks}
