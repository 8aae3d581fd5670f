"""Annotated pages, made on demand in extraction processes of their own: the first one starts when it is needed."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from pagemill.fair_semaphore import current_key

if TYPE_CHECKING:
    from types import TracebackType

    from pagemill.model import Correction, JsonObject, ScrapeOptions
    from pagemill.scraping.extractor_pool import ExtractorPool
    from pagemill.settings import Settings

_REMEMBERED = 4


class Annotator:
    """Has pages annotated. API keys are served in turn, under the limits of `PAGEMILL_EXTRACTION_…`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stack = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._pool: ExtractorPool | None = None
        self._remembered: OrderedDict[object, JsonObject] = OrderedDict()
        """The pages that were asked for last: a view asks for each several times."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def annotate(  # noqa: PLR0913, PLR0917 - the page and the options
        self,
        key_id: str,
        url: str,
        html: bytes,
        options: ScrapeOptions,
        corrections: tuple[Correction, ...],
        remember_as: object = None,
    ) -> JsonObject | None:
        """Return what `extraction.annotation` tells of a page; None where it is too large.

        `html`: the page's HTML, packed. `remember_as`: what stands for all that is given, where it may come again
        soon. Raises subclasses of errors.PageError.
        """
        if remember_as is not None and remember_as in self._remembered:
            self._remembered.move_to_end(remember_as)
            return self._remembered[remember_as]
        settings = self._settings.corrections
        if len(html) > settings.content_view_max_bytes:
            return None
        current_key.set(key_id)
        pool = await self._open()
        options = replace(options, corrections=corrections)
        found = await pool.annotate(url, html, options, settings.content_view_max_blocks)
        if remember_as is not None and found is not None:
            self._remembered[remember_as] = found
            while len(self._remembered) > _REMEMBERED:
                self._remembered.popitem(last=False)
        return found

    async def _open(self) -> ExtractorPool:
        from pagemill.scraping.extractor_pool import ExtractorPool

        async with self._opening:
            if self._pool is None:
                self._pool = await self._stack.enter_async_context(ExtractorPool(self._settings))
            return self._pool
