"""The Markdown that a request asks for, made of what every request gets, out of the cache or fresh."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from pagemill import bodies
from pagemill.errors import DeadlineExceededError, InternalPageError, PageError
from pagemill.model import METADATA, Format, MarkdownOptions

if TYPE_CHECKING:
    from pagemill.model import ScrapeOptions
    from pagemill.scraping.extractor_pool import ExtractorPool
    from pagemill.scraping.scraped_page import ScrapedPage

log = structlog.get_logger(__name__)

MARKDOWN_TRUNCATED = "markdown_truncated"
"""That the Markdown was cut, beside it."""
MARKDOWN_ERROR = "markdown_error"
"""Why the Markdown is the plain one although another one was asked for, beside it."""
_PLAIN = MarkdownOptions()


def changes_markdown(options: ScrapeOptions) -> bool:
    """Whether the Markdown that is returned is another than the one that everyone gets."""
    return Format.MARKDOWN in options.formats and options.markdown != _PLAIN


def without_markdown_options(options: ScrapeOptions) -> ScrapeOptions:
    """Return what must be scraped before the Markdown can be finished: the same options where it need not be."""
    if options.markdown == _PLAIN:
        return options
    needed = [Format.CLEANED_HTML] if changes_markdown(options) and options.markdown.rewrites else []
    return replace(options, formats=tuple(dict.fromkeys([*options.formats, *needed])), markdown=_PLAIN)


async def finished_markdown(
    extractors: ExtractorPool, page: ScrapedPage, options: ScrapeOptions, deadline: float
) -> dict[str, bytes]:
    """Return the values of a page that the options make other than those it was scraped with. It does not fail.

    Where the Markdown cannot be finished by `deadline`, or at all, it is the plain one, and `MARKDOWN_ERROR` says why.
    """
    if not changes_markdown(options):
        return {}
    failure: PageError = InternalPageError("There is a fault in the service.")
    try:
        async with asyncio.timeout_at(deadline):
            return await _finish(extractors, page, options)
    except TimeoutError:
        failure = DeadlineExceededError("The page's time was up.")
    except PageError as error:
        failure = error
    except Exception:  # whatever comes after a page's text can only fail itself
        log.exception("the Markdown could not be finished by a fault of ours", url=page.final_url)
    log.warning("the Markdown could not be finished", url=page.final_url, error=failure.code)
    reason = f"This is the plain Markdown, since it could not be finished. {failure.message} ({failure.code})"
    return {Format.MARKDOWN: page.bodies[Format.MARKDOWN], MARKDOWN_ERROR: bodies.pack(reason)}


async def _finish(extractors: ExtractorPool, page: ScrapedPage, options: ScrapeOptions) -> dict[str, bytes]:
    source = page.bodies[Format.CLEANED_HTML if options.markdown.rewrites else Format.MARKDOWN]
    text, is_cut = await extractors.finish_markdown(page.final_url, source, page.bodies[METADATA], options.markdown)
    return {Format.MARKDOWN: text, **({MARKDOWN_TRUNCATED: bodies.pack(is_cut)} if is_cut else {})}


def with_markdown(page: ScrapedPage, finished: dict[str, bytes], options: ScrapeOptions) -> ScrapedPage:
    """Return a page with its finished Markdown, and without what was needed for that alone."""
    if not finished:
        return page
    kept = {name: body for name, body in page.bodies.items() if name != Format.CLEANED_HTML or name in options.formats}
    return replace(page, bodies=kept | finished, plain_markdown=page.bodies[Format.MARKDOWN])
