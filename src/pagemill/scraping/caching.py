"""Scraping through the cache, with single-flight: however many ask for a page at the same time, one fetches it.

A request for a page that is missing or stale tries to take the page's lock; the others wait for the result. Requests in
the same process wait for the in-flight request itself, and do not ask the cache.

What one request asks for changes nothing for another. Requests share an in-flight fetch only where all options agree
that decide how it ends (its timeout, its selectors), and only requests without any take the lock. Only settled, whole
pages are kept, or shared between API keys. A failure is shared unless the time of the request that fetched was up.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pagemill.errors import ExtractionCrashedError, ExtractionTimeoutError, PageError
from pagemill.fair_semaphore import current_key
from pagemill.fetching.http.validators import Validators
from pagemill.model import METADATA, FetchedPage, FetchedWith
from pagemill.observability.metrics import CACHE_REQUESTS, CACHE_REVALIDATED
from pagemill.scraping.escalation import FALLBACK_RESERVE, NOT_MODIFIED
from pagemill.scraping.extractor_version import extractor_version
from pagemill.scraping.fail_safe import FailSafePageCache
from pagemill.scraping.page_cache import WHOLE_CONTENT, is_plain, parts_asked_for
from pagemill.scraping.scraped_page import ScrapedPage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from pagemill.model import Correction, ScrapeOptions
    from pagemill.scraping.escalation import FetchResult
    from pagemill.scraping.page_cache import CachedPage, CacheKeys, PageCache
    from pagemill.settings import Settings

    Fetch = Callable[[str, ScrapeOptions, float, Validators | None], Awaitable[FetchResult]]
    Extract = Callable[[FetchedPage, Sequence[str], ScrapeOptions], Awaitable[dict[str, bytes]]]
    OwnOptions = tuple[float | None, bool, tuple[str, ...], tuple[str, ...], bool, tuple[Correction, ...]]
    InFlightKey = tuple[bytes, OwnOptions]

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.5
_MADE_OF_FORMATS = (ExtractionCrashedError, ExtractionTimeoutError)
"""Failures that may come from the formats that were asked for."""


@dataclass(frozen=True, slots=True)
class _Request:
    """A request for a page. `deadline` is a time of the event loop."""

    keys: CacheKeys
    url: str
    options: ScrapeOptions
    deadline: float


@dataclass(frozen=True, slots=True)
class _Outcome:
    """How an in-flight fetch ended, for those who waited for it."""

    result: ScrapedPage | PageError
    formats: frozenset[str]
    key_id: str
    """Whose request fetched."""
    shareable: bool
    """Whether other API keys may have it."""

    def for_request(self, options: ScrapeOptions) -> ScrapedPage | None:
        """What another request gets of it; None where that has to fetch itself. Raises the failure."""
        if not self.shareable and self.key_id != current_key.get():
            return None
        wanted = frozenset({*options.formats, METADATA})
        if isinstance(self.result, PageError):
            if isinstance(self.result, _MADE_OF_FORMATS) and wanted != self.formats:
                return None
            raise self.result
        if not wanted <= self.result.bodies.keys():
            return None
        bodies = {name: self.result.bodies[name] for name in wanted}
        return replace(self.result, bodies=bodies, cached=True, attempts=())


@dataclass(frozen=True, slots=True)
class _Fetched:
    """A page, whether others may have it, and the key that it was kept under."""

    scraped: ScrapedPage
    cacheable: bool
    kept_as: bytes | None = None


class CachedScraping:
    """Scrapes through a cache. The formats asked for are those that extraction makes.

    `fetch` fetches a page that is not cached; `extract` makes values of the cached bytes of one that is.
    """

    def __init__(self, cache: PageCache, settings: Settings, fetch: Fetch, extract: Extract) -> None:
        self._cache = FailSafePageCache(cache)
        self._time = settings.cache.cache_time
        self._largest = settings.cache.cache_max_page_bytes
        self._longest = settings.jobs.job_deadline
        self._fetch = fetch
        self._extract = extract
        self._in_flight: dict[InFlightKey, asyncio.Future[_Outcome | None]] = {}

    async def scrape(self, keys: CacheKeys, url: str, options: ScrapeOptions, deadline: float) -> ScrapedPage:
        """The page of `keys`, from the cache where it is recent enough. `deadline` is a time of the event loop.

        Raises subclasses of `PageError`.
        """
        request = _Request(keys, url, options, deadline)
        if options.force_fresh:
            return (await self._fetch_and_keep(request, None)).scraped
        if not self._accepts(0.0, options):
            return (await self._fetch_and_keep(request, await self._find(request))).scraped
        in_flight_key = (keys.rendered, self._own_options(options))
        pause = _FIRST_PAUSE
        while True:
            page = await self._try_once(in_flight_key, request)
            if page is not None:
                return page
            if in_flight_key not in self._in_flight:  # another process has the lock
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    async def _try_once(self, in_flight_key: InFlightKey, request: _Request) -> ScrapedPage | None:
        in_flight = self._in_flight.get(in_flight_key)
        if in_flight is not None:
            await asyncio.wait((in_flight,))
            outcome = in_flight.result()
            page = outcome.for_request(request.options) if outcome else None
            if page is not None:
                CACHE_REQUESTS.add("shared")
                return page
        found = await self._find(request)
        if found is not None and self._accepts(found.age, request.options):
            page = await self._reuse(request, found)
            if page is not None:
                CACHE_REQUESTS.add("hit")
                return page
        return None if in_flight_key in self._in_flight else await self._fetch_for_all(in_flight_key, request)

    def _own_options(self, options: ScrapeOptions) -> OwnOptions:
        """The options that may decide how a fetch ends."""
        timeout = None if options.timeout is None or options.timeout >= self._longest else options.timeout
        return timeout, *parts_asked_for(options)

    def _accepts(self, age: float, options: ScrapeOptions) -> bool:
        return age < (self._time if options.max_age is None else min(self._time, options.max_age))

    async def _find(self, request: _Request) -> CachedPage | None:
        """The cached page. One that was rendered is of this fragment alone, one that came over HTTP of all."""
        found = await self._cache.find(request.keys.rendered)
        if request.keys.fetched == request.keys.rendered:
            return found
        fetched = await self._cache.find(request.keys.fetched)
        if fetched is None or fetched.fetched_with != FetchedWith.HTTP:
            return found
        return fetched if found is None or fetched.age < found.age else found

    async def _fetch_for_all(self, in_flight_key: InFlightKey, request: _Request) -> ScrapedPage | None:
        """Fetch for all of this process whose own options are the same. None where another process does."""
        key, own_options = in_flight_key
        locks = own_options == _NO_OWN_OPTIONS
        in_flight: asyncio.Future[_Outcome | None] = asyncio.get_running_loop().create_future()
        self._in_flight[in_flight_key] = in_flight
        outcome: _Outcome | None = None
        try:
            if locks and not await self._cache.lock(key):
                return None
            result = await self._find_or_fetch(request)
            locks = locks and result.kept_as != key  # who keeps a page gives its lock back
            outcome = self._outcome(request, result.scraped, shareable=result.cacheable)
            return result.scraped
        except PageError as error:
            outcome = self._outcome(request, error, shareable=True)
            raise
        finally:
            del self._in_flight[in_flight_key]
            in_flight.set_result(outcome)
            if locks:
                await self._cache.unlock(key)

    def _outcome(self, request: _Request, result: ScrapedPage | PageError, *, shareable: bool) -> _Outcome | None:
        late = asyncio.get_running_loop().time() >= request.deadline - FALLBACK_RESERVE
        if late and (isinstance(result, PageError) or not shareable):
            return None  # others may have more time
        return _Outcome(result, frozenset({*request.options.formats, METADATA}), current_key.get(), shareable)

    async def _find_or_fetch(self, request: _Request) -> _Fetched:
        found = await self._find(request)
        if found is not None and self._accepts(found.age, request.options):  # another process has just fetched it
            page = await self._reuse(request, found)
            if page is not None:
                CACHE_REQUESTS.add("hit")
                return _Fetched(page, cacheable=True)
        return await self._fetch_and_keep(request, found)

    async def _fetch_and_keep(self, request: _Request, found: CachedPage | None) -> _Fetched:
        url, options, deadline = request.url, request.options, request.deadline
        CACHE_REQUESTS.add("bypassed" if options.force_fresh else "stale" if found else "miss")
        validators = Validators(found.final_url, found.etag, found.last_modified) if found else None
        result = await self._fetch(url, options, deadline, validators or None)
        if found is not None and result.page.status_code == NOT_MODIFIED:
            key = request.keys.of(found.fetched_with)
            CACHE_REVALIDATED.add()
            await self._cache.renew(key)
            kept = await self._reuse(request, found)
            if kept is not None:
                return _Fetched(replace(kept, attempts=result.scraped.attempts), cacheable=True, kept_as=key)
            result = await self._fetch(url, options, deadline, None)
        page, scraped = result.page, result.scraped
        if result.cacheable and len(page.body) <= self._largest:
            bodies = scraped.bodies if is_plain(options) else {}
            key = request.keys.of(scraped.fetched_with)
            await self._cache.keep(key, page, scraped.fetched_with, extractor_version(), bodies)
            return _Fetched(scraped, cacheable=True, kept_as=key)
        return _Fetched(scraped, result.cacheable)

    async def _reuse(self, request: _Request, found: CachedPage) -> ScrapedPage | None:
        """What is kept, in the formats asked for, made anew of its bytes where need be. None where it has gone."""
        options, key = request.options, request.keys.of(found.fetched_with)
        wanted = {*options.formats, METADATA}
        bodies: dict[str, bytes] = {}
        if is_plain(options) and found.extractor == extractor_version() and wanted <= found.formats:
            bodies = await self._cache.bodies(key, wanted)
        if not wanted <= bodies.keys():
            raw = await self._cache.raw(key)
            if raw is None:
                return None
            page = FetchedPage(request.url, found.final_url, found.status_code, found.content_type, raw)
            bodies = await self._extract(page, options.formats, options)
            if is_plain(options):
                await self._cache.keep_bodies(key, extractor_version(), bodies)
        fetched_with = FetchedWith(found.fetched_with)
        return ScrapedPage(found.final_url, found.status_code, bodies, cached=True, fetched_with=fetched_with)


_NO_OWN_OPTIONS: OwnOptions = (None, *WHOLE_CONTENT)
