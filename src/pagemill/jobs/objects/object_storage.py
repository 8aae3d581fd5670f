"""Bodies in object storage: one object for each page that ended, and for each copy in the page cache.

A row names its object by a URL. So it stays readable when PAGEMILL_BODIES_URL changes or goes away, as long as the
credentials are there. No name is used twice, and nothing that a request holds is part of a name.

An object is written before the row that names it is committed. What a crash leaves in between is found and deleted by
`pagemill.jobs.objects.deletion`.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, TypeVar

import structlog

from pagemill.errors import DamagedResultError, NotFoundError, StorageUnavailableError
from pagemill.jobs.objects import statements
from pagemill.jobs.objects.bucket import LONGEST_REQUEST, Bucket
from pagemill.redaction import redact

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from pagemill.jobs.database.pool import Database
    from pagemill.settings import Settings

    T = TypeVar("T")

log = structlog.get_logger(__name__)

NAME_PARTS = 4
"""OWNER/pages or cache/FOLDER/FILE: what follows the URL of the bucket."""
_PAGES_IN_FOLDER = 1000
_FIRST_DELAY = 0.1
_LONGEST_DELAY = 5.0
_RETRY_LOG_INTERVAL = 5.0


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object that was written: its URL, and where in it each of its parts begins."""

    url: str
    starts: list[int]
    sizes: list[int]


class ObjectStorage:
    """The object storage of one service, if it has one. Each method fails with errors.StorageUnavailableError."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._url = settings.storage.bodies_url
        self._timeout = settings.storage.bodies_timeout
        self._wait = settings.storage.bodies_wait
        self._database = database
        self._buckets: dict[str, Bucket] = {}
        self._owner: str | None = None
        self._logged_at = float("-inf")

    @property
    def url(self) -> str | None:
        """Where bodies are written; None: to the database."""
        return self._url

    async def put_page(self, page_id: int, attempt: int, parts: Sequence[bytes], wait: float) -> StoredObject:
        """Write the bodies of a page. This is tried for so many seconds."""
        name = f"pages/{page_id // _PAGES_IN_FOLDER}/{page_id}-{attempt}-{secrets.token_hex(8)}"
        return await self._put(name, parts, wait)

    async def put_cached(self, key: bytes, parts: Sequence[bytes]) -> StoredObject:
        """Write what the page cache keeps of a page."""
        name = f"cache/{key.hex()[:2]}/{key.hex()}-{secrets.token_hex(8)}"
        return await self._put(name, parts, self._wait)

    async def read(self, url: str, start: int, length: int) -> bytes:
        """Return a part of an object.

        Raises errors.NotFoundError where it was deleted, and errors.DamagedResultError where it is too short.
        """
        base, name = split_url(url)

        async def read() -> bytes:
            return await (await self.bucket(base)).read(name, start, length)

        try:
            return await self._try(read, self._wait) if length else b""
        except FileNotFoundError:
            # Its row may have gone just now. If not, something else deletes objects: the operator should know.
            log.warning("an object that was to be read is not there", object=url)
            raise NotFoundError("The result was deleted meanwhile.") from None
        except DamagedResultError:
            log.warning("an object is cut short", object=url)
            raise

    async def delete(self, urls: Sequence[str]) -> list[str]:
        """Delete objects, in whatever bucket, and return those that are gone. A bucket that is away is left."""
        by_bucket: dict[str, dict[str, str]] = {}
        for url in urls:
            base, name = split_url(url)
            by_bucket.setdefault(base, {})[name] = url
        gone: list[str] = []
        for base, names in by_bucket.items():
            try:
                async with _time_limit(self._timeout):
                    await (await self.bucket(base)).delete(list(names))
                gone += names.values()
            except StorageUnavailableError as error:
                log.warning("objects could not be deleted for now", bucket=base, error=reason(error))
        return gone

    async def bucket(self, url: str) -> Bucket:
        """Return the bucket with this URL."""
        if url not in self._buckets:
            self._buckets[url] = await Bucket.open(url, self._timeout)
        return self._buckets[url]

    async def owner(self) -> str:
        """Return what the names of this database's objects begin with."""
        if self._owner is None:
            [row] = await self._database.rows(statements.GET_OWNER)
            self._owner = str(row["id"])
        return self._owner

    async def _put(self, name: str, parts: Sequence[bytes], wait: float) -> StoredObject:
        base, owned = self._url or "", f"{await self.owner()}/{name}"
        data = b"".join(parts)

        async def put() -> None:
            await (await self.bucket(base)).put(owned, data)

        await self._try(put, wait)
        sizes = [len(part) for part in parts]
        return StoredObject(f"{base}/{owned}", list(accumulate(sizes, initial=0))[:-1], sizes)

    async def _try(self, work: Callable[[], Awaitable[T]], wait: float) -> T:
        """Try until it works, or for so many seconds.

        Each next try may take twice as long, so that large objects pass as well.
        """
        clock, delay, patience = asyncio.get_running_loop().time, _FIRST_DELAY, self._timeout
        deadline = clock() + wait
        while True:
            try:
                async with _time_limit(min(patience, max(deadline - clock(), _FIRST_DELAY))):
                    return await work()
            except StorageUnavailableError as error:
                if clock() + delay > deadline:
                    raise
                self._log_retry(error)
                patience = min(patience * 2, LONGEST_REQUEST)
            await asyncio.sleep(delay)
            delay = min(delay * 2, _LONGEST_DELAY)

    def _log_retry(self, error: StorageUnavailableError) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._logged_at > _RETRY_LOG_INTERVAL:
            self._logged_at = now
            log.warning("the object storage does not do as asked for now, trying again", error=reason(error))


@contextlib.asynccontextmanager
async def _time_limit(seconds: float) -> AsyncIterator[None]:
    """Raise errors.StorageUnavailableError where the work within takes longer."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise StorageUnavailableError from error


def reason(error: StorageUnavailableError) -> str:
    """Return why the storage did not do as asked, in one line without secrets, for the operator."""
    cause = error.__cause__ or error
    lines = str(cause).strip().splitlines()
    return redact(lines[0]) if lines else type(cause).__name__


def split_url(url: str) -> tuple[str, str]:
    """Return the URL of an object's bucket, and its name in it."""
    base, *name = url.rsplit("/", NAME_PARTS)
    return base, "/".join(name)
