"""How many results of one key are sent at a time."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator


class Downloads:
    """Lets each key have so many results sent at a time. More wait for their turn: reading is never refused.

    Whoever reads nothing loses its connection after `send_timeout`, and with it its turn.
    """

    def __init__(self, per_key: int) -> None:
        self._per_key = per_key
        self._turns: dict[str, asyncio.Semaphore] = {}
        self._users: dict[str, int] = {}

    async def begin(self, key_id: str, chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
        """Wait for this result's turn and read its first chunk, so that a failure can still be answered with an error.

        Who waits has read nothing. The turn ends with the chunks.
        """
        rest = self.in_turn(key_id, chunks)
        return _chained(await anext(rest, b""), rest)

    async def in_turn(self, key_id: str, chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
        """Yield the chunks once it is this result's turn."""
        turn = self._turns.setdefault(key_id, asyncio.Semaphore(self._per_key))
        self._users[key_id] = self._users.get(key_id, 0) + 1
        try:
            async with turn:
                async for chunk in chunks:
                    yield chunk
        finally:
            self._users[key_id] -= 1
            if not self._users[key_id]:
                del self._users[key_id], self._turns[key_id]


async def _chained(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    async with contextlib.aclosing(rest):
        yield first
        async for chunk in rest:
            yield chunk
