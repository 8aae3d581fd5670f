"""One URL to its content."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Self

from pagemill.errors import DeadlineExceededError
from pagemill.fair_semaphore import current_key
from pagemill.fetching.browser.browser import Browser
from pagemill.fetching.egress.guard import EgressGuard
from pagemill.fetching.http.fetcher import HttpFetcher
from pagemill.fetching.http.request_options import RequestFields
from pagemill.scraping.caching import CachedScraping
from pagemill.scraping.escalation import Escalation, ScrapeContext
from pagemill.scraping.extraction_messages import EXTRACTED
from pagemill.scraping.extractor_pool import ExtractorPool
from pagemill.scraping.fail_safe import FailSafeHostMemory, FailSafeProxyScores
from pagemill.scraping.host_memory import HostMemory
from pagemill.scraping.markdown_finishing import finished_markdown, with_markdown, without_markdown_options
from pagemill.scraping.page_cache import cache_keys
from pagemill.scraping.sessions.page_session import load_session, with_saved_session
from pagemill.scraping.structured import StructuredScraping, plain_options

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence
    from types import TracebackType

    from pagemill.fetching.http.validators import Validators
    from pagemill.fetching.proxies.scores import ProxyScores
    from pagemill.model import FetchedPage, JsonObject, ScrapeOptions, SessionState
    from pagemill.scraping.escalation import FetchResult
    from pagemill.scraping.page_cache import PageCache
    from pagemill.scraping.scraped_page import ScrapedPage
    from pagemill.scraping.sessions.kept_sessions import KeptSessions
    from pagemill.settings import Settings
    from pagemill.structuring.selectors.store import LearnedSelectors


class Scraper:
    """Fetches and extracts, many pages at a time. One for each process.

    Without a `cache` each page is fetched; without `proxy_scores`, `memory` and `selectors` they are this process's
    own. Without `sessions` there are none.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what it remembers by
        self,
        settings: Settings,
        cache: PageCache | None = None,
        proxy_scores: ProxyScores | None = None,
        memory: HostMemory | None = None,
        selectors: LearnedSelectors | None = None,
        sessions: KeptSessions | None = None,
    ) -> None:
        self._deadline = settings.jobs.job_deadline
        self._guard = EgressGuard(settings)
        scores = FailSafeProxyScores(proxy_scores) if proxy_scores else None
        self._context = ScrapeContext(
            http=HttpFetcher(settings, self._guard, scores),
            browser=Browser(settings, self._guard, scores),
            extractors=ExtractorPool(settings),
            memory=FailSafeHostMemory(memory or HostMemory(settings)),
            settings=settings,
        )
        self._cached = (
            None
            if cache is None or settings.cache.cache_time == 0
            else CachedScraping(cache, settings, self._fetch, self._extract)
        )
        self._sessions = sessions
        self._structured = StructuredScraping(settings, self._context.extractors, selectors)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for part in (self._guard, self._context.http, self._context.browser, self._context.extractors):
            await self._stack.enter_async_context(part)
        self._stack.push_async_callback(self._structured.aclose)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @property
    def at_model(self) -> Counter[str]:
        """How many pages of each API key have their text, and wait for the language model."""
        return self._structured.at_model

    async def scrape(self, url: str, options: ScrapeOptions, key_id: str = "") -> ScrapedPage:
        """Scrape one URL within the deadline, for an API key. Raises a subclass of errors.PageError."""
        current_key.set(key_id)
        # Its statement waits for a database that is away, which is no time of the page's.
        session, options = await load_session(self._sessions, options, key_id)
        seconds = self._deadline if options.timeout is None else min(self._deadline, options.timeout)
        deadline = asyncio.get_running_loop().time() + seconds
        without_json = plain_options(options)
        plain = without_markdown_options(without_json)
        try:
            async with asyncio.timeout_at(deadline):
                page = await self._scrape(url, plain, deadline, session)
        except TimeoutError:
            raise DeadlineExceededError(f"The page was not done within {seconds:g} seconds.") from None
        page = await with_saved_session(self._sessions, page, options, key_id)
        markdown = await finished_markdown(self._context.extractors, page, options, deadline)
        if without_json is not options:
            page = await self._structured.complete(page, options, deadline, key_id)
        return with_markdown(page, markdown, options)

    async def fetch_file(self, url: str, country: str, deadline: float, *, enough: int | None = None) -> FetchedPage:
        """Fetch a file as it is, over HTTP: where it has more bytes than are `enough`, its first part.

        Raises a subclass of `FetchError`.
        """
        return await self._context.http.fetch(url, deadline, country, RequestFields(enough=enough))

    async def read_site(self, request: JsonObject, body: bytes) -> JsonObject:
        """Have a task of `sites.tasks` carried out: see `ExtractorPool.read_site`."""
        return await self._context.extractors.read_site(request, body)

    async def compare(self, request: JsonObject, body: bytes) -> JsonObject:
        """Have two versions of a page compared: see `ExtractorPool.compare`."""
        return await self._context.extractors.compare(request, body)

    async def _scrape(
        self, url: str, options: ScrapeOptions, deadline: float, session: SessionState | None
    ) -> ScrapedPage:
        keys = cache_keys(url, options) if self._cached and EXTRACTED.issuperset(options.formats) else None
        if self._cached is not None and keys is not None:
            return await self._cached.scrape(keys, url, options, deadline)
        return (await Escalation(self._context, url, options, deadline, session=session).run()).scraped

    async def _fetch(
        self, url: str, options: ScrapeOptions, deadline: float, validators: Validators | None
    ) -> FetchResult:
        return await Escalation(self._context, url, options, deadline, validators).run()

    async def _extract(self, page: FetchedPage, formats: Sequence[str], options: ScrapeOptions) -> dict[str, bytes]:
        return (await self._context.extractors.extract(page, formats, options)).bodies
