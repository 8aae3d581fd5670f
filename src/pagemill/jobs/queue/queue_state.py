"""What the queue holds, as metrics tell it: asked of the database at most once in a while."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from pagemill.errors import UnavailableError
from pagemill.jobs.queue import statements

if TYPE_CHECKING:
    from pagemill.jobs.database.pool import Database
    from pagemill.settings import Settings

MOST_COUNTED = 100_000
"""More entries than this are not counted, so that asking stays cheap."""


@dataclass(frozen=True, slots=True)
class QueueState:
    """How much waits, and for how long."""

    waiting: int
    processing: int
    deliveries: int
    """Webhook deliveries that are due, or will be tried again."""
    workers: int
    oldest_age: float
    """Seconds since the submission of the page that waits longest; 0 where none waits."""
    monitor_lag: float
    """Seconds since the monitor was due that is due longest; 0 where none is."""


class QueueStates:
    """Answers with a state that is at most `longest` old, in seconds, else `metrics_queue_age`."""

    def __init__(self, database: Database, settings: Settings, longest: float | None = None) -> None:
        self._database = database
        self._silence = timedelta(seconds=settings.jobs.worker_timeout)
        self._patience = settings.database.database_patience
        self._longest = settings.observability.metrics_queue_age if longest is None else longest
        self._lock = asyncio.Lock()
        self._read_at = float("-inf")
        self._state: QueueState | None = None

    async def get(self) -> QueueState | None:
        """The state, or None while the database does not answer."""
        loop = asyncio.get_running_loop()
        async with self._lock:
            if loop.time() - self._read_at > self._longest:
                self._state = await self._read()
                self._read_at = loop.time()
            return self._state

    async def _read(self) -> QueueState | None:
        try:
            async with asyncio.timeout(self._patience):
                row = await self._database.row(statements.GET_QUEUE_STATE, MOST_COUNTED, self._silence, wait=0)
        except (UnavailableError, TimeoutError):
            return None
        return QueueState(**row) if row else None
