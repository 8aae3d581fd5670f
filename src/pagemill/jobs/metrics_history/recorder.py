"""Keeps the history: takes a sample now and then, and deletes those that are too old.

One process of a service does it: the supervisor for all of its children, since they count into one folder; an API or a
worker that runs by itself, for itself.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from pagemill.errors import UnavailableError
from pagemill.jobs.metrics_history import statements
from pagemill.jobs.queue.queue_state import QueueStates
from pagemill.observability import instruments
from pagemill.observability.sampling import growth, sample

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pagemill.jobs.database.pool import Database
    from pagemill.settings import Settings

log = structlog.get_logger(__name__)

_DELETED_AT_ONCE = 1_000


def counts_for_itself() -> bool:
    """Whether this process counts, and no supervisor keeps the history of what it counts."""
    return instruments.is_on() and instruments.FOLDER_VARIABLE not in os.environ


@dataclass(frozen=True, slots=True)
class _Pending:
    """A sample that may be stored already: its statement was sent, and no answer came."""

    number: int
    counted: Mapping[str, float]
    gauges: Mapping[str, float]
    queue: Mapping[str, float]


class HistoryRecorder:
    """Writes down what was counted. It waits for no database that is away: then the next sample holds more."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._interval = settings.observability.metrics_history_interval
        self._age = timedelta(days=settings.observability.metrics_history_days)
        self._queue = QueueStates(database, settings, longest=0)
        self._source = secrets.token_hex(8)
        self._number = 0
        self._counted: Mapping[str, float] = {}
        self._pending: _Pending | None = None

    async def run(self) -> None:
        """Take samples until it is cancelled. They fall between multiples of the interval, so that each step of a chart
        holds as many.
        """
        while True:
            now = time.time()
            await asyncio.sleep((now // self._interval + 1.5) * self._interval - now)
            try:
                await self.record()
            except Exception:
                log.exception("the history of metrics lacks a sample")

    async def record(self) -> None:
        """Take a sample now. What an earlier one holds that was not stored for certain is stored first, as it was."""
        if self._pending is not None and not await self._store(self._pending):
            return
        state = await self._queue.get()
        if state is None:
            return
        found = await asyncio.to_thread(sample)
        self._number += 1
        grown = growth(self._counted, found.counters)
        gauges = {name: value for name, value in found.gauges.items() if value}
        self._pending = _Pending(self._number, grown, gauges, asdict(state))
        self._counted = found.counters
        if await self._store(self._pending):
            await self._delete_old()

    async def _store(self, pending: _Pending) -> bool:
        """Store a sample, and return whether that is certain."""
        values = (self._source, pending.number, dict(pending.counted), dict(pending.gauges), dict(pending.queue))
        try:
            await self._database.rows(statements.STORE_SAMPLE, *values, wait=0)
        except UnavailableError:
            return False
        self._pending = None
        return True

    async def _delete_old(self) -> None:
        try:
            await self._database.rows(statements.DELETE_OLD_SAMPLES, self._age, _DELETED_AT_ONCE, wait=0)
        except UnavailableError:
            return
