"""How many requests go to one host at a time. A host that nobody asks is forgotten."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from pagemill.fair_semaphore import FairSemaphore, current_key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class HostLimiter:
    """A limited number of slots for each host, given to API keys in turn; `spare` more for keys that hold none there.

    So one key's requests to pages that never answer do not keep another key from the same host.
    """

    def __init__(self, limit: int, spare: int = 0) -> None:
        self._limit = limit
        self._spare = spare
        self._hosts: dict[str, FairSemaphore] = {}

    def __len__(self) -> int:
        """How many hosts are in use."""
        return len(self._hosts)

    @asynccontextmanager
    async def slot(self, name: str) -> AsyncIterator[None]:
        """Hold one of the host's slots; waits for one when all are taken."""
        host = self._hosts.setdefault(name, FairSemaphore(self._limit, self._spare))
        try:
            async with host.slot(current_key.get()):
                yield
        finally:
            if host.idle and self._hosts.get(name) is host:
                del self._hosts[name]
