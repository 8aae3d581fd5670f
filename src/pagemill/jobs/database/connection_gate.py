"""How many statements run at once: as few as do, since each more takes a connection, and 5 to 10 MB of the server.

An idle worker looks for one thing and another every second, and much of it at the same moment. Each look takes a few
milliseconds, so one after another they need one connection; at once they would hold several open for good.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_PATIENCE = 0.05
_FORGOTTEN_AFTER = 10.0


class ConnectionGate:
    """Lets one statement through at a time, and one more for each that has waited 50 ms; for ten seconds."""

    def __init__(self) -> None:
        self._width = 1
        self._forget_at = 0.0
        self._passing = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @contextlib.asynccontextmanager
    async def passage(self) -> AsyncIterator[None]:
        """Wait for a place as long as that takes, but no longer than 50 ms."""
        now = asyncio.get_running_loop().time()
        if now >= self._forget_at:
            self._width, self._forget_at = 1, now + _FORGOTTEN_AFTER
        if self._passing >= self._width:
            await self._wait()
        self._passing += 1
        try:
            yield
        finally:
            self._passing -= 1
            self._let_in()

    async def _wait(self) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await asyncio.wait((turn,), timeout=_PATIENCE)
            if not turn.done():
                self._width += 1
        finally:
            turn.cancel()

    def _let_in(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
