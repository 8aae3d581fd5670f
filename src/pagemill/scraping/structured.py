"""Structured JSON and summaries of scraped pages: made of what extraction made, out of the cache or fresh."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import structlog

from pagemill import bodies
from pagemill.errors import StructuringError
from pagemill.model import Format
from pagemill.observability.stages import Stage
from pagemill.scraping.markdown_finishing import changes_markdown
from pagemill.structuring import generated_json
from pagemill.structuring.selectors.store import SelectorsInMemory
from pagemill.structuring.structurer import Structurer, StructuringRequest

if TYPE_CHECKING:
    from collections import Counter

    from pagemill.model import JsonObject, ScrapeOptions
    from pagemill.scraping.scraped_page import ScrapedPage
    from pagemill.settings import Settings
    from pagemill.structuring.selectors.store import LearnedSelectors
    from pagemill.structuring.structurer import PageReader

log = structlog.get_logger(__name__)

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

    @property
    def at_model(self) -> Counter[str]:
        """How many pages of each API key wait for the language model."""
        return self._structurer.at_model

    async def aclose(self) -> None:
        """Close the connections to the language model."""
        await self._structurer.aclose()

    async def complete(
        self, page: ScrapedPage, options: ScrapeOptions, deadline: float, api_key_id: str = ""
    ) -> ScrapedPage:
        """Return a page that was scraped by `plain_options` with all that `options` ask for. It does not fail."""
        request = StructuringRequest(
            url=page.final_url,
            json=Format.JSON in options.formats,
            schema=options.output_schema,
            summary=Format.SUMMARY in options.formats,
            deadline=deadline,
            api_key_id=api_key_id,
            is_private=options.is_private,
        )
        try:
            with Stage("structuring", "structure"):
                made = await self._structurer.make(request, page.bodies)
        except Exception:
            log.exception("structuring failed", url=page.final_url)
            failure = StructuringError("The JSON failed because of a fault in the service.")
            made = {Format.JSON.value: generated_json.failed(failure)} if request.json else {}
        if request.json and changes_markdown(options):
            _drop_offsets(made[Format.JSON])
        unasked = set(_NEEDED) - set(options.formats)
        kept = {name: body for name, body in page.bodies.items() if name not in unasked}
        return replace(page, bodies=kept | _packed(made))


def _drop_offsets(generated: JsonObject) -> None:
    """Leave out where quotes stand in the plain Markdown, as the client gets another one."""
    for found in generated.get("evidence", {}).values():
        found.pop("start", None)
        found.pop("end", None)


def _packed(made: dict[str, Any]) -> dict[str, bytes]:
    """What was made, packed. JSON that cannot be packed is failed JSON, and a summary that cannot be is left out."""
    packed = {}
    for name, value in made.items():
        try:
            packed[name] = bodies.pack(value)
        except Exception:  # whatever comes after a page's text can only fail itself
            log.exception("a structured value could not be packed", name=name)
            if name == Format.JSON:
                packed[name] = bodies.pack(generated_json.failed(StructuringError("The data is no valid JSON.")))
    return packed
