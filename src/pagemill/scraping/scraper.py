"""One URL to its content."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from pagemill.errors import DeadlineExceededError
from pagemill.fetching.http import HttpFetcher
from pagemill.scraping.extractor_pool import ExtractorPool

if TYPE_CHECKING:
    from types import TracebackType

    from pagemill.model import ScrapeOptions
    from pagemill.settings import Settings


@dataclass(frozen=True, slots=True)
class ScrapedPage:
    """What a URL gave: its values by format and its `metadata`, packed as in `pagemill.bodies`."""

    final_url: str
    status_code: int
    bodies: dict[str, bytes]


class Scraper:
    """Fetches and extracts, many pages at a time. One for each process."""

    def __init__(self, settings: Settings) -> None:
        self._deadline = settings.job_deadline
        self._fetcher = HttpFetcher(settings)
        self._extractors = ExtractorPool(settings)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._fetcher)
        await self._stack.enter_async_context(self._extractors)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def scrape(self, url: str, options: ScrapeOptions) -> ScrapedPage:
        """Scrape one URL within the deadline. Raises a subclass of errors.PageError."""
        deadline = asyncio.get_running_loop().time() + self._deadline
        try:
            async with asyncio.timeout_at(deadline):
                page = await self._fetcher.fetch(url, deadline=deadline)
                bodies = await self._extractors.extract(page, options.formats)
        except TimeoutError:
            raise DeadlineExceededError(
                f"The page was not done within the {self._deadline:g} seconds that a job may take."
            ) from None
        return ScrapedPage(page.final_url, page.status_code, bodies)
