"""Deletes objects that nothing refers to.

Rows that go leave the URLs of their objects in `deleted_objects`, in the same transaction (see the schema's triggers).
From there they are taken with a lease, so that a worker that dies forgets none.

An object whose row was never committed is found by its age. No row is committed with an object that old:
`Queue.complete` writes a new one instead.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from pagemill.errors import StorageUnavailableError
from pagemill.jobs.objects import statements
from pagemill.jobs.objects.object_storage import NAME_PARTS, reason

if TYPE_CHECKING:
    from pagemill.jobs.database.pool import Database
    from pagemill.jobs.objects.object_storage import ObjectStorage
    from pagemill.settings import Settings

log = structlog.get_logger(__name__)

_PAUSE = 0.2
"""Seconds between steps, which leaves the storage to others."""


class ObjectDeletion:
    """Deletes what `deleted_objects` lists, and looks for orphans now and then."""

    def __init__(self, settings: Settings, database: Database, storage: ObjectStorage) -> None:
        self._database = database
        self._storage = storage
        self._step = settings.jobs.retention_step
        self._age = timedelta(seconds=settings.storage.bodies_orphan_age)

    async def run(self, interval: float) -> None:
        """Delete for ever. A storage that is away is asked again later."""
        while True:
            try:
                while deleted := await self.delete_due():
                    log.info("deleted objects", objects=deleted)
                    await asyncio.sleep(_PAUSE)
                if found := await self.find_orphans():
                    log.info("found objects that nothing refers to", objects=found)
            except StorageUnavailableError as error:
                log.warning("objects could not be listed for now", error=reason(error))
            await asyncio.sleep(interval)

    async def delete_due(self) -> int:
        """Delete a number of objects that nothing refers to any more, and return how many."""
        rows = await self._database.rows(statements.CLAIM_DELETED_OBJECTS, self._step)
        gone = await self._storage.delete([row["url"] for row in rows])
        if gone:
            await self._database.rows(statements.FORGET_DELETED_OBJECTS, gone)
        return len(gone)

    async def find_orphans(self) -> int:
        """List the objects of this database, if that was not done lately, and return how many are to be deleted."""
        base = self._storage.url
        if base is None or await self._database.row(statements.CLAIM_SWEEP, self._age) is None:
            return 0
        found, owner, bucket = 0, await self._storage.owner(), await self._storage.bucket(base)
        async for names in bucket.names(f"{owner}/"):
            oldest = datetime.now(UTC) - self._age
            found += await self._mark_orphans(base, [name for name, written in names if written < oldest])
            await asyncio.sleep(_PAUSE)
        return found

    async def _mark_orphans(self, base: str, names: list[str]) -> int:
        known = [(f"{base}/{name}", *place) for name in names if (place := _place(name))]
        if not known:
            return 0
        urls, pages, keys = zip(*known, strict=True)
        row = await self._database.row(statements.MARK_ORPHANS, list(urls), list(pages), list(keys))
        return int(row["objects"]) if row else 0


def _place(name: str) -> tuple[int | None, bytes | None] | None:
    """The page, or the key in the cache, whose row would name this object; None where it is no name of ours."""
    parts = name.split("/")
    if len(parts) != NAME_PARTS:
        return None
    _, kind, _, file = parts
    known = file.split("-")[0]
    try:
        return (int(known), None) if kind == "pages" else (None, bytes.fromhex(known)) if kind == "cache" else None
    except ValueError:
        return None
