"""Lists of jobs and of the pages of one job, each key's its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pagemill.jobs.listing import statements
from pagemill.jobs.listing.job_filter import Cursor, ListedKind
from pagemill.jobs.queue.store import page_of, unpack_options
from pagemill.model import JobKind, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.jobs.database.pool import Database
    from pagemill.jobs.listing.job_filter import JobFilter
    from pagemill.model import Job, Page, ScrapeOptions

_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_LOOKED_AT_ONCE = 2_000
"""Rows that one statement looks at where no index knows what is asked for."""
_MOST_ERRORS_COUNTED = 100_000
_MOST_HOSTS_COUNTED = 1_000
_NEXT_URLS = 10


@dataclass(frozen=True, slots=True)
class Progress:
    """How many pages a job has, and how many of them ended."""

    pages: int
    """That were begun, or will be by what is known now."""
    completed: int
    failed: int
    urls_waiting: int
    """Of a crawl: URLs that are known and not in the queue yet."""

    @property
    def ended(self) -> int:
        """How many ended."""
        return self.completed + self.failed


@dataclass(frozen=True, slots=True)
class ListedJob:
    """A job as it stands in a list."""

    id: str
    kind: ListedKind
    status: Status
    url: str
    """The first of its URLs."""
    progress: Progress
    cached: bool
    """Whether its first page came from the cache."""
    error_code: str | None
    """Of its first page."""
    created_at: datetime
    completed_at: datetime | None
    cancelled_at: datetime | None


@dataclass(frozen=True, slots=True)
class JobListPart:
    """A part of a list."""

    jobs: Sequence[ListedJob]
    next: Cursor | None
    """Where the next part begins; None: there is no more."""
    searched_to: datetime | None = None
    """Where the search stopped before the part was full, as it had looked at enough: down to jobs of then."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are, or `more` than that."""

    number: int
    more: bool


@dataclass(frozen=True, slots=True)
class JobDetails:
    """What is known of one job beside the job itself."""

    progress: Progress
    retry_of: str | None
    """The job that was run again as this one."""
    earlier_is_there: bool
    """Whether that one is still kept."""
    retries: Sequence[str]
    """The jobs that ran this one again, the latest first, at most 20."""
    started_at: datetime | None


@dataclass(frozen=True, slots=True)
class ListedPage:
    """A page of a job as a list shows it."""

    page: Page
    claims: int
    """How often a worker took it."""
    crashes: int
    """How many workers died with it in hand."""
    waits_for_host: str | None
    depth: int | None
    """Of a crawl: how many links led to it."""
    duplicate_of: int | None
    """Of a crawl: the position of the page that it is the same as."""
    unchanged: bool
    options: ScrapeOptions | None
    """Of a batch by upload: those of its line. None: the job's."""

    def job(self, job: Job) -> Job:
        """Return its job with the options of this page."""
        return job if self.options is None else replace(job, options=self.options)


@dataclass(frozen=True, slots=True)
class Frontier:
    """What a crawl has still to do."""

    hosts: Count
    next_urls: Sequence[str]


