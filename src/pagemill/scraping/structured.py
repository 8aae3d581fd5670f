"""Structured JSON and summaries of scraped pages: made of what extraction made, out of the cache or fresh."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pagemill import bodies
from pagemill.model import Format
from pagemill.structuring.selectors.store import SelectorsInMemory
from pagemill.structuring.structurer import Structurer, StructuringRequest

if TYPE_CHECKING:
    from pagemill.model import ScrapeOptions
    from pagemill.scraping.scraped_page import ScrapedPage
    from pagemill.settings import Settings
    from pagemill.structuring.selectors.store import LearnedSelectors
    from pagemill.structuring.structurer import PageReader

SUMMARY_SOURCE = "summary_source"
"""Where a summary came from, beside it."""

_STRUCTURED = frozenset([Format.JSON, Format.SUMMARY])
_NEEDED = (Format.HTML, Format.MARKDOWN)


def plain_options(options: ScrapeOptions) -> ScrapeOptions:
    """Return what must be scraped before the rest can be made: the same options where nothing is to be structured."""
    if _STRUCTURED.isdisjoint(options.formats):
        return options
    formats = [name for name in options.formats if name not in _STRUCTURED]
    return replace(options, formats=tuple(dict.fromkeys([*formats, *_NEEDED])), output_schema=None)


class StructuredScraping:
    """Adds structured JSON and summaries to scraped pages."""

    def __init__(self, settings: Settings, reader: PageReader, selectors: LearnedSelectors | None) -> None:
        self._structurer = Structurer(settings, reader, selectors or SelectorsInMemory())

    async def aclose(self) -> None:
        """Close the connections to the language model."""
        await self._structurer.aclose()

    async def complete(self, page: ScrapedPage, options: ScrapeOptions, deadline: float) -> ScrapedPage:
        """Return a page that was scraped by `plain_options` with all that `options` ask for. It does not fail."""
        request = StructuringRequest(
            url=page.final_url,
            json=Format.JSON in options.formats,
            schema=options.output_schema,
            summary=Format.SUMMARY in options.formats,
            deadline=deadline,
        )
        made = await self._structurer.make(request, page.bodies)
        unasked = set(_NEEDED) - set(options.formats)
        kept = {name: body for name, body in page.bodies.items() if name not in unasked}
        return replace(page, bodies=kept | {name: bodies.pack(value) for name, value in made.items()})
