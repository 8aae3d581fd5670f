"""The Markdown that a request asks for, made of what every request gets, out of the cache or fresh."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pagemill import bodies
from pagemill.extraction import METADATA
from pagemill.model import Format, MarkdownOptions

if TYPE_CHECKING:
    from pagemill.model import ScrapeOptions
    from pagemill.scraping.extractor_pool import ExtractorPool
    from pagemill.scraping.scraped_page import ScrapedPage

MARKDOWN_TRUNCATED = "markdown_truncated"
"""That the Markdown was cut, beside it."""
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


async def finished_markdown(extractors: ExtractorPool, page: ScrapedPage, options: ScrapeOptions) -> dict[str, bytes]:
    """Return the values of a page that the options make other than those it was scraped with.

    Raises what `ExtractorPool.extract` does.
    """
    if not changes_markdown(options):
        return {}
    source = page.bodies[Format.CLEANED_HTML if options.markdown.rewrites else Format.MARKDOWN]
    text, is_cut = await extractors.finish_markdown(page.final_url, source, page.bodies[METADATA], options.markdown)
    return {Format.MARKDOWN: text, **({MARKDOWN_TRUNCATED: bodies.pack(is_cut)} if is_cut else {})}


def with_markdown(page: ScrapedPage, finished: dict[str, bytes], options: ScrapeOptions) -> ScrapedPage:
    """Return a page with its finished Markdown, and without what was needed for that alone."""
    if not finished:
        return page
    kept = {name: body for name, body in page.bodies.items() if name != Format.CLEANED_HTML or name in options.formats}
    return replace(page, bodies=kept | finished, plain_markdown=page.bodies[Format.MARKDOWN])
