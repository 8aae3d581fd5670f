"""Feeds the queue from batches by upload, as it empties."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pagemill.jobs.batches.store import BatchStore
from pagemill.jobs.queue.store import JobStore

if TYPE_CHECKING:
    from datetime import timedelta

    from pagemill.jobs.database.pool import Database
    from pagemill.settings import Settings


class BatchFeeder:
    """One worker's part in it. All workers do this: who looks first at a batch releases its next URLs."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._store = BatchStore(database, JobStore(database), settings)

    async def run(self, batches_changed: asyncio.Event) -> None:
        """Release until cancelled. `batches_changed` is set when there is a new batch."""
        while True:
            batches_changed.clear()
            _, batches = await self._store.release()
            if batches:
                await asyncio.sleep(self._settings.batches.batch_poll_interval)
                continue
            try:
                async with asyncio.timeout(self._settings.jobs.poll_interval):
                    await batches_changed.wait()
            except TimeoutError:
                continue

    async def delete_old(self, age: timedelta, limit: int) -> bool:
        """See `BatchStore.delete_old`."""
        return await self._store.delete_old(age, limit)
