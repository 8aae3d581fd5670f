"""The way of a page: HTTP first, and on to the browser where what came is a shell or a block.

What came is judged where it is parsed, in the extraction process, so hostile bytes are never read here. A page goes to
the browser at once where the client asks for something that only a browser can do, or its host needed one lately.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pagemill.errors import (
    BlockedError,
    BrowserError,
    BrowserUnavailableError,
    FetchError,
    HttpStatusError,
    PageError,
    UnsupportedContentTypeError,
)
from pagemill.fetching.browser.screenshots import SCREENSHOT_FORMATS
from pagemill.fetching.http.request_options import RequestFields
from pagemill.fetching.url import parse_url
from pagemill.fetching.verdict import Kind
from pagemill.model import Attempt, FetchedWith
from pagemill.scraping.scraped_page import ScrapedPage

if TYPE_CHECKING:
    from pagemill.fetching.browser.browser import Browser
    from pagemill.fetching.http.fetcher import HttpFetcher
    from pagemill.fetching.http.validators import Validators
    from pagemill.model import FetchedPage, Format, ScrapeOptions
    from pagemill.scraping.extractor_pool import Extracted, ExtractorPool
    from pagemill.scraping.host_memory import HostMemory
    from pagemill.settings import Settings

NOT_MODIFIED = 304
FEW_WORDS_OF_SHELL = 15
"""Words below which a shell is as good as empty: without a browser, such a page fails."""
TIME_TO_TELL = 0.1
"""Seconds of a page's time that each step leaves, so that the page fails with what its steps have to tell."""
TIME_TO_RETURN = 1.0
"""Seconds of a page's time that the browser leaves where HTTP has brought something already."""


@dataclass(frozen=True, slots=True)
class Means:
    """What a journey is made with."""

    http: HttpFetcher
    browser: Browser
    extractors: ExtractorPool
    memory: HostMemory
    settings: Settings


@dataclass(frozen=True, slots=True)
class Arrival:
    """The page that was reached, and what was made of it: nothing where it is as its validators say (304)."""

    page: FetchedPage
    scraped: ScrapedPage


