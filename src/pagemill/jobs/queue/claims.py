"""The queue of pages, for workers: take, end, give back.

A page's row is its queue entry, so that submission, progress and result can never disagree. A worker is alive while
it sends heartbeats; the pages of one that stopped go to others. See `statements` for the invariants.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from pagemill.errors import UnavailableError, WorkerCrashedError
from pagemill.jobs.database.pool import FOREVER
from pagemill.jobs.queue import statements
from pagemill.jobs.queue.ended_jobs import log_ended_jobs
from pagemill.jobs.queue.store import pack_attempts, unpack_options, unpack_site
from pagemill.model import FetchedWith, JobKind
from pagemill.observability import metrics

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pagemill.jobs.database.pool import Database
    from pagemill.jobs.objects.object_storage import ObjectStorage
    from pagemill.model import Attempt, Failure, ScrapeOptions, SiteOptions

log = structlog.get_logger(__name__)

ANY_CRASHES = range(1_000_000)
_HEARTBEAT_TIMEOUT = 2.0
_LONGEST_COMMIT = 600.0
"""Seconds from writing an object until its row is there, at most: far less than PAGEMILL_BODIES_ORPHAN_AGE."""
_CLAIM_LOCK = 0x434C494D  # any number of its own: "CLIM"


@dataclass(frozen=True, slots=True)
class ClaimedPage:
    """A page that a worker claimed. `attempt` is its fencing token: whoever claimed it last may end it."""

    id: int
    job_id: str
    key_id: str
    url: str
    attempt: int
    crashes: int
    options: ScrapeOptions
    age: float = 0.0
    """Seconds from its submission to this claim."""
    trace_context: str | None = None
    """The span that submitted it, as a `traceparent`."""
    kind: JobKind = JobKind.SCRAPE
    site: SiteOptions | None = None
    """Of a map or a crawl."""
    position: int = 0
    has_turn: bool = False
    """Whether a turn of its host was taken for it, by a crawl's rate limit."""
    corrections_version: int | None = None
    """Which version its key's corrections had at the claim; None where the key never had any."""


@dataclass(frozen=True, slots=True)
class Rescued:
    """How many pages of dead workers went back to the queue, and how many failed as they had killed too many."""

    released: int
    failed: int


