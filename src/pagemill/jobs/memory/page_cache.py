"""The page cache in the database, shared by all workers."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
import zstandard

from pagemill.bodies import LEVEL, is_intact
from pagemill.errors import DamagedResultError, NotFoundError, UnavailableError
from pagemill.jobs.memory import cache_statements
from pagemill.jobs.objects.object_storage import ObjectStorage
from pagemill.scraping.page_cache import CachedPage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pagemill.jobs.database.pool import Database
    from pagemill.jobs.objects.object_storage import StoredObject
    from pagemill.model import FetchedPage
    from pagemill.settings import Settings

log = structlog.get_logger(__name__)

_compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
_LARGE = 4 * 1024 * 1024
"""From so many bytes on a thread compresses and decompresses: it takes some 10 ms."""


class DatabasePageCache:
    """See `pagemill.scraping.page_cache.PageCache`.

    A database, or an object storage, that is away is a cache that holds nothing.
    """

    def __init__(
        self, database: Database, worker_id: str, settings: Settings, objects: ObjectStorage | None = None
    ) -> None:
        self._database = database
        self._objects = objects or ObjectStorage(settings, database)
        self._worker_id = worker_id
        self._timeout = settings.database.database_patience
        self._worker_timeout = timedelta(seconds=settings.jobs.worker_timeout)
        self._max_lock_age = timedelta(seconds=settings.jobs.job_deadline)

    async def find(self, key: bytes) -> CachedPage | None:
        """What is known of a page, without its bytes."""
        try:
            row = await self._database.row(cache_statements.FIND_CACHED_PAGE, key, wait=self._timeout)
        except UnavailableError:
            return None
        return CachedPage(**{**row, "formats": frozenset(row["formats"])}) if row else None

    async def bodies(self, key: bytes, formats: Iterable[str]) -> dict[str, bytes]:
        """The values of these formats that are there."""
        try:
            rows = await self._database.rows(cache_statements.GET_CACHED_BODIES, key, list(formats), wait=self._timeout)
            return {row["format"]: await self._body(row) for row in rows}
        except (UnavailableError, NotFoundError, DamagedResultError):
            return {}

    async def _body(self, row: Any) -> bytes:
        if row["object"] is not None:
            stored = await self._objects.read(row["object"], row["start"], row["size"])
            if not await asyncio.to_thread(is_intact, stored):
                log.warning("an object is damaged", object=row["object"], format=row["format"])
                raise DamagedResultError
            return stored
        body: bytes = row["body"]
        return body

    async def raw(self, key: bytes) -> bytes | None:
        """The bytes of a page as they were fetched."""
        try:
            row = await self._database.row(cache_statements.GET_CACHED_RAW, key, wait=self._timeout)
            if row is None:
                return None
            raw = await self._objects.read(row["object"], 0, row["raw_size"]) if row["object"] else row["raw"]
        except (UnavailableError, NotFoundError, DamagedResultError):
            return None
        try:
            return await _decompressed(raw)
        except zstandard.ZstdError:
            log.warning("the bytes of a cached page are damaged", object=row["object"])
            return None

    async def lock(self, key: bytes) -> bool:
        """Take the lock of fetching a page. False while another has it."""
        try:
            row = await self._database.row(
                cache_statements.ACQUIRE_FETCH_LOCK,
                key,
                self._worker_id,
                self._worker_timeout,
                self._max_lock_age,
                wait=self._timeout,
            )
        except UnavailableError:
            return True
        return row is not None

    async def unlock(self, key: bytes) -> None:
        """Give the lock of fetching back."""
        await self._try(cache_statements.RELEASE_FETCH_LOCK, key, self._worker_id)

    async def keep(
        self, key: bytes, page: FetchedPage, fetched_with: str, extractor: str, bodies: Mapping[str, bytes]
    ) -> None:
        """Keep what was fetched and made of it, in place of what was there."""
        raw = await _compressed(page.body)
        validators = (page.headers.get("etag"), page.headers.get("last-modified"))
        facts = (key, page.final_url, page.status_code, page.content_type, *validators)
        if self._objects.url is None:
            nothing = [None] * len(bodies)
            values = (raw, extractor, list(bodies), list(bodies.values()), str(fetched_with), None, None)
            await self._try(cache_statements.STORE_PAGE, *facts, *values, nothing, nothing)
        elif (stored := await self._put(key, [raw, *bodies.values()])) is not None:
            elsewhere = (None, extractor, list(bodies), [None] * len(bodies), str(fetched_with))
            sizes = (stored.sizes[0], stored.starts[1:], stored.sizes[1:])
            await self._try(cache_statements.STORE_PAGE, *facts, *elsewhere, stored.url, *sizes)

    async def keep_bodies(self, key: bytes, extractor: str, bodies: Mapping[str, bytes]) -> None:
        """Keep more that was made of the same bytes."""
        values, nothing = (key, extractor, list(bodies)), [None] * len(bodies)
        if self._objects.url is None:
            await self._try(cache_statements.STORE_BODIES, *values, list(bodies.values()), None, nothing, nothing)
        elif (stored := await self._put(key, list(bodies.values()))) is not None:
            await self._try(cache_statements.STORE_BODIES, *values, nothing, stored.url, stored.starts, stored.sizes)

    async def _put(self, key: bytes, parts: Sequence[bytes]) -> StoredObject | None:
        try:
            return await self._objects.put_cached(key, parts)
        except UnavailableError:
            log.debug("the object storage is away")
            return None

    async def renew(self, key: bytes) -> None:
        """Count a page as fetched now: it has not changed."""
        await self._try(cache_statements.REFRESH_PAGE, key)

    async def delete_old(self, older_than: timedelta, limit: int) -> int:
        """Delete at most `limit` pages that were fetched longer ago than this, and return how many."""
        row = await self._database.row(cache_statements.DELETE_OLD_CACHED_PAGES, older_than, limit)
        return int(row["pages"]) if row else 0

    async def _try(self, statement: str, *values: object) -> None:
        try:
            await self._database.rows(statement, *values, wait=self._timeout)
        except UnavailableError:
            log.debug("the cache is away")


async def _compressed(body: bytes) -> bytes:
    if len(body) < _LARGE:
        return _compressor.compress(body)
    own = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)  # none is for two threads at once
    return await asyncio.to_thread(own.compress, body)


async def _decompressed(raw: bytes) -> bytes:
    """Return the bytes of a page. Raises ZstdError."""
    if zstandard.frame_content_size(raw) < _LARGE:
        return zstandard.decompress(raw)
    return await asyncio.to_thread(zstandard.decompress, raw)
