"""`pagemill map` and `pagemill crawl`: a site's URLs and pages, by a running service."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, cast

import orjson

from pagemill.cli import local_service, scrape_options
from pagemill.cli.crawl_output import SUFFIXES, CrawlOutput, Place
from pagemill.cli.progress_bar import ProgressBar
from pagemill.cli.scrape import BROKEN_PIPE
from pagemill.client import ClientError
from pagemill.errors import OperatorError, UsageError

if TYPE_CHECKING:
    import argparse

    from pagemill.client import AsyncClient
    from pagemill.client.flows import Progress
    from pagemill.settings import Settings

_FORMATS = {"markdown": ["markdown"], "html": ["html"], "cleaned-html": ["cleanedHtml"], "json": ["markdown", "links"]}


def add_map_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `map`."""
    command.add_argument("url", metavar="URL", help="a page of the site")
    command.add_argument("--limit", type=int, metavar="N", help="how many URLs at most; default: 100")
    command.add_argument("--depth", type=int, metavar="N", help="how many links are followed; default: 2")
    command.add_argument("--search", metavar="TEXT", help="URLs that are about it come first")
    command.add_argument("--include-subdomains", action="store_true", help="hosts below the site's belong to it")
    command.add_argument("--json", action="store_true", help="one line of JSON a URL, with title, date and source")
    local_service.add_arguments(command)


def add_crawl_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `crawl`."""
    command.add_argument("url", metavar="URL", help="the first page")
    command.add_argument(
        "-o", "--output", metavar="PATH", help="a folder, with a file for each page under its path, or a file"
    )
    command.add_argument(
        "--format", choices=tuple(SUFFIXES), default="markdown", help="default: markdown; json: one line a page"
    )
    command.add_argument("--resume", action="store_true", help="read on in the crawl that the output was made by")
    command.add_argument("--max-pages", type=int, metavar="N", help="how many pages at most; default: 10")
    command.add_argument("--depth", type=int, metavar="N", help="how many links are followed; default: 1")
    command.add_argument("--include", action="append", metavar="PATTERN", help="only URLs that match; may be repeated")
    command.add_argument("--exclude", action="append", metavar="PATTERN", help="no URLs that match; may be repeated")
    command.add_argument("--include-subdomains", action="store_true", help="hosts below the site's belong to it")
    command.add_argument("--sitemap", action="store_true", help="the URLs of the site's sitemaps are crawled too")
    command.add_argument("--query", metavar="TEXT", help="pages that are about it are taken first")
    local_service.add_arguments(command)
    scrape_options.add_page_arguments(command)


async def map_site(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the URLs of a site."""
    fields: dict[str, Any] = {
        "limit": arguments.limit,
        "depth": arguments.depth,
        "search": arguments.search,
        "include_subdomains": arguments.include_subdomains,
    }
    async with local_service.connect(arguments, settings) as client:
        try:
            found = await client.map(arguments.url, **cast("Any", fields))
        except ClientError as error:
            raise OperatorError(f"{error.message} [{error.code}]") from error
    for page, link in zip(found.raw["pages"], found.links, strict=False):
        print(orjson.dumps(page).decode() if arguments.json else link)
    if not found.is_complete:
        print("pagemill: the site was not looked at to its end.", file=sys.stderr)
    return 0


async def crawl_site(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write the pages of a site as they end. Return 1 if none completed."""
    if (arguments.schema or arguments.generate_json) and arguments.format != "json":
        raise UsageError("--schema and --generate-json need --format json.")
    output = CrawlOutput(arguments.output, arguments.format, start=arguments.url)
    place = output.place() if arguments.resume else None
    output.open(resumes=arguments.resume)
    async with local_service.connect(arguments, settings) as client:
        try:
            if place is None:
                place = Place(await client.start_crawl(arguments.url, **cast("Any", _fields(arguments))), 0)
                output.remember(place)
            return await _read(client, output, place, to_terminal=arguments.output is None and sys.stdout.isatty())
        except ClientError as error:
            raise OperatorError(f"{error.message} [{error.code}]") from error
        except BrokenPipeError:  # whoever reads has enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return BROKEN_PIPE


async def _read(client: AsyncClient, output: CrawlOutput, place: Place, *, to_terminal: bool) -> int:
    completed = 0
    with ProgressBar(0, shares_terminal=to_terminal) as bar:

        def show(progress: Progress) -> None:
            nonlocal completed
            completed = progress.completed
            bar.set(progress.completed + progress.failed, progress.total, failed=progress.failed)

        bar.say(f"{place.crawl_id} goes on in the service if this is ended.")
        async for page in client.crawl_pages(place.crawl_id, after=place.after, progress=show):
            output.write(page)
            output.remember(Place(place.crawl_id, page.number))
            if page.error:
                bar.say(f"{page.url}: {page.error}")
    return 0 if completed else 1


def _fields(arguments: argparse.Namespace) -> dict[str, Any]:
    return {
        "formats": _FORMATS[arguments.format],
        "maxPages": arguments.max_pages,
        "depth": arguments.depth,
        "includePatterns": arguments.include,
        "excludePatterns": arguments.exclude,
        "includeSubdomains": arguments.include_subdomains,
        "useSitemap": arguments.sitemap,
        "query": arguments.query,
        **scrape_options.page_fields(arguments),
    }