class Queue:
    """The queue as one worker sees it. No key has more than `key_limit` pages in processing, where it is set.

    It remembers which pages it gave to the worker, until each ends or is forgotten. `reconcile` puts back what the
    database says this worker has beyond those: pages of a claim whose answer was lost.
    """

    def __init__(
        self,
        database: Database,
        worker_id: str,
        key_limit: int | None = None,
        objects: ObjectStorage | None = None,
    ) -> None:
        self._database = database
        self._worker_id = worker_id
        self._key_limit = key_limit
        self._objects = objects if objects and objects.url else None
        self._held: dict[int, ClaimedPage] = {}
        self._claiming = asyncio.Lock()

    async def heartbeat(self) -> None:
        """Record that this worker is alive. The first heartbeat comes before the first claim.

        Where a heartbeat hangs, the next one is sent soon: others take a silent worker for dead.
        """
        await self._database.rows(statements.RECORD_HEARTBEAT, self._worker_id, timeout=_HEARTBEAT_TIMEOUT)

    async def claim(self, limit: int, crashes: range = ANY_CRASHES, without: Sequence[str] = ()) -> list[ClaimedPage]:
        """Take up to `limit` pages, from each key in turn; only pages that took down so many workers.

        `without`: keys whose pages are left alone.
        """
        async with self._claiming:
            rows = await self._database.rows(
                statements.CLAIM_PAGES,
                *(self._worker_id, limit, crashes.start, crashes.stop, self._key_limit, list(without)),
                # Two claims at once would each see a key's last place free.
                lock=None if self._key_limit is None else _CLAIM_LOCK,
            )
            pages = [_claimed(row) for row in rows]
            self._held |= {page.id: page for page in pages}
        for page in pages:
            if page.attempt == 1:
                metrics.STAGE_DURATION.observe(page.age, "queue_wait")
        return pages

    def forget(self, page: ClaimedPage) -> None:
        """Hold a page no more. One that did not end goes back to the queue when this is reconciled."""
        if self._held.get(page.id) is page:
            del self._held[page.id]

    async def reconcile(self) -> int:
        """Put back pages that the database gave to this worker and that it does not hold, and return how many.

        Not while a claim is under way: its pages are in the database before they are here.
        """
        async with self._claiming:
            return await self._put_back(list(self._held.values()))

    async def complete(  # noqa: PLR0913 - what is known of a page in the end
        self,
        page: ClaimedPage,
        *,
        final_url: str,
        status_code: int,
        bodies: Mapping[str, bytes],
        cached: bool = False,
        fetched_with: FetchedWith = FetchedWith.HTTP,
        attempts: Sequence[Attempt] = (),
    ) -> bool:
        """End a page as completed. Returns False, with no effect, where it is not this worker's any more.

        Bodies that go to object storage are there first. Where that is away, it is waited for.
        """
        facts = (page.id, page.attempt, self._worker_id, final_url, status_code, list(bodies))
        how = (cached, fetched_with.value, pack_attempts(attempts))
        if self._objects and bodies:
            row = await self._complete_with_object(self._objects, page, facts, list(bodies.values()), how)
        else:
            nothing = [None] * len(bodies)
            row = await self._database.row(
                statements.COMPLETE_PAGE, *facts, list(bodies.values()), *how, None, nothing, nothing
            )
        self.forget(page)
        log_ended_jobs(row)
        ours = bool(row and row["pages"])
        if ours:
            metrics.page_completed("cache" if cached else fetched_with.value, final_url)
        return ours

    async def _complete_with_object(
        self,
        objects: ObjectStorage,
        page: ClaimedPage,
        facts: tuple[Any, ...],
        bodies: Sequence[bytes],
        how: tuple[Any, ...],
    ) -> Any:
        """Write the bodies and then the row. An object that has waited long for its row is an orphan: another one."""
        while True:
            stored = await objects.put_page(page.id, page.attempt, bodies, FOREVER)
            values = (*facts, [None] * len(bodies), *how, stored.url, stored.starts, stored.sizes)
            try:
                return await self._database.row(statements.COMPLETE_PAGE, *values, wait=_LONGEST_COMMIT)
            except UnavailableError:
                log.warning("the database was away for long: the bodies of a page are written again", page=page.id)

    async def fail(
        self,
        page: ClaimedPage,
        failure: Failure,
        status_code: int | None = None,
        attempts: Sequence[Attempt] = (),
    ) -> bool:
        """End a page as failed. Returns False, with no effect, where it is not this worker's any more."""
        row = await self._database.row(
            statements.FAIL_PAGE,
            *(page.id, page.attempt, self._worker_id),
            *(failure.code, failure.message, status_code, pack_attempts(attempts)),
        )
        self.forget(page)
        log_ended_jobs(row)
        ours = bool(row and row["pages"])
        if ours:
            metrics.page_failed(failure.code, page.url)
        return ours

    async def defer(self, page: ClaimedPage, host: str) -> None:
        """Have a page wait for its host, outside the queue, until a turn is taken for it."""
        await self._database.rows(statements.DEFER_PAGE, page.id, page.attempt, self._worker_id, host)
        self.forget(page)

    async def release(self) -> int:
        """Put all pages of this worker back in the queue, and return how many."""
        async with self._claiming:
            self._held.clear()
            return await self._put_back([])

    async def _put_back(self, held: list[ClaimedPage]) -> int:
        row = await self._database.row(
            statements.RECONCILE_PAGES,
            *(self._worker_id, [page.id for page in held], [page.attempt for page in held]),
        )
        return int(row["pages"]) if row else 0

    async def unregister(self) -> None:
        """Put everything back and delete this worker's row."""
        await self.release()
        await self._database.rows(statements.REMOVE_WORKER, self._worker_id)


def _claimed(row: Any) -> ClaimedPage:
    options, site = unpack_options(row["options"]), unpack_site(row["site"])
    return ClaimedPage(**{**row, "options": options, "site": site, "kind": JobKind(row["kind"])})


async def stop_crawl(database: Database, job_id: str, key_id: str, code: str, message: str) -> int:
    """Release no more pages of a crawl, end those that no worker has in hand, and return how many those were."""
    now = await database.row(statements.GET_TIME)
    values = (job_id, key_id, code, message, now["time"] if now else None)
    # The first one waits for who releases pages just then, and sees none of those; after it there are no more.
    log_ended_jobs(await database.row(statements.STOP_CRAWL, *values))
    row = await database.row(statements.STOP_CRAWL, *values)
    log_ended_jobs(row)
    if row is None:
        return 0
    metrics.page_failed(code, pages=row["pages_now"])
    return int(row["pages"])


async def rescue(
    database: Database,
    max_crashes: int,
    *,
    silent: Mapping[str, datetime] | None = None,
    dead_worker: str | None = None,
    all_workers: bool = False,
) -> Rescued:
    """Put the pages of dead workers back in the queue: of those that were detected, one known to be dead, or all.

    A page that was in the hands of `max_crashes` workers as they died fails as `worker_crashed`.
    """
    message = f"The worker process ended {max_crashes} times while it had this page in hand, so it is not tried again."
    dead: dict[str, datetime | None] = {**(silent or {}), **({dead_worker: None} if dead_worker else {})}
    row = await database.row(
        statements.RESCUE_PAGES,
        *(list(dead), list(dead.values()), max_crashes),
        *(WorkerCrashedError.code, message, all_workers),
    )
    log_ended_jobs(row)
    rescued = Rescued(row["released"], row["failed"]) if row else Rescued(0, 0)
    metrics.PAGES_RESCUED.add(amount=rescued.released)
    metrics.page_failed(WorkerCrashedError.code, pages=rescued.failed)
    return rescued
