"""Crawls as clients see them: how far they are, and their pages in the order of completion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pagemill.errors import CancelledPageError
from pagemill.jobs.crawls import statements
from pagemill.jobs.queue.claims import stop_crawl
from pagemill.jobs.queue.statements import MARK_CANCELLED
from pagemill.jobs.queue.store import job_of, list_start, page_of

if TYPE_CHECKING:
    from pagemill.jobs.database.pool import Database
    from pagemill.model import Job, JobKind, Page


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a crawl is."""

    url: str
    pages: int
    """That were begun, or will be by what is known now."""
    ended: int
    completed: int


@dataclass(frozen=True, slots=True)
class CrawledPage:
    """A page of a crawl that ended."""

    page: Page
    number: int
    """Its place in the order of completion, from 1."""
    depth: int
    parent: str | None
    """The page that named it."""
    duplicate_of: str | None
    """A page of the same crawl that is the same."""
    unchanged: bool = False
    """Whether it did not change since what the crawl was given."""


class CrawlStore:
    """Crawls in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def progress(self, job_id: str) -> Progress | None:
        """How far a crawl is; None where it is not there."""
        row = await self._database.row(statements.GET_PROGRESS, job_id)
        return _progress(row) if row else None

    async def ended_pages(self, job_id: str, after: int, limit: int) -> list[CrawledPage]:
        """Return pages that ended, in the order of completion: those after this number, at most so many."""
        rows = await self._database.rows(statements.LIST_ENDED_PAGES, job_id, after, limit)
        return [
            CrawledPage(page_of(row), row["number"], row["depth"], row["parent"], row["duplicate_of"], row["unchanged"])
            for row in rows
        ]

    async def stop(self, job_id: str, key_id: str) -> int:
        """Release no more pages of a crawl, and return how many were in the queue and end as cancelled."""
        await self._database.row(MARK_CANCELLED, job_id, key_id)
        return await stop_crawl(
            self._database, job_id, key_id, CancelledPageError.code, "The crawl was stopped before this page was begun."
        )

    async def running(self, key_id: str, limit: int) -> list[tuple[Job, Progress]]:
        """Return a key's crawls that have not ended, newest first."""
        rows = await self._database.rows(statements.LIST_RUNNING_CRAWLS, key_id, limit)
        return [(job_of(row), _progress(row)) for row in rows]

    async def site_jobs(
        self, key_id: str, kind: JobKind, *, before: Job | None = None, limit: int
    ) -> list[tuple[Job, Progress]]:
        """Return a key's maps or crawls, newest first: those older than `before` where there is one."""
        rows = await self._database.rows(statements.LIST_SITE_JOBS, key_id, kind, *list_start(before), limit)
        return [(job_of(row), _progress(row)) for row in rows]


def _progress(row: Any) -> Progress:
    ended = row["pages"] - row["pages_left"]
    left = max(0, min(row["urls_waiting"], row["pages_allowed"] - row["pages"]))
    return Progress(row["url"], row["pages"] + left, ended, row["pages_completed"])
