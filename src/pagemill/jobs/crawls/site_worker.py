"""What a worker does for maps and crawls, beside scraping pages."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pagemill.fair_semaphore import current_key
from pagemill.jobs.crawls.frontier import Frontier
from pagemill.jobs.crawls.page_crawl import PageCrawl
from pagemill.jobs.crawls.page_turns import PageTurns
from pagemill.jobs.memory.site_hosts import DatabaseHosts
from pagemill.model import JobKind, SiteOptions
from pagemill.scraping.scraped_page import ScrapedPage
from pagemill.scraping.sites.mapper import BODY, SiteMapper
from pagemill.scraping.sites.site_files import SiteFiles

if TYPE_CHECKING:
    from pagemill.jobs.database.pool import Database
    from pagemill.jobs.queue.claims import ClaimedPage
    from pagemill.jobs.worker_slots import WorkerSlots
    from pagemill.scraping.scraper import Scraper
    from pagemill.settings import Settings

_OVERDUE_INTERVAL = 10.0


class SiteWorker:
    """Maps sites and works on the pages of crawls."""

    def __init__(self, settings: Settings, database: Database, scraper: Scraper, slots: WorkerSlots) -> None:
        self._settings = settings
        self._hosts = DatabaseHosts(database, settings)
        self._slots = slots
        self._scraper = scraper
        self._frontier = Frontier(database, settings)

    async def process(self, page: ClaimedPage) -> ScrapedPage:
        """Return what a map, or a page of a crawl, gives.

        Raises a subclass of `PageError`, and `HostBusyError` where the page is to wait for its host first.
        """
        current_key.set(page.key_id)  # its sitemaps and links are read in its turn too
        site = page.site or SiteOptions()
        turns = PageTurns(page, self._hosts, self._slots, self._settings.sites.host_wait)
        await turns.reserve()
        files = SiteFiles(self._scraper, self._hosts, turns, self._settings)
        if page.kind is JobKind.MAP:
            found = await SiteMapper(files).map(page.url, page.options, site, page.key_id)
            return ScrapedPage(page.url, 200, {BODY: found})
        return await PageCrawl(page, site, turns, files, self._frontier).run()

    async def release_pages(self, crawls_changed: asyncio.Event) -> None:
        """Put URLs of crawls into the queue whenever their hosts may be asked. `crawls_changed`: there may be some."""
        loop = asyncio.get_running_loop()
        overdue_at = loop.time()
        while True:
            crawls_changed.clear()
            released = await self._frontier.release()
            if loop.time() >= overdue_at:
                await self._frontier.stop_overdue()
                overdue_at = loop.time() + _OVERDUE_INTERVAL
            if released is None:
                try:
                    async with asyncio.timeout(self._settings.jobs.poll_interval):
                        await crawls_changed.wait()
                except TimeoutError:
                    continue
            await asyncio.sleep(self._settings.sites.crawl_poll_interval)

    async def delete_old(self, limit: int) -> int:
        """Delete what is known of hosts that nobody asked for in a long time, and return how much."""
        return await self._hosts.delete_old(limit)
