"""Fetches a page over HTTP first, and in the browser where the response is a shell or a block.

The response is classified in the extraction process, so hostile bytes are never parsed here. A page goes to the browser
at once where the client asks for something that only a browser can do, or its host needed one lately.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import structlog

from pagemill.errors import (
    BlockedError,
    BrowserError,
    BrowserUnavailableError,
    FetchError,
    HttpStatusError,
    InvalidResponseError,
    PageError,
    UnsupportedContentTypeError,
)
from pagemill.fetching.browser.screenshots import SCREENSHOT_FORMATS
from pagemill.fetching.http.request_options import RequestFields, unconditional
from pagemill.fetching.http.session_cookies import session_cookie_lines
from pagemill.fetching.url import parse_url
from pagemill.fetching.verdict import Kind, Verdict
from pagemill.model import Attempt, FetchedWith
from pagemill.scraping.page_cache import cache_keys, is_plain
from pagemill.scraping.scraped_page import ScrapedPage

if TYPE_CHECKING:
    from pagemill.fetching.browser.browser import Browser
    from pagemill.fetching.http.fetcher import HttpFetcher
    from pagemill.fetching.http.validators import Validators
    from pagemill.model import FetchedPage, Format, RenderedPage, ScrapeOptions, SessionState
    from pagemill.scraping.extractor_pool import Extracted, ExtractorPool
    from pagemill.scraping.fail_safe import FailSafeHostMemory
    from pagemill.settings import Settings

log = structlog.get_logger(__name__)

PARTIAL_CONTENT = 206
NOT_MODIFIED = 304
FEW_WORDS_OF_SHELL = 15
"""Words below which a shell is as good as empty: without a browser, such a page fails."""
REPORT_RESERVE = 0.1
"""Seconds before the deadline at which each attempt ends, so that the page fails with the attempt's own error."""
FALLBACK_RESERVE = 1.0
"""Seconds before the deadline at which the browser ends where there is an HTTP response to fall back on."""


@dataclass(frozen=True, slots=True)
class ScrapeContext:
    """What every page of a process is scraped with."""

    http: HttpFetcher
    browser: Browser
    extractors: ExtractorPool
    memory: FailSafeHostMemory
    settings: Settings


@dataclass(frozen=True, slots=True)
class FetchResult:
    """The fetched page and what was extracted from it: nothing where the page has not changed (304)."""

    page: FetchedPage
    scraped: ScrapedPage
    cacheable: bool = False
    """Whether it is settled and whole: no shell, no fallback, and nothing that was taken before it was done."""
    words: int | None = None
    """The words that the page shows, where they were counted."""


