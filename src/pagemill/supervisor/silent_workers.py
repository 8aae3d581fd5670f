"""Which workers of this supervisor say nothing any more, though their processes are there: they hang."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pagemill.jobs.queue import statements

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from pagemill.jobs.database.pool import Database


class SilentWorkers:
    """Looks at the heartbeats of some workers. One is silent whose heartbeat does not change for some looks in a row.

    As for `DeadWorkerDetector`, looks are counted and no clock is read: while the database is away, nobody falls
    silent. A worker that others took for dead has no heartbeat any more, which counts as one that does not change.
    """

    def __init__(self, database: Database, *, seconds: float, interval: float) -> None:
        """`poll` is called every `interval` seconds; a silence of about so many `seconds` is meant."""
        self._database = database
        self._looks = max(2, math.ceil(seconds / interval))
        self._seen: dict[str, tuple[datetime | None, int]] = {}

    async def poll(self, workers: Iterable[str]) -> set[str]:
        """Return those of these workers that are silent. Raises UnavailableError."""
        heartbeats = {row["id"]: row["seen_at"] for row in await self._database.rows(statements.LIST_WORKERS)}
        seen = {}
        for worker in workers:
            before, looks = self._seen.get(worker, (None, -1))
            heartbeat = heartbeats.get(worker, before)
            seen[worker] = (heartbeat, looks + 1 if heartbeat == before else 0)
        self._seen = seen
        return {worker for worker, (_, looks) in seen.items() if looks >= self._looks}
