"""One URL, scraped in this process: a page as a job has it, that completed or failed, and what was made of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from pagemill import bodies
from pagemill.api.wire.answers import batch_result
from pagemill.api.wire.request_validation import page_url
from pagemill.errors import BlockedError, HttpStatusError, InternalPageError, InvalidUrlError, PageError
from pagemill.model import METADATA, Failure, Format, Job, Page, Status

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pagemill.model import JsonObject, ScrapeOptions
    from pagemill.scraping.scraped_page import ScrapedPage
    from pagemill.scraping.scraper import Scraper
    from pagemill.settings import Settings

log = structlog.get_logger(__name__)

PICTURES = (Format.SCREENSHOT, Format.SCREENSHOT_FULL_PAGE)
_OF_SERVICES = ("screenshotUrl", "fullPageScreenshotUrl")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one URL."""

    page: Page
    contents: dict[str, bytes]
    """By format: pictures as PNG, everything else packed as in `pagemill.bodies`."""


async def scrape_url(  # noqa: PLR0913 - the page and what it is scraped with
    scraper: Scraper,
    url: str,
    options: ScrapeOptions,
    settings: Settings,
    index: int = 0,
    *,
    scrape: Callable[[str], Awaitable[ScrapedPage]] | None = None,
) -> Outcome:
    """Scrape a URL. A page that fails is an outcome too. `scrape`: by what, if not by the scraper alone."""
    started = _now()
    try:
        checked = page_url(url, "URL", settings.requests.max_url_length)
        scraped = await (scrape(checked) if scrape else scraper.scrape(checked, options))
    except (PageError, InvalidUrlError) as error:
        attempts = error.attempts if isinstance(error, PageError) else ()
        failure = Failure(error.code, error.message)
        status_code = error.status_code if isinstance(error, HttpStatusError | BlockedError) else None
        page = _page(index, url, started, failure=failure, attempts=attempts, status_code=status_code)
        return Outcome(page, {})
    except Exception:
        log.exception("page failed by a fault of ours")
        failure = Failure(InternalPageError.code, "The page failed because of a fault in Pagemill.")
        return Outcome(_page(index, url, started, failure=failure), {})
    page = _page(
        *(index, url, started),
        final_url=scraped.final_url,
        status_code=scraped.status_code,
        fetched_with=scraped.fetched_with,
        attempts=scraped.attempts,
    )
    return Outcome(page, scraped.bodies)


def job_of(options: ScrapeOptions) -> Job:
    """Return the job that pages with these options would be in."""
    return Job("", "", batch=True, status=Status.COMPLETED, options=options, created_at=_now(), completed_at=None)


def answer_of(job: Job, page: Page, contents: dict[str, bytes]) -> JsonObject:
    """Return a page as the API gives it in a batch, without what only a service has."""
    left_out = {METADATA, *PICTURES}
    values = {name: bodies.unpack(packed) for name, packed in contents.items() if name not in left_out}
    fields = batch_result(job, page, values, contents.get(METADATA))
    return {name: value for name, value in fields.items() if name not in _OF_SERVICES}


def _page(index: int, url: str, started: datetime, failure: Failure | None = None, **facts: object) -> Page:
    status = Status.FAILED if failure else Status.COMPLETED
    return Page(
        *(index, "", index, url, status, failure),
        cached=False,
        created_at=started,
        started_at=started,
        completed_at=_now(),
        **facts,  # type: ignore[arg-type]
    )


def _now() -> datetime:
    return datetime.now(UTC)
