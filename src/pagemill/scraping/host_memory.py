"""Which hosts needed the browser: their pages go there first, for a while.

The memory of a process is enough for a command; the service shares one in the database, see `jobs.host_memory`.
"""

from __future__ import annotations

import time

MOST_HOSTS = 10_000


class HostMemory:
    """Hosts by name, each until its time is up (`seconds` after it last needed the browser)."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: dict[str, float] = {}

    def needs_browser(self, host: str) -> bool:
        """Whether pages of this host are to go to the browser first."""
        until = self._until.get(host)
        if until is not None and until <= time.time():
            del self._until[host]
            return False
        return until is not None

    async def learn(self, host: str, *, needs_browser: bool) -> None:
        """Keep what a page of this host came by in the end: the browser, which HTTP was not enough for, or HTTP."""
        if needs_browser:
            self._until[host] = time.time() + self._seconds
            if len(self._until) > MOST_HOSTS:
                del self._until[next(iter(self._until))]
        else:
            self._until.pop(host, None)

    def replace(self, hosts: dict[str, float]) -> None:
        """Know these hosts and no others, each until its time (`time.time()`)."""
        self._until = hosts
