"""What hosts ask of crawlers, as one command knows it: robots.txt, and fewer requests."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING

from pagemill.errors import PageError, RobotsDisallowedError
from pagemill.fetching.url import parse_url
from pagemill.scraping.sites.site_files import OVERLOADED, SiteFiles
from pagemill.sites.candidates import target
from pagemill.sites.identity import site_url

if TYPE_CHECKING:
    from pagemill.cli.urls.host_turns import HostTurns
    from pagemill.model import JsonObject, ScrapeOptions
    from pagemill.scraping.scraped_page import ScrapedPage
    from pagemill.scraping.scraper import Scraper
    from pagemill.settings import Settings
    from pagemill.sites.robots import Robots

_MOST_REMEMBERED = 2000


class HostHints:
    """What the hosts of one command ask for. See `pagemill.scraping.sites.hosts.Hosts`, which it is, in memory."""

    def __init__(self, scraper: Scraper, turns: HostTurns, settings: Settings, country: str, concurrency: int) -> None:
        self._files = SiteFiles(scraper, self, turns, settings)
        self._turns = turns
        self._settings = settings
        self._country = country
        self._slots = asyncio.Semaphore(concurrency)
        self._known: OrderedDict[str, tuple[float, asyncio.Task[Robots]]] = OrderedDict()

    async def check(self, url: str) -> None:
        """Raise RobotsDisallowedError where the host's robots.txt keeps crawlers away from a URL.

        Raises another PageError where the host gave no answer.
        """
        parsed = site_url(url)
        if parsed is None:  # which is told by whoever fetches it
            return
        if not (await self._robots(url)).allows(target(parsed)):
            raise RobotsDisallowedError("The robots.txt of the host keeps crawlers away from this page.")

    async def scrape(self, url: str, options: ScrapeOptions) -> ScrapedPage:
        """Scrape a page and note how its host answered. Raises a subclass of `PageError`."""
        host, loop = parse_url(url).netloc, asyncio.get_running_loop()
        started = loop.time()
        try:
            scraped = await self._files.scraper.scrape(url, options)
        except PageError as error:
            await self._files.report(host, error, loop.time() - started)
            raise
        overloaded = any(attempt.status_code in OVERLOADED for attempt in scraped.attempts)
        await self.answered(host, sum(attempt.duration for attempt in scraped.attempts), overloaded=overloaded)
        return scraped

    async def _robots(self, url: str) -> Robots:
        """What a host allows: asked for once, by the first of its pages."""
        origin, now = parse_url(url).origin, asyncio.get_running_loop().time()
        until, asking = self._known.get(origin, (0.0, None))
        if asking is None or until <= now or (asking.done() and _failed(asking)):
            asking = asyncio.ensure_future(self._ask(url))
            self._known[origin] = now + self._settings.sites.robots_cache, asking
            if len(self._known) > _MOST_REMEMBERED:
                self._known.popitem(last=False)
        self._known.move_to_end(origin)
        return await asyncio.shield(asking)

    async def _ask(self, url: str) -> Robots:
        async with self._slots:
            deadline = asyncio.get_running_loop().time() + self._settings.jobs.job_deadline
            return await self._files.robots(url, self._country, deadline)

    async def answered(
        self, host: str, seconds: float | None, *, overloaded: bool = False, retry_after: float | None = None
    ) -> None:
        """Note how a host answered: how fast, and whether it asked for fewer requests."""
        self._turns.answered(host, seconds, overloaded=overloaded, retry_after=retry_after)

    async def set_crawl_delay(self, host: str, seconds: float) -> None:
        """Keep so many seconds between two requests to a host."""
        self._turns.set_crawl_delay(host, seconds)

    async def find_robots(self, origin: str, accepted_age: float = 0.0) -> JsonObject | None:  # noqa: ARG002 - as `Hosts`
        """Return nothing: a file is asked for where it is not known here."""
        return None

    async def find_stale_robots(self, origin: str) -> JsonObject | None:  # noqa: ARG002 - as `Hosts`
        """Return nothing: no earlier command left any."""
        return None

    async def keep_robots(self, origin: str, rules: JsonObject, *, reachable: bool) -> JsonObject:
        """Return what counts. One that could not be had is asked for again after a while."""
        if not reachable and origin in self._known:
            until = asyncio.get_running_loop().time() + self._settings.sites.robots_retry
            self._known[origin] = until, self._known[origin][1]
        return rules


def _failed(asking: asyncio.Task[Robots]) -> bool:
    return asking.cancelled() or asking.exception() is not None
