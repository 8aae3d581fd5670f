"""When each host may be asked next, by one command."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit

_MOST_REMEMBERED = 10_000
_FORGOTTEN_AFTER = 300.0
_LEAST_SLOWDOWN = 0.5


@dataclass(slots=True)
class _Host:
    """What is known of one host; all in seconds."""

    next_at: float = 0.0
    crawl_delay: float = 0.0
    latency: float = 0.0
    slowdown: float = 0.0


class HostTurns:
    """Keeps at least `interval` seconds between two requests to one host, in the order in which they come.

    Where that is not 0, a host that is slow, asks for fewer requests or names a `Crawl-delay` is asked less often, at
    least every `longest` seconds: as in crawls, see `jobs.memory.site_statements`.
    """

    def __init__(self, interval: float, longest: float = 60.0) -> None:
        self._interval = interval
        self._longest = longest
        self._hosts: dict[str, _Host] = {}

    async def wait_for_rate_limit(self, host: str) -> None:
        """Wait for the host's next turn, and take it."""
        if not self._interval:
            return
        now = asyncio.get_running_loop().time()
        known = self._host(host)
        turn = max(now, known.next_at)
        known.next_at = turn + max(self._interval, known.crawl_delay, known.latency, known.slowdown)
        await asyncio.sleep(turn - now)

    def set_crawl_delay(self, host: str, seconds: float) -> None:
        """Keep so many seconds between two requests to a host."""
        self._host(host).crawl_delay = seconds

    def answered(
        self, host: str, seconds: float | None, *, overloaded: bool = False, retry_after: float | None = None
    ) -> None:
        """Note how a host answered: after how many seconds, and whether it asked for fewer requests."""
        if not self._interval:
            return
        known, now = self._host(host), asyncio.get_running_loop().time()
        if seconds is not None:
            known.latency = min(self._longest, 0.7 * known.latency + 0.3 * seconds)
        if overloaded:
            known.slowdown = min(self._longest, max(2 * known.slowdown, 4 * self._interval, _LEAST_SLOWDOWN))
            known.next_at = max(known.next_at, now + min(self._longest, max(known.slowdown, retry_after or 0.0)))
        else:
            known.slowdown = 0.0 if known.slowdown < self._interval else 0.8 * known.slowdown

    def _host(self, host: str) -> _Host:
        if host not in self._hosts and len(self._hosts) >= _MOST_REMEMBERED:
            since = asyncio.get_running_loop().time() - _FORGOTTEN_AFTER
            self._hosts = {name: known for name, known in self._hosts.items() if known.next_at > since}
        return self._hosts.setdefault(host, _Host())


def host_of(url: str) -> str:
    """The host of a URL, with its port; nothing of what is none."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""
