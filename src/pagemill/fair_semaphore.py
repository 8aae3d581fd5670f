"""A semaphore that serves API keys in turn, so that the load of one key delays the others little.

A freed slot goes to the waiting key that holds the fewest slots; of several, to the one that was served longest ago. A
few spare slots are for keys that hold none: a key that fills all the others cannot take those too.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

current_key: ContextVar[str] = ContextVar("current_key", default="")
"""The API key whose page the running task works on."""


class FairSemaphore:
    """Slots for `limit` holders, and `spare` more for keys that hold none."""

    def __init__(self, limit: int, spare: int = 0) -> None:
        self._limit = limit
        self._spare = spare
        self._held: Counter[str] = Counter()
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @property
    def full(self) -> bool:
        """Whether all slots but the spare ones are taken."""
        return self._held.total() >= self._limit

    @property
    def idle(self) -> bool:
        """Whether nobody holds a slot or waits for one."""
        return not self._held and not self._waiting

    @asynccontextmanager
    async def slot(self, key: str) -> AsyncIterator[None]:
        """Hold a slot for a key."""
        await self._acquire(key)
        try:
            yield
        finally:
            self._release(key)

    async def _acquire(self, key: str) -> None:
        if self._may_acquire(key) and key not in self._waiting:
            self._held[key] += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it got a slot and was cancelled at once
                self._release(key)
            else:
                self._forget(key, turn)
            raise

    def _may_acquire(self, key: str) -> bool:
        return self._held.total() < self._limit + (0 if self._held[key] else self._spare)

    def _release(self, key: str) -> None:
        self._held[key] -= 1
        if not self._held[key]:
            del self._held[key]
        while self._serve_next():
            pass

    def _serve_next(self) -> bool:
        key = min(self._waiting, key=lambda waiting: self._held[waiting], default=None)
        if key is None or not self._may_acquire(key):
            return False
        turn = self._waiting[key].popleft()
        if self._waiting[key]:
            self._waiting.move_to_end(key)
        else:
            del self._waiting[key]
        if not turn.done():  # one that was cancelled wants no slot any more, and has not yet run to say so
            self._held[key] += 1
            turn.set_result(None)
        return True

    def _forget(self, key: str, turn: asyncio.Future[None]) -> None:
        turns = self._waiting.get(key)
        if turns is not None and turn in turns:
            turns.remove(turn)
            if not turns:
                del self._waiting[key]