@dataclass(slots=True)
class Journey:
    """One page's way. `deadline` is a time of the event loop; `validators` are of the page as it is known already."""

    means: Means
    url: str
    options: ScrapeOptions
    deadline: float
    validators: Validators | None = None
    attempts: list[Attempt] = field(default_factory=list)

    async def take(self) -> Arrival:
        """Go the way to its end. Raises a subclass of `PageError`, whose `attempts` tell the steps."""
        try:
            return await self._take()
        except PageError as error:
            error.attempts = tuple(self.attempts)
            raise

    async def _take(self) -> Arrival:
        host = parse_url(self.url).host
        if _asks_for_browser(self.options):
            try:
                return await self._by_browser()
            except UnsupportedContentTypeError:  # a document, which the browser would download
                if _needs_browser(self.options):
                    raise
                return await self._by_http(host)
        if self.means.memory.browser_first(host) and self._browser_unavailable() is None:
            left = self.deadline - asyncio.get_running_loop().time()
            try:
                return await self._by_browser(max_wait=self.means.settings.browser.browser_wait, spare=left / 3)
            except (BrowserError, UnsupportedContentTypeError):  # it says nothing of the host: a document, perhaps
                pass
            except PageError:
                await self.means.memory.learn(host, needs_browser=False)
        return await self._by_http(host)

    async def _by_http(self, host: str) -> Arrival:
        step = _Step(FetchedWith.HTTP)
        reading = _Reading(self.means.extractors, self.options, self.means.settings.fetching.max_refresh_delay)
        failure: HttpStatusError | None = None
        fields = replace(RequestFields.of(self.options), validators=self.validators)

        async def accept(page: FetchedPage) -> None:
            if page.status_code != NOT_MODIFIED:
                await reading.accept(page)

        try:
            page = await self.means.http.fetch(
                self.url, self.deadline - TIME_TO_TELL, self.options.country, fields, accept, refresh=reading.refresh
            )
        except FetchError as error:
            if reading.block is not None and reading.page is not None:  # however other exits failed after that
                page = reading.page
            elif isinstance(error, HttpStatusError) and error.page is not None:
                page, failure = error.page, error
            else:
                self.attempts.append(step.ended(error.code, _status(error)))
                raise
        if page.status_code == NOT_MODIFIED:
            self.attempts.append(step.ended(Kind.FINE, page.status_code))
            return Arrival(page, ScrapedPage(page.final_url, page.status_code, {}))
        extracted = await self.means.extractors.extract(page, (), self.options) if failure else reading.extracted
        verdict = extracted.verdict
        outcome = failure.code if failure and verdict.kind is Kind.FINE else verdict.kind.value
        self.attempts.append(step.ended(outcome, page.status_code, verdict.vendor))
        if verdict.kind is not Kind.FINE:
            return await self._beyond(host, page, extracted, failure)
        if failure is not None:
            raise failure
        await self.means.memory.learn(host, needs_browser=False)
        return self._arrived(page, extracted, FetchedWith.HTTP)

    async def _beyond(
        self, host: str, page: FetchedPage, extracted: Extracted, failure: HttpStatusError | None
    ) -> Arrival:
        """What HTTP brought is a shell or a block: go on to the browser, and fall back on it where that fails."""
        blocked = extracted.verdict.kind is Kind.BLOCKED
        unavailable = self._browser_unavailable()
        if unavailable is None:
            try:
                scraped = await self._by_browser(
                    max_wait=self.means.settings.browser.browser_wait, spare=TIME_TO_RETURN
                )
            except BlockedError:
                raise
            except PageError:
                if not blocked and failure is not None:
                    raise failure from None
            else:
                await self.means.memory.learn(host, needs_browser=True)
                return scraped
        if blocked:
            raise blocked_error(host, extracted.verdict.vendor, page.status_code)
        if unavailable is not None and (extracted.words or 0) < FEW_WORDS_OF_SHELL:
            raise unavailable
        return self._arrived(page, extracted, FetchedWith.HTTP)

    async def _by_browser(self, *, max_wait: float | None = None, spare: float = TIME_TO_TELL) -> Arrival:
        """Render the page. It waits `max_wait` seconds for its turn, and ends `spare` seconds before the deadline."""
        step = _Step(FetchedWith.BROWSER)
        reading = _Reading(self.means.extractors, self.options)
        try:
            rendered = await self.means.browser.render(
                self.url, self.options, self.deadline - spare, max_wait, reading.accept
            )
        except PageError as error:
            failure = reading.block or error  # however other exits failed after that
            vendor = failure.vendor if isinstance(failure, BlockedError) else None
            self.attempts.append(step.ended(failure.code, _status(failure), vendor))
            raise failure from None
        page = rendered.page
        self.attempts.append(step.ended(Kind.FINE, page.status_code))
        return self._arrived(page, reading.extracted, FetchedWith.BROWSER, rendered.screenshots)

    def _arrived(
        self,
        page: FetchedPage,
        extracted: Extracted,
        fetched_with: FetchedWith,
        screenshots: dict[Format, bytes] | None = None,
    ) -> Arrival:
        bodies = extracted.bodies | {name.value: picture for name, picture in (screenshots or {}).items()}
        attempts = tuple(self.attempts)
        return Arrival(
            page, ScrapedPage(page.final_url, page.status_code, bodies, fetched_with=fetched_with, attempts=attempts)
        )

    def _browser_unavailable(self) -> BrowserUnavailableError | None:
        try:
            self.means.browser.executable()
        except BrowserUnavailableError as error:
            return error
        return None


@dataclass(slots=True)
class _Reading:
    """What extraction made of the page that came last. `block` is set where that was a block."""

    extractors: ExtractorPool
    options: ScrapeOptions
    max_refresh_delay: float = 0.0
    page: FetchedPage | None = field(default=None, init=False)
    extracted: Extracted = field(init=False)
    block: BlockedError | None = None

    async def accept(self, page: FetchedPage) -> None:
        """Read a page that came, and raise `BlockedError` or `HttpStatusError` where it is not the one asked for."""
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
class _Step:
    """A step under way."""

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
    return bool(options.actions or options.wait_for or not SCREENSHOT_FORMATS.isdisjoint(options.formats))


def _status(error: PageError) -> int | None:
    return error.status_code if isinstance(error, HttpStatusError | BlockedError) else None
