"""The turns that one page of a map or a crawl takes of its hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagemill.fetching.url import parse_url

if TYPE_CHECKING:
    from pagemill.jobs.memory.site_hosts import DatabaseHosts
    from pagemill.jobs.queue.claims import ClaimedPage
    from pagemill.jobs.worker_slots import WorkerSlots


class HostBusyError(Exception):
    """The page's host may not be asked for a while: the page is to wait for it outside the queue."""

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self.host = host


class PageTurns:
    """See `pagemill.scraping.sites.hosts.Turns`. While a page waits here, it lends its slot of the worker to others."""

    def __init__(self, page: ClaimedPage, hosts: DatabaseHosts, slots: WorkerSlots, patience: float) -> None:
        self._host = parse_url(page.url).netloc
        self._has_turn = page.has_turn
        self._hosts = hosts
        self._slots = slots
        self._patience = patience

    async def reserve(self) -> None:
        """Have a turn of the page's own host for its next request. Raises HostBusyError where none comes soon."""
        if not self._has_turn:
            with self._slots.lend():
                self._has_turn = await self._hosts.take_turn(self._host, self._patience)
            if not self._has_turn:
                raise HostBusyError(self._host)

    async def wait_for_rate_limit(self, host: str) -> None:
        """See `Turns`: a turn that was reserved is used first. How long it waits, the caller bounds."""
        if self._has_turn and host == self._host:
            self._has_turn = False
            return
        with self._slots.lend():
            await self._hosts.take_turn(host)
