"""The runs of monitors: started when they are due, submitted as jobs, given to one worker after the job's end."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pagemill.errors import QueueFullError, RateLimitedError
from pagemill.jobs.keys.limits import Limits
from pagemill.jobs.monitors import statements
from pagemill.jobs.monitors.monitor import change_of, monitor_of
from pagemill.jobs.queue.store import JobStore, QueueLimits, Site, new_job_id
from pagemill.model import Failure, JobKind
from pagemill.observability.metrics import MONITOR_RUNS
from pagemill.sites.candidates import digest
from pagemill.sites.identity import site_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.jobs.database.pool import Database
    from pagemill.jobs.monitors.monitor import Change, Monitor
    from pagemill.settings import Settings

ENDPOINT = "monitors"
"""What runs count as, where submissions are limited for each endpoint."""
_MARGIN = timedelta(minutes=1)
"""How far ahead of now a time may be that was just written down."""
_SHORTEST_DELAY = 60.0
"""Seconds after which a run that a limit refused is tried again, at the soonest."""


class MonitorRuns:
    """The runs in the database."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        limits = settings.limits
        self._limits = Limits(database, settings)
        self._jobs = JobStore(database, QueueLimits(limits.queued_pages_per_key or None, limits.queued_pages or None))

    async def start(self, monitor: Monitor) -> Monitor | None:
        """Start a run of a monitor now, unless one is under way, and submit it. Returns the monitor with the run's job.

        Without a job where it has expired meanwhile, None where it is not there any more. Raises what `submit` does:
        then there is no run.
        """
        job_id = new_job_id(JobKind.CRAWL if monitor.definition.site else JobKind.SCRAPE)
        row = await self._database.row(statements.START_RUN, monitor.id, monitor.key_id, job_id)
        if row is None:
            return None
        started = monitor_of(row)
        if started.job_id == job_id:
            await self.submit(started)
        return started

    async def start_due(self, limit: int) -> list[Monitor]:
        """Start the runs that are due, at most so many, and return their monitors. They are still to be submitted."""
        return [monitor_of(row) for row in await self._database.rows(statements.START_DUE_RUNS, limit)]

    async def submit(self, run: Monitor) -> None:
        """Submit a run's job: once, however often this is called.

        Raises errors.RateLimitedError and errors.QueueFullError. The run is given up then, and due again later.
        """
        definition, job_id = run.definition, run.job_id or ""
        pages = definition.site.limit if definition.site else 1
        try:
            if self._limits:
                await self._limits.admit(run.key_id, ENDPOINT, pages, submission=int(job_id[-12:], 16))
            await self._jobs.submit(
                run.key_id,
                [definition.url],
                definition.options,
                batch=definition.site is not None,
                site=_site(run),
                job_id=job_id,
            )
        except (RateLimitedError, QueueFullError) as error:
            await self._postpone(run, Failure(error.code, error.message), error.retry_after)
            raise
        await self._database.rows(statements.MARK_SUBMITTED, run.id, job_id)

    async def _postpone(self, run: Monitor, failure: Failure, seconds: float) -> None:
        MONITOR_RUNS.add("postponed")
        delay = max(seconds, _SHORTEST_DELAY)
        await self._database.rows(
            statements.POSTPONE_RUN, run.id, run.job_id, run.claims, delay, failure.code, failure.message
        )

    async def claim(self, lease: timedelta, without: Sequence[str] = ()) -> Monitor | None:
        """Take a run that is to be submitted or compared, for this long; none of the keys `without`."""
        row = await self._database.row(statements.CLAIM_RUN, lease, list(without))
        return monitor_of(row) if row else None

    async def release(self, run: Monitor) -> None:
        """Give back a run."""
        await self._database.rows(statements.RELEASE_RUN, run.id, run.job_id, run.claims)

    async def bring_forward(self) -> int:
        """Let no monitor wait because the clock was set back, and return how many did."""
        row = await self._database.row(statements.BRING_FORWARD_RUNS, _MARGIN)
        return int(row["monitors"]) if row else 0

    async def end_expired(self) -> int:
        """Schedule no more what has expired or whose key was revoked, and return how many."""
        row = await self._database.row(statements.END_MONITORS)
        return int(row["monitors"]) if row else 0


async def changes_of_run(database: Database, key_id: str, job_id: str, limit: int) -> tuple[list[Change], int, str]:
    """Return what a run found, at most so many changes; how many there are; and the monitor's URL."""
    rows = await database.rows(statements.LIST_CHANGES_OF_RUN, job_id, key_id, limit)
    if not rows:
        return [], 0, ""
    return [change_of(row) for row in rows], rows[0]["changes"], rows[0]["monitor_url"]


def _site(run: Monitor) -> Site | None:
    site = run.definition.site
    if site is None:
        return None
    found = site_url(site.url)
    if found is None:
        raise ValueError("a monitor's site has a URL with a host")
    return Site(JobKind.CRAWL, site, bytes.fromhex(digest(found.identity)), found.host)
