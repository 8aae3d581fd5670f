"""The frontier of crawls, for workers: what is known of each crawl, and what may be fetched next."""

from __future__ import annotations

import hashlib
import random
from datetime import timedelta
from typing import TYPE_CHECKING

from pagemill.errors import DeadlineExceededError
from pagemill.jobs.crawls import statements
from pagemill.jobs.crawls.unchanged_pages import UnchangedPages
from pagemill.jobs.queue.claims import stop_crawl
from pagemill.observability.metrics import PAGES_SUBMITTED
from pagemill.sites import ordering

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.jobs.database.pool import Database
    from pagemill.jobs.monitors.page_comparison import Comparer
    from pagemill.model import SiteOptions
    from pagemill.settings import Settings
    from pagemill.sites.candidates import Candidate

_RELEASED_HOSTS = 100
"""Hosts of which one statement puts a waiting page back into the queue."""


class Frontier:
    """The frontiers of all crawls."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings.sites

    async def add(
        self, job_id: str, candidates: Sequence[Candidate], depth: int, parent: int | None, query: str | None
    ) -> None:
        """Add URLs that are not known yet. Those that are most like `query` come first."""
        if not candidates:
            return
        await self._database.rows(
            statements.ADD_URLS,
            job_id,
            [bytes.fromhex(candidate.identity) for candidate in candidates],
            [candidate.url for candidate in candidates],
            [candidate.host for candidate in candidates],
            [depth] * len(candidates),
            [_priority(candidate, depth, query) for candidate in candidates],
            [bytes.fromhex(candidate.family) if candidate.family else None for candidate in candidates],
            *(parent, self._settings.crawl_family_urls, self._settings.crawl_max_urls, self._settings.crawl_max_hosts),
            lock=_lock_of(job_id),
        )

    async def release(self) -> int | None:
        """Put into the queue what may be fetched now, and return how many pages; None where nothing waits.

        Pages that wait for their host and URLs of crawls share its turns: whoever comes first is drawn by lot.
        """
        waiting_first = random.choice((True, False))  # noqa: S311 - no secret
        deferred = await self._release_waiting() if waiting_first else None
        urls = await self._release_urls()
        deferred = deferred if waiting_first else await self._release_waiting()
        if deferred is None and urls is None:
            return None
        return (deferred or 0) + (urls or 0)

    async def _release_waiting(self) -> int | None:
        row = await self._database.row(statements.RELEASE_WAITING_PAGES, self._settings.host_interval, _RELEASED_HOSTS)
        return int(row["pages"]) if row and row["hosts"] else None

    async def _release_urls(self) -> int | None:
        row = await self._database.row(
            statements.RELEASE_PAGES,
            *(self._settings.crawl_pages_in_flight, self._settings.host_pages_in_flight, self._settings.host_interval),
            self._settings.crawls_per_release,
        )
        if row and row["crawls"]:
            PAGES_SUBMITTED.add(amount=row["pages"])
            return int(row["pages"])
        return 0 if await self._database.row(statements.ANY_CRAWL) else None

    async def stop_overdue(self) -> int:
        """Stop the crawls that took longer than the settings let them, and return how many."""
        limit = self._settings.crawl_deadline
        rows = await self._database.rows(statements.OVERDUE_CRAWLS, timedelta(seconds=limit))
        message = f"The crawl was not done within {limit:g} seconds."
        for row in rows:
            await stop_crawl(self._database, row["id"], row["key_id"], DeadlineExceededError.code, message)
        return len(rows)

    async def depth(self, job_id: str, position: int) -> int:
        """How many links led to a page of a crawl."""
        row = await self._database.row(statements.GET_DEPTH, job_id, position)
        return int(row["depth"]) if row else 0

    async def record_contents(self, job_id: str, position: int, contents: Sequence[bytes], canonical: bytes) -> bool:
        """Note by what a page is known again. Returns False where an earlier page is known by one of `contents`.

        Where an earlier page has the same `canonical` URL, that is only noted: sites err in this.
        """
        known = sorted(set(contents))
        row = await self._database.row(statements.RECORD_CONTENTS, job_id, position, known, canonical)
        return row is None or row["position"] == position

    def unchanged_pages(self, comparer: Comparer, site: SiteOptions) -> UnchangedPages:
        """Return what tells which pages of a crawl did not change."""
        return UnchangedPages(self._database, comparer, site)

    async def mark_unchanged(self, job_id: str, position: int) -> None:
        """Note that a page did not change since what the crawl was given."""
        await self._database.rows(statements.MARK_UNCHANGED, job_id, position)


def _lock_of(job_id: str) -> int:
    """The number of a crawl's advisory lock: signed, of 64 bits."""
    return int.from_bytes(hashlib.sha256(job_id.encode()).digest()[:8], signed=True)


def _priority(candidate: Candidate, depth: int, query: str | None) -> float:
    likeness = None
    if query:
        text = ordering.url_words(candidate.url) + ordering.words(candidate.title)
        likeness = ordering.similarity(query, text)
    return ordering.priority(depth, candidate.priority, likeness)
