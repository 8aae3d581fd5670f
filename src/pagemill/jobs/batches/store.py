"""Batches by upload as clients see them: uploaded, accepted, read in the order of completion."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog

from pagemill.errors import CancelledPageError, NotFoundError, QueueFullError
from pagemill.jobs.batches import statements
from pagemill.jobs.queue.ended_jobs import log_ended_jobs
from pagemill.jobs.queue.statements import GET_JOB, GET_JOB_BY_IDEMPOTENCY_KEY, MARK_CANCELLED, STOP_BATCH
from pagemill.jobs.queue.store import Idempotency, job_of, new_job_id, pack_options, page_of, unpack_options
from pagemill.model import JobKind
from pagemill.observability import metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.jobs.database.pool import Database
    from pagemill.jobs.queue.store import JobStore
    from pagemill.model import Job, Page, ScrapeOptions
    from pagemill.settings import Settings

log = structlog.get_logger(__name__)

_LINES = "batch_lines"
_LINE_COLUMNS = ("batch_id", "position", "url", "own_id", "options")
_DELETED_AT_ONCE = 5000
_RELEASED_BATCHES = 20
_LATE = timedelta(hours=1)
"""How long after its time a statement of an upload may still be under way, and more."""


@dataclass(frozen=True, slots=True)
class Line:
    """A URL of a batch."""

    url: str
    own_id: str | None = None
    """What the client calls it."""
    options: dict[str, Any] | None = None
    """As `pack_options` gives them; None: those of the batch."""


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """How far a batch is: `total` lines, of which `begun` were released to the queue, and `ended` of those."""

    total: int
    begun: int
    ended: int
    completed: int


@dataclass(frozen=True, slots=True)
class EndedLine:
    """A page of a batch that ended."""

    page: Page
    job: Job
    """Its batch, with the options of this page."""
    number: int
    """Its place in the order of completion, from 1."""
    own_id: str | None


class BatchStore:
    """Batches by upload in the database. Its methods raise errors.UnavailableError when that is away."""

    def __init__(self, database: Database, jobs: JobStore, settings: Settings) -> None:
        self._database = database
        self._jobs = jobs
        self._settings = settings

    async def begin(self, key_id: str) -> str:
        """Begin an upload, and return the id that its batch will have. Raises errors.QueueFullError."""
        self._refuse_full((await self._database.rows(statements.FIND_PLACE, *self._limits(key_id), 1))[0])
        batch_id = new_job_id(JobKind.BULK)
        await self._database.rows(statements.BEGIN_UPLOAD, batch_id, key_id)
        return batch_id

    async def is_known(self, key_id: str, idempotency_key: str) -> bool:
        """Whether a request of this key came with such an idempotency key before."""
        return await self._database.row(GET_JOB_BY_IDEMPOTENCY_KEY, key_id, idempotency_key) is not None

    async def add(self, batch_id: str, first: int, lines: Sequence[Line]) -> None:
        """Copy lines of an upload in, the first of which is the one at the position `first`, from 0."""
        await self._database.copy(
            statements.CLEAR_LINES,
            (batch_id, first, first + len(lines)),
            _LINES,
            _LINE_COLUMNS,
            [(batch_id, first + place, line.url, line.own_id, line.options) for place, line in enumerate(lines)],
        )

    async def accept(  # noqa: PLR0913 - each is a fact of its own about the batch
        self,
        batch_id: str,
        key_id: str,
        lines: int,
        options: ScrapeOptions,
        *,
        idempotency: Idempotency | None,
        webhook_url: str | None,
        trace_context: str | None,
    ) -> Job:
        """Make an upload of so many lines a job, and return it: or that of the earlier request that this one repeats.

        Raises errors.QueueFullError, and errors.ConflictError when its idempotency key came with another request.
        """
        key, request_hash = (idempotency.key, idempotency.request_hash) if idempotency else (None, None)
        [row] = await self._database.rows(
            statements.ACCEPT_BATCH,
            *(*self._limits(key_id), lines, batch_id, pack_options(options), key, request_hash),
            *(webhook_url, trace_context),
        )
        stored = row if row["id"] is not None else await self._database.row(GET_JOB, batch_id, key_id)
        if stored is not None:
            metrics.JOBS_SUBMITTED.add()
            log.info("batch submitted", job=batch_id, pages=lines)
            return job_of(stored)
        if (job := await self._jobs.find_existing_job(key_id, idempotency)) is not None:
            return job
        self._refuse_full(row)
        raise NotFoundError("The upload took so long that what had come of it was deleted.")

    async def abandon(self, batch_id: str) -> None:
        """Delete what was copied in of an upload that does not become a batch."""
        while (row := await self._database.row(statements.DELETE_UPLOAD, batch_id, _DELETED_AT_ONCE)) and row["lines"]:
            pass

    async def get(self, batch_id: str, key_id: str) -> tuple[Job, BatchProgress] | None:
        """Return a batch of this key and how far it is, or None."""
        row = await self._database.row(statements.GET_BATCH, batch_id, key_id)
        if row is None:
            return None
        progress = BatchProgress(row["lines"], row["pages"], row["pages"] - row["pages_left"], row["pages_completed"])
        return job_of(row), progress

    async def ended_lines(self, job: Job, after: int, last: int, limit: int) -> list[EndedLine]:
        """Return pages that ended, in the order of completion: after one number, up to another, at most so many."""
        rows = await self._database.rows(statements.LIST_ENDED_LINES, job.id, after, last, limit)
        return [
            EndedLine(
                page_of(row),
                job if row["options"] is None else replace(job, options=unpack_options(row["options"])),
                row["number"],
                row["own_id"],
            )
            for row in rows
        ]

    async def cancel(self, batch_id: str, key_id: str) -> None:
        """Begin no more pages of a batch. Those in the queue end as failed, `cancelled`."""
        await self._database.row(MARK_CANCELLED, batch_id, key_id)
        values = (batch_id, key_id, CancelledPageError.code, "The batch was cancelled.")
        # The first one waits for who releases pages just then, and sees none of those; after it there are no more.
        for _ in range(2):
            row = await self._database.row(STOP_BATCH, *values)
            log_ended_jobs(row)
            metrics.page_failed(CancelledPageError.code, pages=row["pages"] if row else 0)

    async def release(self) -> tuple[int, int]:
        """Put the next URLs of batches into the queue. Return how many, and how many batches have some that wait."""
        most = self._settings.batches.batch_queued_pages
        row = await self._database.row(
            statements.RELEASE_LINES, most, self._settings.batches.batch_release_step, _RELEASED_BATCHES
        )
        if row is None:
            return 0, 0
        if row["pages"]:
            metrics.PAGES_SUBMITTED.add(amount=row["pages"])
        return row["pages"], row["batches"]

    async def delete_old(self, age: timedelta, limit: int) -> bool:
        """Delete a step of what is old, at most `limit` rows of each kind. Return whether there may be more."""
        late = timedelta(seconds=self._settings.batches.batch_upload_timeout) + _LATE
        await self._database.rows(statements.RETIRE_BATCHES, age, late)
        row = await self._database.row(statements.DELETE_RETIRED, limit, late)
        return bool(row and row["batches"])

    def _limits(self, key_id: str) -> tuple[str, int | None, int | None, int | None]:
        limits = self._settings.batches
        return (
            key_id,
            limits.batches_per_key or None,
            limits.batch_waiting_urls_per_key or None,
            limits.batch_waiting_urls or None,
        )

    def _refuse_full(self, row: Any) -> None:
        limits = self._settings.batches
        if row["many_batches"]:
            raise QueueFullError(f"At most {limits.batches_per_key} batches by upload of one key run at a time.")
        if row["key_full"]:
            raise QueueFullError(f"At most {limits.batch_waiting_urls_per_key} URLs wait in the batches of one key.")
        if row["full"]:
            raise QueueFullError(f"At most {limits.batch_waiting_urls} URLs wait in batches in all.")