@dataclass(slots=True)
class Escalation:
    """Fetches one page. `deadline` is a time of the event loop; `validators` are those of the cached page.

    With `session` the browser begins. Documents are asked for with its cookies.
    """

    context: ScrapeContext
    url: str
    options: ScrapeOptions
    deadline: float
    validators: Validators | None = None
    session: SessionState | None = field(default=None, repr=False)
    attempts: list[Attempt] = field(default_factory=list)

    async def run(self) -> FetchResult:
        """Fetch and extract. Raises a subclass of `PageError`, which holds the `attempts`."""
        self.options = unconditional(self.options)
        self.context.extractors.prepare()
        try:
            return await self._run()
        except PageError as error:
            error.attempts = tuple(self.attempts)
            raise

    async def _run(self) -> FetchResult:
        host = parse_url(self.url).host
        if _asks_for_browser(self.options):
            return await self._fetch_by_browser_only(host)
        if self.context.memory.browser_first(host) and self._browser_unavailable() is None:
            left = self.deadline - asyncio.get_running_loop().time()
            try:
                return await self._fetch_by_browser(
                    max_wait=self.context.settings.browser.browser_wait, reserve=left / 3
                )
            except (BrowserError, UnsupportedContentTypeError):  # it says nothing of the host: a document, perhaps
                pass
            except PageError:
                if self.options.timeout is None:  # a time of the request's own may be why the browser failed
                    await self._learn(host, needs_browser=False)
        return await self._fetch_by_http(host)

    async def _fetch_by_browser_only(self, host: str) -> FetchResult:
        """Render the page. A document comes over HTTP, and screenshots that fail leave the rest of the page."""
        try:
            return await self._fetch_by_browser()
        except UnsupportedContentTypeError:  # a document, which the browser would download
            if _needs_browser(replace(self.options, session=None)):
                raise
            return await self._fetch_by_http(host)
        except BrowserUnavailableError:
            raise
        except BrowserError:
            if SCREENSHOT_FORMATS.isdisjoint(self.options.formats):
                raise
            formats = tuple(name for name in self.options.formats if name not in SCREENSHOT_FORMATS)
            self.options = replace(self.options, formats=formats)
            return await self._run()

    async def _fetch_by_http(self, host: str) -> FetchResult:
        timer = _AttemptTimer(FetchedWith.HTTP)
        reader = _PageReader(self.context.extractors, self.options, self.context.settings.fetching.max_refresh_delay)
        failure: HttpStatusError | None = None
        cookies = await asyncio.to_thread(session_cookie_lines, self.session) if self.session else ()
        fields = replace(RequestFields.of(self.options), validators=self.validators, session_cookies=cookies)

        async def accept(page: FetchedPage) -> None:
            if not self._is_unchanged(page):
                await reader.accept(page)

        try:
            page = await self.context.http.fetch(
                self.url, self.deadline - REPORT_RESERVE, self.options.country, fields, accept, refresh=reader.refresh
            )
        except FetchError as error:
            if reader.block is not None and reader.page is not None:  # however other proxies failed after that
                page = reader.page
            elif isinstance(error, HttpStatusError) and error.page is not None:
                page, failure = error.page, error
            else:
                self.attempts.append(timer.ended(error.code, _status(error)))
                if isinstance(error, InvalidResponseError):
                    return await self._render_what_is_not_http(error)
                raise
        if self._is_unchanged(page):
            self.attempts.append(timer.ended(Kind.OK, page.status_code))
            return FetchResult(page, ScrapedPage(page.final_url, page.status_code, {}))
        extracted = await self.context.extractors.extract(page, (), self.options) if failure else reader.extracted
        verdict = extracted.verdict
        if verdict.kind is Kind.OK and failure is None and extracted.has_scripts and parse_url(self.url).has_route:
            verdict = Verdict(Kind.SHELL)  # the server never sees which page of the application is meant
        outcome = failure.code if failure and verdict.kind is Kind.OK else verdict.kind.value
        self.attempts.append(timer.ended(outcome, page.status_code, verdict.vendor))
        if verdict.kind is not Kind.OK:
            return await self._escalate(host, page, extracted, failure)
        if failure is not None:
            raise failure
        await self._learn(host, needs_browser=False)
        whole = page.settled and bool(page.body) and page.status_code != PARTIAL_CONTENT
        return self._result(page, extracted, FetchedWith.HTTP, cacheable=whole)

    async def _learn(self, host: str, *, needs_browser: bool) -> None:
        """Keep what a page showed of its host, for all API keys; not where options of the request may be the cause."""
        if cache_keys(self.url, self.options) is not None and is_plain(self.options):
            await self.context.memory.learn(host, needs_browser=needs_browser)

    async def _render_what_is_not_http(self, error: InvalidResponseError) -> FetchResult:
        """Browsers read some responses that libcurl does not take for HTTP, such as header lines without a colon."""
        if self._browser_unavailable() is not None:
            raise error
        try:
            rendered = await self._fetch_by_browser(max_wait=self.context.settings.browser.browser_wait)
        except PageError:
            raise error from None
        if not rendered.words and SCREENSHOT_FORMATS.isdisjoint(self.options.formats):
            raise error  # the browser shows an empty page for a body that cannot be decoded
        return rendered

    def _is_unchanged(self, page: FetchedPage) -> bool:
        """Whether the response says that the page is still as the validators say that went with the request."""
        asked = self.validators is not None and page.final_url == self.validators.url
        return asked and page.status_code == NOT_MODIFIED

    async def _escalate(
        self, host: str, page: FetchedPage, extracted: Extracted, failure: HttpStatusError | None
    ) -> FetchResult:
        """The HTTP response is a shell or a block: render it, and fall back on the response where that fails."""
        blocked = extracted.verdict.kind is Kind.BLOCKED
        unavailable = self._browser_unavailable()
        if unavailable is None:
            try:
                scraped = await self._fetch_by_browser(
                    max_wait=self.context.settings.browser.browser_wait, reserve=FALLBACK_RESERVE
                )
            except BlockedError:
                raise
            except PageError:
                if not blocked and failure is not None:
                    raise failure from None
            else:
                if extracted.verdict.kind is not Kind.OK:
                    await self._learn(host, needs_browser=True)
                return scraped
        if blocked:
            raise blocked_error(host, extracted.verdict.vendor, page.status_code)
        if unavailable is not None and (extracted.words or 0) < FEW_WORDS_OF_SHELL:
            raise unavailable
        return self._result(page, extracted, FetchedWith.HTTP)

    async def _fetch_by_browser(self, *, max_wait: float | None = None, reserve: float = REPORT_RESERVE) -> FetchResult:
        """Render the page. It waits at most `max_wait` seconds for a tab, and ends `reserve` seconds early."""
        timer = _AttemptTimer(FetchedWith.BROWSER)
        reader = _PageReader(self.context.extractors, self.options)
        try:
            rendered = await self.context.browser.render(
                self.url, self.options, self.deadline - reserve, max_wait, reader.accept, self.session
            )
        except PageError as error:
            failure = reader.block or error  # however other proxies failed after that
            vendor = failure.vendor if isinstance(failure, BlockedError) else None
            self.attempts.append(timer.ended(failure.code, _status(failure), vendor))
            raise failure from None
        except Exception:
            log.exception("rendering failed", url=parse_url(self.url).public_href)
            self.attempts.append(timer.ended(BrowserError.code, None))
            raise BrowserError("The browser failed because of a fault in the service.") from None
        page = rendered.page
        self.attempts.append(timer.ended(Kind.OK, page.status_code))
        whole = page.settled and not reader.extracted.empty
        return self._result(page, reader.extracted, FetchedWith.BROWSER, rendered, cacheable=whole)

    def _result(
        self,
        page: FetchedPage,
        extracted: Extracted,
        fetched_with: FetchedWith,
        rendered: RenderedPage | None = None,
        *,
        cacheable: bool = False,
    ) -> FetchResult:
        screenshots: dict[Format, bytes] = rendered.screenshots if rendered else {}
        bodies = extracted.bodies | {name.value: picture for name, picture in screenshots.items()}
        scraped = ScrapedPage(
            page.final_url,
            page.status_code,
            bodies,
            fetched_with=fetched_with,
            quality=extracted.quality,
            attempts=tuple(self.attempts),
            session=rendered.session if rendered else None,
        )
        return FetchResult(page, scraped, cacheable, extracted.words)

    def _browser_unavailable(self) -> BrowserUnavailableError | None:
        try:
            self.context.browser.executable()
        except BrowserUnavailableError as error:
            return error
        return None


