"""How many requests go to one host at a time. A host that nobody asks is forgotten."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclass(slots=True)
class _Host:
    busy: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)


class HostLimiter:
    """A limited number of slots for each host, given in the order of asking."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._hosts: dict[str, _Host] = {}

    def __len__(self) -> int:
        """How many hosts are in use."""
        return len(self._hosts)

    @asynccontextmanager
    async def slot(self, name: str) -> AsyncIterator[None]:
        """Hold one of the host's slots; waits for one when all are taken."""
        await self.acquire(name)
        try:
            yield
        finally:
            self.release(name)

    async def acquire(self, name: str) -> None:
        """Take a slot, which `release` gives back."""
        host = self._hosts.setdefault(name, _Host())
        if host.busy < self._limit:
            host.busy += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        host.waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # given a slot and cancelled at once: it goes on to the next
                self.release(name)
            raise

    def release(self, name: str) -> None:
        """Give a slot to the next who waits, or back."""
        host = self._hosts[name]
        while host.waiting:
            turn = host.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        host.busy -= 1
        if host.busy == 0:
            del self._hosts[name]
