"""Where learned selectors are kept, and how pages of one template take turns to learn them."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pagemill.model import JsonObject

SelectorKey = tuple[str, bytes]
"""A host and a schema's hash. Selectors are kept under these."""

_MAX_KEYS = 1000
_PAGES_SKIPPED = 20
"""Pages of one host and schema that are not learned from after learning failed."""
_MIN_POLL_DELAY, _MAX_POLL_DELAY = 0.05, 0.5


class LearnedSelectors(Protocol):
    """Keeps learned selectors by host and schema."""

    async def get(self, host: str, schema_hash: bytes) -> list[JsonObject]:
        """Return the learned selectors of a host for a schema, those used last first."""

    async def put(self, host: str, schema_hash: bytes, learned: list[JsonObject]) -> None:
        """Replace them."""

    async def acquire_lock(self, host: str, schema_hash: bytes) -> bool:
        """Become the only process that learns. False while another one does; a dead one does not count."""

    async def release_lock(self, host: str, schema_hash: bytes) -> None:
        """Let other processes learn."""


class SelectorsInMemory:
    """Learned selectors for as long as the process lives: for the command line, which has no database."""

    def __init__(self) -> None:
        self._by_key: dict[SelectorKey, list[JsonObject]] = {}

    async def get(self, host: str, schema_hash: bytes) -> list[JsonObject]:
        """See `LearnedSelectors`."""
        return self._by_key.get((host, schema_hash), [])

    async def put(self, host: str, schema_hash: bytes, learned: list[JsonObject]) -> None:
        """See `LearnedSelectors`."""
        if len(self._by_key) < _MAX_KEYS or (host, schema_hash) in self._by_key:
            self._by_key[host, schema_hash] = learned

    async def acquire_lock(self, host: str, schema_hash: bytes) -> bool:  # noqa: ARG002 - there is no other process
        """See `LearnedSelectors`."""
        return True

    async def release_lock(self, host: str, schema_hash: bytes) -> None:
        """See `LearnedSelectors`."""


class LearningLocks:
    """Lets one page at a time learn for a key, in this process and in all. One for each process."""

    def __init__(self, selectors: LearnedSelectors) -> None:
        self._selectors = selectors
        self._locks: dict[SelectorKey, tuple[asyncio.Lock, int]] = {}
        self._skips_left: dict[SelectorKey, int] = {}

    def is_skipping(self, key: SelectorKey) -> bool:
        """Whether pages of this key are not learned from, because learning failed a short while ago."""
        return bool(self._skips_left.get(key))

    def count_skipped(self, key: SelectorKey) -> None:
        """Count a page that was not learned from."""
        self._skips_left[key] -= 1

    def skip_next(self, key: SelectorKey) -> None:
        """Learn nothing from the next pages of this key."""
        if len(self._skips_left) < _MAX_KEYS:
            self._skips_left[key] = _PAGES_SKIPPED

    @contextlib.asynccontextmanager
    async def in_process(self, key: SelectorKey) -> AsyncIterator[None]:
        """Hold this process's lock of a key. Nobody waits while learning is skipped."""
        if self.is_skipping(key):
            yield
            return
        lock, waiting = self._locks.get(key, (asyncio.Lock(), 0))
        self._locks[key] = lock, waiting + 1
        try:
            async with lock:
                yield
        finally:
            _, waiting = self._locks.pop(key)
            if waiting > 1:
                self._locks[key] = lock, waiting - 1

    @contextlib.asynccontextmanager
    async def across_processes(self, key: SelectorKey) -> AsyncIterator[list[JsonObject]]:
        """Give the learned selectors of a key. While there are none, hold the lock that all processes share.

        A page that finds the lock held waits until it is free, and no longer: if nothing was learned, all go on.
        """
        learned = await self._selectors.get(*key)
        locked = not learned and await self._selectors.acquire_lock(*key)
        if not learned and not locked:
            await self._wait_until_free(key)
        try:
            yield learned or await self._selectors.get(*key)
        finally:
            if locked:
                await self._selectors.release_lock(*key)

    async def _wait_until_free(self, key: SelectorKey) -> None:
        delay = _MIN_POLL_DELAY
        while not await self._selectors.acquire_lock(*key):
            await asyncio.sleep(delay)
            delay = min(2 * delay, _MAX_POLL_DELAY)
        await self._selectors.release_lock(*key)