@dataclass(slots=True)
class _PageReader:
    """Extracts each page that comes, and keeps the last. `block` is set where that was a block."""

    extractors: ExtractorPool
    options: ScrapeOptions
    max_refresh_delay: float = 0.0
    page: FetchedPage | None = field(default=None, init=False)
    extracted: Extracted = field(init=False)
    block: BlockedError | None = None

    async def accept(self, page: FetchedPage) -> None:
        """Extract a page, and raise a `FetchError` where it is not the one asked for."""
        if page.status_code == NOT_MODIFIED:
            host = parse_url(page.final_url).host
            raise InvalidResponseError(f"The host {host} answered 304, not modified, to a request without a condition.")
        await self._read(page)
        verdict = self.extracted.verdict
        if verdict.kind is Kind.BLOCKED:
            self.block = blocked_error(parse_url(page.final_url).host, verdict.vendor, page.status_code)
            raise self.block
        self.block = None
        if page.status_code >= 400:
            message = f"The page answered with HTTP status {page.status_code}."
            raise HttpStatusError(message, page.status_code, page=page)

    async def refresh(self, page: FetchedPage) -> str | None:
        """Where a page leads by itself so soon that it is followed."""
        if page.status_code >= 300:
            return None
        await self._read(page)
        found = self.extracted.refresh
        if found is None or found.seconds > self.max_refresh_delay or found.url.partition("#")[0] == page.final_url:
            return None
        return found.url

    async def _read(self, page: FetchedPage) -> None:
        if self.page is not page:
            extracted = await self.extractors.extract(page, self.options.formats, self.options)
            self.page, self.extracted = page, extracted


@dataclass(frozen=True, slots=True)
class _AttemptTimer:
    """Measures one attempt."""

    fetched_with: FetchedWith
    started: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    def ended(self, outcome: str, status_code: int | None, vendor: str | None = None) -> Attempt:
        duration = asyncio.get_running_loop().time() - self.started
        return Attempt(self.fetched_with, str(outcome), duration, status_code, vendor)


def blocked_error(host: str, vendor: str | None, status_code: int) -> BlockedError:
    """The error for a block that nothing got past."""
    by = f", guarded by {vendor}," if vendor else ""
    return BlockedError(f"The host {host}{by} keeps programs out.", vendor, status_code)


def _asks_for_browser(options: ScrapeOptions) -> bool:
    return options.use_browser or _needs_browser(options)


def _needs_browser(options: ScrapeOptions) -> bool:
    """Whether something is asked for that only a browser can do."""
    pictures = not SCREENSHOT_FORMATS.isdisjoint(options.formats)
    return bool(options.actions or options.wait_for or options.session or pictures)


def _status(error: PageError) -> int | None:
    return error.status_code if isinstance(error, HttpStatusError | BlockedError) else None
