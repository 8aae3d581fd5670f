"""What the arguments of `pagemill scrape` ask for, checked as the API does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagemill.cli.scrape_arguments import FORMATS, page_fields
from pagemill.errors import RequestError, UsageError
from pagemill.in_process.options import checked_options
from pagemill.model import Format

if TYPE_CHECKING:
    import argparse

    from pagemill.model import ScrapeOptions
    from pagemill.settings import Settings


async def read(arguments: argparse.Namespace, settings: Settings) -> ScrapeOptions:
    """Return the options that the arguments ask for, checked as the API does. Raises UsageError."""
    structured = arguments.schema or arguments.generate_json or arguments.include
    if structured and arguments.format != "json":
        raise UsageError("--schema, --generate-json and --include need --format json.")
    if arguments.full_page and not arguments.screenshot:
        raise UsageError("--full-page needs --screenshot.")
    formats = [Format(name) for name in arguments.include or ()] or list(FORMATS[arguments.format])
    if arguments.screenshot:
        formats.append(Format.SCREENSHOT_FULL_PAGE if arguments.full_page else Format.SCREENSHOT)
    fields = {"formats": [name.value for name in formats], **page_fields(arguments)}
    try:
        return await checked_options(fields, settings)
    except RequestError as error:
        raise UsageError(error.message) from None
