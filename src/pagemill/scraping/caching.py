"""Scraping through the cache, with single-flight: however many ask for a page at the same time, one fetches it.

A request for a page that is missing or stale tries to take the page's lock; the others wait for the result. Requests in
the same process wait for the in-flight request itself, and do not ask the cache. A failure is shared with those who
waited for it here, and is not kept.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from pagemill.errors import PageError
from pagemill.extraction import METADATA
from pagemill.fetching.http.validators import Validators
from pagemill.model import FetchedPage, FetchedWith
from pagemill.scraping.escalation import NOT_MODIFIED
from pagemill.scraping.extractor_version import extractor_version
from pagemill.scraping.scraped_page import ScrapedPage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from pagemill.model import ScrapeOptions
    from pagemill.scraping.escalation import FetchResult
    from pagemill.scraping.page_cache import CachedPage, PageCache
    from pagemill.settings import Settings

    Fetch = Callable[[str, ScrapeOptions, float, Validators | None], Awaitable[FetchResult]]
    Extract = Callable[[FetchedPage, Sequence[str], ScrapeOptions], Awaitable[dict[str, bytes]]]
    SharedOutcome = ScrapedPage | PageError | None

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.5


class CachedScraping:
    """Scrapes through a cache. The formats asked for are those that extraction makes.

    `fetch` fetches a page that is not cached; `extract` makes values of the cached bytes of one that is.
    """

    def __init__(self, cache: PageCache, settings: Settings, fetch: Fetch, extract: Extract) -> None:
        self._cache = cache
        self._time = settings.cache.cache_time
        self._largest = settings.cache.cache_max_page_bytes
        self._fetch = fetch
        self._extract = extract
        self._in_flight: dict[bytes, asyncio.Future[SharedOutcome]] = {}

    async def scrape(self, key: bytes, url: str, options: ScrapeOptions, deadline: float) -> ScrapedPage:
        """The page of `key`, from the cache where it is recent enough. `deadline` is a time of the event loop.

        Raises subclasses of `PageError`.
        """
        if options.force_fresh:
            return await self._scrape_anew(key, url, options, deadline, None)
        pause = _FIRST_PAUSE
        while True:
            page = await self._try_once(key, url, options, deadline)
            if page is not None:
                return page
            if key not in self._in_flight:  # another process is at it
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    async def _try_once(self, key: bytes, url: str, options: ScrapeOptions, deadline: float) -> ScrapedPage | None:
        in_flight = self._in_flight.get(key)
        if in_flight is not None:
            await asyncio.wait((in_flight,))
            return _from_in_flight(in_flight.result(), options) if self._accepts(0.0, options) else None
        found = await self._cache.find(key)
        if found is not None and self._accepts(found.age, options):
            return await self._reuse(key, found, url, options)
        return None if key in self._in_flight else await self._fetch_for_all(key, url, options, deadline)

    def _accepts(self, age: float, options: ScrapeOptions) -> bool:
        return age < (self._time if options.max_age is None else min(self._time, options.max_age))

    async def _fetch_for_all(self, key: bytes, url: str, options: ScrapeOptions, deadline: float) -> ScrapedPage | None:
        """Fetch for all of this process. None where another process does."""
        in_flight: asyncio.Future[SharedOutcome] = asyncio.get_running_loop().create_future()
        self._in_flight[key] = in_flight
        outcome: SharedOutcome = None
        try:
            if not await self._cache.hold(key):
                return None
            try:
                outcome = await self._look_and_scrape(key, url, options, deadline)
            except PageError as error:
                outcome = error
                raise
            finally:
                if not isinstance(outcome, ScrapedPage):
                    await self._cache.let_go(key)
            return outcome
        finally:
            del self._in_flight[key]
            in_flight.set_result(outcome if _is_plain(options) or isinstance(outcome, PageError) else None)

    async def _look_and_scrape(self, key: bytes, url: str, options: ScrapeOptions, deadline: float) -> ScrapedPage:
        found = await self._cache.find(key)
        if found is not None and self._accepts(found.age, options):  # another process has just fetched it
            page = await self._reuse(key, found, url, options)
            if page is not None:
                await self._cache.let_go(key)
                return page
        return await self._scrape_anew(key, url, options, deadline, found)

    async def _scrape_anew(
        self, key: bytes, url: str, options: ScrapeOptions, deadline: float, found: CachedPage | None
    ) -> ScrapedPage:
        validators = Validators(found.final_url, found.etag, found.last_modified) if found else None
        result = await self._fetch(url, options, deadline, validators or None)
        if found is not None and result.page.status_code == NOT_MODIFIED:
            await self._cache.renew(key)
            kept = await self._reuse(key, found, url, options)
            if kept is not None:
                return replace(kept, attempts=result.scraped.attempts)
            result = await self._fetch(url, options, deadline, None)
        page, scraped = result.page, result.scraped
        if len(page.body) > self._largest:
            await self._cache.let_go(key)
        else:
            bodies = scraped.bodies if _is_plain(options) else {}
            await self._cache.keep(key, page, scraped.fetched_with, extractor_version(), bodies)
        return scraped

    async def _reuse(self, key: bytes, found: CachedPage, url: str, options: ScrapeOptions) -> ScrapedPage | None:
        """What is kept, in the formats asked for, made anew of its bytes where need be. None where it has gone."""
        wanted = {*options.formats, METADATA}
        bodies: dict[str, bytes] = {}
        if _is_plain(options) and found.extractor == extractor_version() and wanted <= found.formats:
            bodies = await self._cache.bodies(key, wanted)
        if not wanted <= bodies.keys():
            raw = await self._cache.raw(key)
            if raw is None:
                return None
            page = FetchedPage(url, found.final_url, found.status_code, found.content_type, raw)
            bodies = await self._extract(page, options.formats, options)
            if _is_plain(options):
                await self._cache.keep_bodies(key, extractor_version(), bodies)
        fetched_with = FetchedWith(found.fetched_with)
        return ScrapedPage(found.final_url, found.status_code, bodies, cached=True, fetched_with=fetched_with)


def _is_plain(options: ScrapeOptions) -> bool:
    """Whether the values are those that everyone gets who asks for no other part of the page."""
    return options.only_main_content and not options.include_tags and not options.exclude_tags


def _from_in_flight(outcome: SharedOutcome, options: ScrapeOptions) -> ScrapedPage | None:
    """The result of another in-flight request, where it holds what is wanted. Raises its failure."""
    if isinstance(outcome, PageError):
        raise outcome
    wanted = {*options.formats, METADATA}
    if outcome is None or not _is_plain(options) or not wanted <= outcome.bodies.keys():
        return None
    return replace(outcome, bodies={name: outcome.bodies[name] for name in wanted}, cached=True, attempts=())