class JobLists:
    """The lists in the database. It only reads."""

    def __init__(self, database: Database, most_looked_at: int) -> None:
        self._database = database
        self._most_looked_at = most_looked_at

    async def jobs(self, key_id: str, wanted: JobFilter, after: Cursor | None, limit: int) -> JobListPart:
        """Return the next jobs of a key, newest first.

        At most `most_looked_at` jobs are looked at: then the part may hold fewer than `limit`, and more may follow.
        """
        source, is_exact = _source(wanted)
        place = after or Cursor(wanted.until or _LATEST, "")
        found: list[ListedJob] = []
        looked_at, at_once = 0, limit + 1 if is_exact else max(_LOOKED_AT_ONCE, limit + 1)
        while True:
            rows = await self._database.rows(
                statements.LIST_JOBS[source],
                *(key_id, place.created_at, place.job_id, wanted.since or _EARLIEST, at_once, wanted.host),
                *(limit + 1 - len(found), wanted.status, wanted.kind, wanted.error_code, wanted.url_prefix),
            )
            found += [_listed_job(row) for row in rows if row["id"] is not None]
            if len(found) > limit:
                last = found[limit - 1]
                return JobListPart(found[:limit], Cursor(last.created_at, last.id))
            if rows[0]["looked_at"] < at_once:
                return JobListPart(found, None)
            place = Cursor(rows[0]["last_created_at"], rows[0]["last_id"])
            looked_at += at_once
            if looked_at >= self._most_looked_at:
                return JobListPart(found, place, place.created_at)

    async def count(self, key_id: str, wanted: JobFilter, most: int) -> Count | None:
        """Return how many jobs there are, up to `most`; None where only looking at each could tell."""
        source, is_exact = _source(wanted)
        if not is_exact:
            return None
        row = await self._database.row(
            statements.COUNT_JOBS[source],
            *(key_id, wanted.until or _LATEST, "", wanted.since or _EARLIEST, most + 1, wanted.host),
        )
        return _count(int(row["jobs"]) if row else 0, most)

    async def details(self, job_id: str, key_id: str) -> JobDetails | None:
        """Return more of a job, or None where the key has none of this id."""
        row = await self._database.row(statements.GET_DETAILS, job_id, key_id)
        if row is None:
            return None
        return JobDetails(
            _progress(row), row["retry_of"], row["earlier"] is not None, row["retries"], row["started_at"]
        )

    async def errors(self, job_id: str) -> dict[str, int]:
        """Return how many pages of a job failed with each code, the most frequent first."""
        rows = await self._database.rows(statements.COUNT_ERRORS, job_id, _MOST_ERRORS_COUNTED)
        return {row["error_code"]: row["pages"] for row in rows}

    async def pages(self, job_id: str, after: int, limit: int) -> list[ListedPage]:
        """Return the pages of a job after a position, in the order of its submission. Whose it is, the caller knows."""
        return [_listed_page(row) for row in await self._database.rows(statements.LIST_PAGES, job_id, after, limit)]

    async def failed_pages(self, job_id: str, code: str | None, after: tuple[str, int], limit: int) -> list[ListedPage]:
        """Return the pages of a job that failed, with this code or any, by code and position: those after a place."""
        rows = await self._database.rows(statements.LIST_FAILED_PAGES, job_id, *after, code, limit)
        return [_listed_page(row) for row in rows]

    async def frontier(self, job_id: str) -> Frontier:
        """Return what waits in a crawl."""
        row = await self._database.row(statements.GET_FRONTIER, job_id, _NEXT_URLS, _MOST_HOSTS_COUNTED + 1)
        return Frontier(_count(row["hosts"] if row else 0, _MOST_HOSTS_COUNTED), row["next_urls"] if row else ())


def _source(wanted: JobFilter) -> tuple[str, bool]:
    """Return the statement for a filter, and whether its index knows all that the filter asks for."""
    if wanted.host is not None:
        return "host", wanted.status is None and wanted.kind is None and not (wanted.error_code or wanted.url_prefix)
    rest = wanted.error_code is None and wanted.url_prefix is None
    if wanted.kind in (ListedKind.MAP, ListedKind.CRAWL):
        return f"{wanted.kind}s", rest and wanted.status is None
    if wanted.status is Status.FAILED:
        return "failed", rest and wanted.kind is None
    if wanted.status in (Status.PENDING, Status.PROCESSING):
        return "unended", False
    if wanted.kind is ListedKind.BATCH:
        return "batches", rest and wanted.status is None
    return "all", rest and wanted.status is None and wanted.kind is None


def _count(found: int, most: int) -> Count:
    return Count(min(found, most), found > most)


def _progress(row: Any) -> Progress:
    left = max(0, min(row["urls_waiting"], row["pages_allowed"] - row["pages"]))
    ended = max(row["pages"] - row["pages_left"], row["pages_completed"])
    return Progress(row["pages"] + left, row["pages_completed"], ended - row["pages_completed"], row["urls_waiting"])


def _listed_job(row: Any) -> ListedJob:
    kind = ListedKind(row["kind"]) if row["kind"] != JobKind.SCRAPE else None
    return ListedJob(
        id=row["id"],
        kind=kind or (ListedKind.BATCH if row["batch"] else ListedKind.SINGLE),
        status=Status(row["status"]),
        url=row["url"] or "",
        progress=_progress(row),
        cached=bool(row["cached"]),
        error_code=row["error_code"],
        created_at=row["created_at"],
        completed_at=row["completed_at"],
        cancelled_at=row["cancelled_at"],
    )


def _listed_page(row: Any) -> ListedPage:
    return ListedPage(
        page=page_of(row),
        claims=row["attempt"],
        crashes=row["crashes"],
        waits_for_host=row["waits_for_host"],
        depth=row["depth"],
        duplicate_of=row["duplicate_of"],
        unchanged=bool(row["unchanged"]),
        options=None if row["options"] is None else unpack_options(row["options"]),
    )
