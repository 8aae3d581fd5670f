"""What a worker does for monitors: it starts the runs that are due, submits them, and compares what they gave."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from pagemill.errors import QueueFullError, RateLimitedError, UnavailableError
from pagemill.jobs.monitors.run_comparison import RunComparison
from pagemill.jobs.monitors.runs import MonitorRuns
from pagemill.jobs.queue.store import JobStore
from pagemill.process_lifetime import first_completed

if TYPE_CHECKING:
    from pagemill.jobs.database.pool import Database
    from pagemill.jobs.monitors.monitor import Monitor
    from pagemill.jobs.monitors.page_comparison import Comparer
    from pagemill.jobs.objects.object_storage import ObjectStorage
    from pagemill.settings import Settings

log = structlog.get_logger(__name__)

_STARTED_AT_ONCE = 20
_RUNS_OF_KEY = 2
_CLOCK_CHECK_INTERVAL = 15.0
"""Seconds between two looks for monitors that wait because the clock was set back, or that have expired."""
_LEASE_TIMEOUTS = 4
_LEASE_MARGIN = 30.0


class MonitorWorker:
    """One worker's share of the monitors."""

    def __init__(self, settings: Settings, database: Database, scraper: Comparer, objects: ObjectStorage) -> None:
        self._settings = settings
        self._database = database
        self._scraper = scraper
        self._jobs = JobStore(database, objects=objects)
        self._runs = MonitorRuns(database, settings)
        self._in_hand: dict[asyncio.Task[None], Monitor] = {}
        self._room = asyncio.Event()
        """Set where a run has ended that another one may have waited for."""

    async def run(self) -> None:
        """Work until cancelled. A fault of ours stops nothing else."""
        await asyncio.gather(self._start_runs(), self._compare_runs())

    async def _start_runs(self) -> None:
        checked_at = -math.inf
        while True:
            has_more = False
            try:
                if time.monotonic() >= checked_at + _CLOCK_CHECK_INTERVAL:
                    checked_at = time.monotonic()
                    await self._check_clock()
                has_more = await self.start_due()
            except Exception:
                log.exception("monitors failed by a fault of ours")
            if not has_more:
                await asyncio.sleep(self._settings.jobs.poll_interval)

    async def _compare_runs(self) -> None:
        while True:
            self._room.clear()
            try:
                await self.take_up()
            except Exception:
                log.exception("the runs of monitors failed by a fault of ours")
            await first_completed(self._room.wait(), timeout=self._settings.jobs.poll_interval)

    async def release(self) -> None:
        """Give back the runs in hand, for others to go on with at once."""
        in_hand = dict(self._in_hand)
        for task in in_hand:
            task.cancel()
        await asyncio.gather(*in_hand, return_exceptions=True)
        for run in in_hand.values():
            await self._runs.release(run)

    async def start_due(self) -> bool:
        """Start and submit some of the runs that are due. Returns whether more may be."""
        started = await self._runs.start_due(_STARTED_AT_ONCE)
        for run in started:
            await self._submit(run)
        return len(started) == _STARTED_AT_ONCE

    async def take_up(self) -> None:
        """Take up the runs whose jobs have ended, and those that somebody started and did not submit."""
        while len(self._in_hand) < self._settings.monitors.monitor_runs_compared:
            claimed = await self._runs.claim(self._lease, self._busy_keys())
            if claimed is None:
                return
            self._work_on(claimed)

    async def finished(self) -> None:
        """Wait for the runs in hand."""
        await asyncio.gather(*self._in_hand, return_exceptions=True)

    def _work_on(self, run: Monitor) -> None:
        task = asyncio.create_task(self._work(run), name=f"run of {run.id}")
        self._in_hand[task] = run
        task.add_done_callback(self._put_down)

    def _put_down(self, done: asyncio.Task[None]) -> None:
        is_full = len(self._in_hand) >= self._settings.monitors.monitor_runs_compared
        if is_full or self._in_hand[done].key_id in self._busy_keys():
            self._room.set()
        del self._in_hand[done]

    async def _work(self, run: Monitor) -> None:
        try:
            if not run.submitted:
                await self._submit(run)
                return
            await RunComparison(run, self._database, self._jobs, self._scraper, self._settings).compare()
        except UnavailableError as error:  # others, or this worker, try again when the lease ends
            log.warning("a monitor's run waits for what it needs", monitor=run.id, error=error.code)
        except Exception:
            log.exception("a monitor's run failed by a fault of ours", monitor=run.id)

    async def _submit(self, run: Monitor) -> None:
        try:
            await self._runs.submit(run)
        except (RateLimitedError, QueueFullError) as error:
            log.info("a monitor's run waits for a limit", monitor=run.id, error=error.code)

    async def _check_clock(self) -> None:
        if monitors := await self._runs.bring_forward():
            log.warning("the clock was set back; monitors wait no longer for it", monitors=monitors)
        if monitors := await self._runs.end_expired():
            log.info("monitors have ended", monitors=monitors)

    def _busy_keys(self) -> list[str]:
        held = Counter(run.key_id for run in self._in_hand.values())
        return [key_id for key_id, runs in held.items() if runs >= _RUNS_OF_KEY]

    @property
    def _lease(self) -> timedelta:
        return timedelta(seconds=_LEASE_TIMEOUTS * self._settings.extraction.extraction_timeout + _LEASE_MARGIN)
