"""The queue of pages, for workers: take, end, give back.

A page's row is its queue entry, so that submission, progress and result can never disagree. A worker is alive while
it beats; the pages of one that fell silent go to others. See `jobs.statements` for the invariants.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from pagemill.errors import WorkerCrashedError
from pagemill.jobs.queue import statements
from pagemill.jobs.queue.store import pack_attempts, unpack_options
from pagemill.model import FetchedWith

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pagemill.jobs.database.pool import Database
    from pagemill.model import Attempt, Failure, ScrapeOptions

ANY_CRASHES = range(1_000_000)
_CLAIMS = 0x434C494D  # any number of its own: "CLIM"


@dataclass(frozen=True, slots=True)
class ClaimedPage:
    """A page in the hands of a worker. `attempt` proves, when it ends, that nobody took it since."""

    id: int
    job_id: str
    key_id: str
    url: str
    attempt: int
    crashes: int
    options: ScrapeOptions


@dataclass(frozen=True, slots=True)
class Rescued:
    """How many pages of dead workers went back to the queue, and how many failed as they had killed too many."""

    released: int
    failed: int


class Queue:
    """The queue as one worker sees it. No key has more than `key_limit` pages in all hands, where it is set."""

    def __init__(self, database: Database, worker_id: str, key_limit: int | None = None) -> None:
        self._database = database
        self._worker_id = worker_id
        self._key_limit = key_limit

    async def beat(self) -> None:
        """Say that this worker is alive. The first beat comes before the first claim."""
        await self._database.rows(statements.BEAT, self._worker_id)

    async def claim(self, limit: int, crashes: range = ANY_CRASHES) -> list[ClaimedPage]:
        """Take up to `limit` pages, from each key in turn; only pages that took down so many workers."""
        rows = await self._database.rows(
            statements.CLAIM_PAGES,
            *(self._worker_id, limit, crashes.start, crashes.stop, self._key_limit),
            # Two claims at once would each see a key's last place free.
            lock=None if self._key_limit is None else _CLAIMS,
        )
        return [ClaimedPage(**{**row, "options": unpack_options(row["options"])}) for row in rows]

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
        """End a page as completed. Returns False, with no effect, where it is not this worker's any more."""
        row = await self._database.row(
            statements.COMPLETE_PAGE,
            *(page.id, page.attempt, self._worker_id, final_url, status_code, list(bodies), list(bodies.values())),
            *(cached, fetched_with.value, pack_attempts(attempts)),
        )
        return bool(row and row["pages"])

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
        return bool(row and row["pages"])

    async def release(self, page_ids: list[int] | None = None) -> int:
        """Put pages of this worker back in the queue, all by default, and return how many."""
        row = await self._database.row(statements.RELEASE_PAGES, self._worker_id, page_ids)
        return int(row["pages"]) if row else 0

    async def leave(self) -> None:
        """Put everything back and take this worker off the list."""
        await self.release()
        await self._database.rows(statements.REMOVE_WORKER, self._worker_id)


async def rescue(
    database: Database, max_crashes: int, *, silence: float | None = None, dead_worker: str | None = None
) -> Rescued:
    """Put the pages of dead workers back in the queue: those silent for `silence` seconds, or one known to be dead.

    A page that was in the hands of `max_crashes` workers as they died fails as `worker_crashed`.
    """
    message = f"The worker process ended {max_crashes} times while it had this page in hand, so it is not tried again."
    row = await database.row(
        statements.RESCUE_PAGES,
        *(dead_worker, None if silence is None else timedelta(seconds=silence), max_crashes),
        *(WorkerCrashedError.code, message),
    )
    return Rescued(row["released"], row["failed"]) if row else Rescued(0, 0)
