"""When each host may be asked next, by one command."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

_MOST_REMEMBERED = 10_000


class HostTurns:
    """Keeps `interval` seconds between two pages of one host, in the order in which they come."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._next_at: dict[str, float] = {}

    async def wait(self, url: str) -> None:
        """Wait for the turn of this URL's host."""
        if not self._interval:
            return
        now = asyncio.get_running_loop().time()
        if len(self._next_at) >= _MOST_REMEMBERED:
            self._next_at = {host: moment for host, moment in self._next_at.items() if moment > now}
        host = host_of(url)
        turn = max(now, self._next_at.get(host, now))
        self._next_at[host] = turn + self._interval
        await asyncio.sleep(turn - now)


def host_of(url: str) -> str:
    """The host of a URL; nothing of what is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
