"""What monitors found before: snapshots of pages, runs that ended, and the pages as they are known now.

Whose monitor it is, the caller has looked up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pagemill.jobs.monitors import history_statements as statements
from pagemill.model import Failure

if TYPE_CHECKING:
    from datetime import datetime

    from pagemill.jobs.database.pool import Database


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A content that a page was found to have."""

    id: str
    monitor_id: str
    job_id: str
    url: str
    status_code: int | None
    content_hash: str
    captured_at: datetime
    created_at: datetime
    content: bytes | None = None
    """Its text, packed, where it was asked for."""
    data: bytes | None = None
    """The same of its structured JSON."""


@dataclass(frozen=True, slots=True)
class EndedRun:
    """A run that ended, and what came of it."""

    job_id: str
    started_at: datetime
    ended_at: datetime
    outcome: str
    """`baseline`, `changed`, `unchanged` or `failed`."""
    pages: int
    failed_pages: int
    changes: int
    failure: Failure | None


@dataclass(frozen=True, slots=True)
class KnownPage:
    """A page, and the content that it is known to have."""

    id: str
    url: str
    captured_at: datetime
    seen_at: datetime
    snapshot_id: str | None
    """None where its content was found by a version that kept no snapshots."""
    content_hash: str | None


class MonitorHistory:
    """What is kept of monitors, in the database. `before` and `after` are ids that `has_…` knows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def snapshots(self, monitor_id: str, before: str | None, limit: int) -> list[Snapshot]:
        """Return snapshots without their contents, newest first."""
        return [_snapshot(row) for row in await self._list(statements.LIST_SNAPSHOTS, monitor_id, before, limit)]

    async def has_snapshot(self, monitor_id: str, snapshot_id: str) -> bool:
        """Whether it is kept."""
        return await self._has(statements.HAS_SNAPSHOT, monitor_id, snapshot_id)

    async def snapshot(self, monitor_id: str, snapshot_id: str) -> Snapshot | None:
        """Return a snapshot with its contents, or None."""
        row = await self._database.row(statements.GET_SNAPSHOT, monitor_id, snapshot_id)
        return _snapshot(row, content=row["content"], data=row["data"]) if row else None

    async def snapshot_of_content(self, monitor_id: str, content_hash: str | None) -> Snapshot | None:
        """Return the newest snapshot, of this content where its hash is given, or None."""
        row = await self._database.row(statements.FIND_CONTENT, monitor_id, content_hash)
        return _snapshot(row, content=row["content"], data=row["data"]) if row else None

    async def runs(self, monitor_id: str, before: str | None, limit: int) -> list[EndedRun]:
        """Return runs that ended, newest first."""
        return [_run(row) for row in await self._list(statements.LIST_RUNS, monitor_id, before, limit)]

    async def has_run(self, monitor_id: str, job_id: str) -> bool:
        """Whether a run of this job is kept."""
        return await self._has(statements.HAS_RUN, monitor_id, job_id)

    async def pages(self, monitor_id: str, after: str | None, limit: int) -> list[KnownPage]:
        """Return the pages that are known, by their URLs."""
        page = None if after is None else bytes.fromhex(after)
        return [_page(row) for row in await self._list(statements.LIST_PAGES, monitor_id, page, limit)]

    async def has_page(self, monitor_id: str, page_id: str) -> bool:
        """Whether this page is known."""
        return await self._has(statements.HAS_PAGE, monitor_id, bytes.fromhex(page_id))

    async def _list(self, statement: str, monitor_id: str, cursor: str | bytes | None, limit: int) -> list[Any]:
        return await self._database.rows(statement, monitor_id, cursor, limit)

    async def _has(self, statement: str, monitor_id: str, cursor: str | bytes) -> bool:
        row = await self._database.row(statement, monitor_id, cursor)
        return bool(row and row["found"])


def _snapshot(row: Any, *, content: bytes | None = None, data: bytes | None = None) -> Snapshot:
    return Snapshot(
        id=row["id"],
        monitor_id=row["monitor_id"],
        job_id=row["job_id"],
        url=row["url"],
        status_code=row["status_code"],
        content_hash=row["content_hash"],
        captured_at=row["captured_at"],
        created_at=row["created_at"],
        content=content,
        data=data,
    )


def _run(row: Any) -> EndedRun:
    return EndedRun(
        job_id=row["job_id"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        outcome=row["outcome"],
        pages=row["pages"],
        failed_pages=row["failed_pages"],
        changes=row["changes"],
        failure=Failure(row["error_code"], row["error_message"]) if row["error_code"] else None,
    )


def _page(row: Any) -> KnownPage:
    return KnownPage(
        id=row["page"].hex(),
        url=row["url"],
        captured_at=row["captured_at"],
        seen_at=row["seen_at"],
        snapshot_id=row["snapshot_id"],
        content_hash=row["content_hash"],
    )
