"""The scraper of an event loop: opened when it is first needed, closed when nobody uses it.

So calls at the same time share the processes and the limits, and after the last one nothing is left.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from pagemill.scraping.scraper import Scraper
from pagemill.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclass(frozen=True, slots=True)
class OpenScraper:
    """A scraper, with the settings that it was opened with."""

    scraper: Scraper
    settings: Settings
    slots: asyncio.Semaphore
    """One for each page that may be worked on at a time."""


class _SharedScraper:
    def __init__(self) -> None:
        self._users = 0
        self._lock = asyncio.Lock()
        self._open: OpenScraper | None = None

    @contextlib.asynccontextmanager
    async def use(self) -> AsyncIterator[OpenScraper]:
        self._users += 1
        try:
            async with self._lock:
                if self._open is None:
                    self._open = await _open_scraper()
                opened = self._open
            async with opened.slots:
                yield opened
        finally:
            self._users -= 1
            if self._users == 0:
                # A caller that is cancelled meanwhile does not keep the processes from being ended.
                await asyncio.shield(asyncio.create_task(self._close()))

    async def _close(self) -> None:
        async with self._lock:
            if self._users == 0 and self._open is not None:
                opened, self._open = self._open, None
                await opened.scraper.__aexit__(None, None, None)


_of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, _SharedScraper] = WeakKeyDictionary()


def shared_scraper() -> contextlib.AbstractAsyncContextManager[OpenScraper]:
    """Use the scraper of the running event loop, when it is one's turn."""
    return _of_loops.setdefault(asyncio.get_running_loop(), _SharedScraper()).use()


async def _open_scraper() -> OpenScraper:
    settings = Settings()
    scraper = Scraper(settings)
    try:
        await scraper.__aenter__()
    except BaseException:
        await scraper.__aexit__(None, None, None)
        raise
    return OpenScraper(scraper, settings, asyncio.Semaphore(settings.jobs.worker_concurrency))
