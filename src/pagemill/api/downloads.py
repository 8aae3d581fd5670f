"""How many results of one key are sent at a time."""

from __future__ import annotations

import asyncio
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
