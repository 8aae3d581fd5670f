"""What maps and crawls ask of whoever knows the hosts.

The one of the service is in `pagemill.jobs.memory.site_hosts`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pagemill.model import JsonObject
    from pagemill.settings import Settings


class Hosts(Protocol):
    """When hosts may be asked, and what their robots.txt says."""

    async def wait_for_rate_limit(self, host: str) -> None:
        """Wait for the host's next turn, and take it."""

    async def answered(
        self, host: str, seconds: float | None, *, overloaded: bool = False, retry_after: float | None = None
    ) -> None:
        """Note how a host answered: how fast, and whether it asked for fewer requests."""

    async def set_crawl_delay(self, host: str, seconds: float) -> None:
        """Keep so many seconds between two requests to a host."""

    async def find_robots(self, origin: str) -> JsonObject | None:
        """What is known of an origin's robots.txt, as `sites.tasks` packs it; None where it is to be fetched."""

    async def keep_robots(self, origin: str, rules: JsonObject, *, reachable: bool) -> None:
        """Keep what it says. Where it was not reachable, what was known before stays."""


class MemoryHosts:
    """See `Hosts`: of this process alone, for the command line."""

    def __init__(self, settings: Settings) -> None:
        self._interval = settings.sites.host_interval
        self._most = settings.sites.host_max_interval
        self._next: dict[str, float] = {}
        self._slowdown: dict[str, float] = {}
        self._delay: dict[str, float] = {}
        self._robots: dict[str, JsonObject] = {}

    async def wait_for_rate_limit(self, host: str) -> None:
        """See `Hosts`."""
        now = asyncio.get_running_loop().time()
        at = max(now, self._next.get(host, now))
        self._next[host] = at + max(self._interval, self._slowdown.get(host, 0.0), self._delay.get(host, 0.0))
        await asyncio.sleep(at - now)

    async def answered(
        self, host: str, seconds: float | None, *, overloaded: bool = False, retry_after: float | None = None
    ) -> None:
        """See `Hosts`."""
        slow = self._slowdown.get(host, 0.0)
        if overloaded:
            slow = min(self._most, max(2 * slow, 4 * self._interval, 0.5))
            self._next[host] = asyncio.get_running_loop().time() + min(self._most, max(slow, retry_after or 0.0))
        self._slowdown[host] = slow if overloaded else max(0.8 * slow, min(seconds or 0.0, self._most) / 2)

    async def set_crawl_delay(self, host: str, seconds: float) -> None:
        """See `Hosts`."""
        self._delay[host] = seconds

    async def find_robots(self, origin: str) -> JsonObject | None:
        """See `Hosts`."""
        return self._robots.get(origin)

    async def keep_robots(self, origin: str, rules: JsonObject, *, reachable: bool) -> None:
        """See `Hosts`."""
        if reachable or origin not in self._robots:
            self._robots[origin] = rules
