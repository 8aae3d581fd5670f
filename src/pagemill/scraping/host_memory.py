"""Which hosts need the browser: their pages go there first, for a while.

One page is not enough to tell: many a host has an application on some of its pages and articles on the others. So a
host needs the browser once several pages in a row did, and while it does, one page in some goes by HTTP all the same,
to find out whether that is enough again.

The memory of a process is enough for a command; the service shares one in the database, see `jobs.host_memory`.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pagemill.settings import Settings

MOST_HOSTS = 10_000


class HostMemory:
    """Hosts by name, each until its time is up: `browser_memory` after it was last seen to need the browser.

    `browser_memory_pages` in a row must have needed it; then one of `browser_probe_every` goes by HTTP all the same.
    """

    def __init__(self, settings: Settings) -> None:
        self._seconds = settings.browser.browser_memory
        self._pages_in_a_row = settings.browser.browser_memory_pages
        self._probe_every = settings.browser.browser_probe_every
        self._until: dict[str, float] = {}
        self._rows: Counter[str] = Counter()
        self._pages: Counter[str] = Counter()

    def needs_browser(self, host: str) -> bool:
        """Whether the host is known to need the browser."""
        until = self._until.get(host)
        if until is not None and until <= time.time():
            self._forget(host)
            return False
        return until is not None

    def browser_first(self, host: str) -> bool:
        """Whether the next page of the host is to go to the browser first. Asked once for each page."""
        if not self.needs_browser(host):
            return False
        self._pages[host] += 1
        return self._pages[host] % self._probe_every != 0

    async def learn(self, host: str, *, needs_browser: bool) -> None:
        """Keep what a page of this host came by in the end: the browser, which HTTP was not enough for, or HTTP."""
        if not needs_browser:
            self._forget(host)
            return
        self._rows[host] += 1
        if self._rows[host] >= self._pages_in_a_row:
            self._until[host] = time.time() + self._seconds
        for hosts in (self._until, self._rows):
            if len(hosts) > MOST_HOSTS:
                del hosts[next(iter(hosts))]

    def replace(self, hosts: dict[str, float]) -> None:
        """Know these hosts and no others, each until its time (`time.time()`)."""
        self._until = hosts
        self._pages = Counter({host: pages for host, pages in self._pages.items() if host in hosts})

    def _forget(self, host: str) -> None:
        self._until.pop(host, None)
        self._rows.pop(host, None)
        self._pages.pop(host, None)
