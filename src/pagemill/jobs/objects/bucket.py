"""A bucket or a folder, through the library obstore. Credentials are those of the environment, as obstore reads them.

The library is loaded when the first bucket is opened: most services have none.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from pagemill.errors import DamagedResultError, StorageUnavailableError
from pagemill.observability.metrics import STORAGE_BYTES, STORAGE_DURATION, STORAGE_REQUESTS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from datetime import datetime

LONGEST_REQUEST = 600.0
"""Seconds that one request may take at most."""
_LISTED_AT_ONCE = 1000


class Bucket:
    """What is under one URL. Made by `open`. Its methods raise errors.StorageUnavailableError where they fail.

    Where there is no such object, `read` raises FileNotFoundError; where it is too short, errors.DamagedResultError.
    """

    def __init__(self, store: Any, folder: Path | None) -> None:
        self._store = store
        self._folder = folder

    @classmethod
    async def open(cls, url: str, timeout: float) -> Bucket:
        """Open a bucket, whose server may take so many seconds to connect to. Nothing is sent to it yet.

        A folder is made where it is not there, for this user alone.
        """
        await asyncio.to_thread(importlib.import_module, "obstore.exceptions")  # which takes a moment, the first time
        with _failures():
            return await asyncio.to_thread(cls._open, url, timeout)

    @classmethod
    def _open(cls, url: str, timeout: float) -> Bucket:
        from obstore.store import LocalStore, from_url

        parts = urlsplit(url)
        if parts.scheme == "file":
            folder = Path(unquote(parts.path))
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            except FileNotFoundError as error:
                raise StorageUnavailableError from error
            return cls(LocalStore(folder), folder)
        # An operator who names an endpoint with http:// means it. Who calls tries again, and says how long it may take.
        longest = timedelta(seconds=LONGEST_REQUEST)
        options: Any = {"timeout": longest, "connect_timeout": timedelta(seconds=timeout), "allow_http": True}
        store = from_url(url, client_options=options, retry_config={"max_retries": 0, "retry_timeout": longest})
        return cls(store, None)

    async def put(self, name: str, data: bytes) -> None:
        """Write an object: all of it, or nothing."""
        import obstore

        with _measured("put"):
            try:
                await obstore.put_async(self._store, name, data, use_multipart=False)
                if self._folder:
                    await asyncio.to_thread(_sync, self._folder / name)
            except FileNotFoundError as error:  # no such bucket
                raise StorageUnavailableError from error
        STORAGE_BYTES.add("put", amount=len(data))

    async def read(self, name: str, start: int, length: int) -> bytes:
        """Return so many bytes of an object, which are there."""
        import obstore

        with _measured("read"):
            try:
                part = bytes(await obstore.get_range_async(self._store, name, start=start, length=length))
            except obstore.exceptions.GenericError:  # also what begins behind the end of the object
                if (await obstore.head_async(self._store, name))["size"] < start + length:
                    raise DamagedResultError from None
                raise
            if len(part) != length:
                raise DamagedResultError
        STORAGE_BYTES.add("read", amount=len(part))
        return part

    async def delete(self, names: Sequence[str]) -> None:
        """Delete these objects. Those that are not there are none to delete."""
        import obstore

        with _measured("delete"):
            try:
                await obstore.delete_async(self._store, list(names))
            except FileNotFoundError:
                for name in names:
                    with contextlib.suppress(FileNotFoundError):
                        await obstore.delete_async(self._store, name)

    async def names(self, prefix: str) -> AsyncIterator[list[tuple[str, datetime]]]:
        """Yield the names under a prefix in parts, each name with when it was last written."""
        import obstore

        parts = aiter(obstore.list(self._store, prefix, chunk_size=_LISTED_AT_ONCE))
        while True:
            with _measured("list"):
                try:
                    part = await anext(parts, None)
                except FileNotFoundError as error:  # no such bucket
                    raise StorageUnavailableError from error
            if part is None:
                return
            yield [(str(item["path"]), item["last_modified"]) for item in part]


@contextlib.contextmanager
def _measured(operation: str) -> Iterator[None]:
    """Count a request with what became of it, and raise what `_failures` does. One that is given up is an error."""
    began, outcome = time.perf_counter(), "error"
    try:
        with _failures():
            yield
        outcome = "ok"
    except FileNotFoundError:
        outcome = "missing"
        raise
    except DamagedResultError:
        outcome = "damaged"
        raise
    finally:
        STORAGE_DURATION.observe(time.perf_counter() - began, operation)
        STORAGE_REQUESTS.add(operation, outcome)


@contextlib.contextmanager
def _failures() -> Iterator[None]:
    """Raise what the library and the system raise as one error."""
    from obstore.exceptions import BaseError

    try:
        yield
    except FileNotFoundError:
        raise
    except (BaseError, OSError, ValueError) as error:
        raise StorageUnavailableError from error


def _sync(path: Path) -> None:
    """Wait until a file, and its name in its folder, are on disk."""
    for place in (path, path.parent, path.parent.parent):
        descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
