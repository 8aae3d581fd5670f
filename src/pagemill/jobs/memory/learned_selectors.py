"""Learnt selectors in the database, shared by all workers."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pagemill.errors import UnavailableError
from pagemill.jobs.memory import selector_statements

if TYPE_CHECKING:
    from pagemill.jobs.database.pool import Database
    from pagemill.model import JsonObject
    from pagemill.settings import Settings


class DatabaseSelectors:
    """See `structuring.selectors.store.LearnedSelectors`. None are found or kept while the database is away."""

    def __init__(self, database: Database, worker_id: str, settings: Settings) -> None:
        self._database = database
        self._worker_id = worker_id
        self._worker_timeout = timedelta(seconds=settings.jobs.worker_timeout)
        self._max_lock_age = timedelta(seconds=settings.jobs.job_deadline)
        self._timeout = settings.database.database_patience
        self._life = timedelta(days=settings.structuring.selector_retention_days)

    async def get(self, host: str, schema_hash: bytes) -> list[JsonObject]:
        """Return the learnt selectors of a host for a schema, those learnt last first."""
        try:
            row = await self._database.row(selector_statements.GET_SELECTORS, host, schema_hash, wait=self._timeout)
        except UnavailableError:
            return []
        return list(row["learned"]) if row else []

    async def put(self, host: str, schema_hash: bytes, learned: list[JsonObject]) -> None:
        """Replace them."""
        try:
            await self._database.rows(selector_statements.PUT_SELECTORS, host, schema_hash, learned, wait=self._timeout)
        except UnavailableError:
            return

    async def acquire_lock(self, host: str, schema_hash: bytes) -> bool:
        """Become the only worker that learns. False while another one is."""
        try:
            row = await self._database.row(
                selector_statements.ACQUIRE_LEARNING_LOCK,
                *(host, schema_hash, self._worker_id, self._worker_timeout, self._max_lock_age),
                wait=self._timeout,
            )
        except UnavailableError:
            return True
        return row is not None

    async def release_lock(self, host: str, schema_hash: bytes) -> None:
        """Let other workers learn."""
        try:
            await self._database.rows(
                selector_statements.RELEASE_LEARNING_LOCK, host, schema_hash, self._worker_id, wait=self._timeout
            )
        except UnavailableError:
            return

    async def delete_old(self, limit: int) -> int:
        """Delete at most `limit` that were learnt long ago, and return how many: templates change."""
        row = await self._database.row(selector_statements.DELETE_OLD_SELECTORS, self._life, limit)
        return int(row["selectors"]) if row else 0
