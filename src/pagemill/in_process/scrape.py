"""What `pagemill.scrape` and `pagemill.scrape_async` do. They answer and fail as the client of a service does."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pagemill import logs  # before anything else imports structlog: see there
from pagemill.api.wire.request_validation import single_url
from pagemill.client.errors import ApiError, PageFailedError
from pagemill.client.options import ScrapeOptions as ClientOptions
from pagemill.client.options import to_fields
from pagemill.client.results import Page
from pagemill.errors import RequestError
from pagemill.in_process.options import checked_options
from pagemill.in_process.outcome import PICTURES, answer_of, job_of, scrape_url
from pagemill.in_process.shared_scraper import shared_scraper

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pagemill.in_process.outcome import Outcome
    from pagemill.in_process.shared_scraper import OpenScraper
    from pagemill.model import ScrapeOptions


logs.configure_for_library()

_OPTIONS = ClientOptions.__optional_keys__ - {"webhook_url", "session_id", "session_name", "save_session"}


def scrape(url: str, options: Mapping[str, Any]) -> Page:
    """Scrape a page in an event loop of its own. Raises what `scrape_async` does."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(scrape_async(url, options))
    raise RuntimeError("An event loop runs in this thread: use `await pagemill.scrape_async(…)`.")


async def scrape_async(url: str, options: Mapping[str, Any]) -> Page:
    """Scrape a page in the running event loop.

    Raises PageFailedError, ApiError for what a service would refuse, and TypeError for an option that there is not.
    """
    fields = to_fields(options)
    for name in options:
        if name not in _OPTIONS:
            raise TypeError(f"scrape() got an unexpected keyword argument {name!r}")
    async with shared_scraper() as opened:
        outcome, checked = await _scrape(opened, url, fields)
    page = await asyncio.to_thread(_page_of, outcome, checked)
    if not page.is_completed:
        raise PageFailedError(page)
    return page


async def _scrape(opened: OpenScraper, url: str, fields: Mapping[str, Any]) -> tuple[Outcome, ScrapeOptions]:
    try:
        checked = single_url(url, opened.settings)
        options = await checked_options(fields, opened.settings)
    except RequestError as error:
        raise ApiError(error.http_status, error.code, error.message) from None
    return await scrape_url(opened.scraper, checked, options, opened.settings), options


def _page_of(outcome: Outcome, options: ScrapeOptions) -> Page:
    page = Page.of(answer_of(job_of(options), outcome.page, outcome.contents))
    pictures = {name.value: outcome.contents[name] for name in PICTURES if name in outcome.contents}
    return replace(page, screenshots=pictures)
