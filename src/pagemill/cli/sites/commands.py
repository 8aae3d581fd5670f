"""`pagemill map` and `pagemill crawl`: a site's URLs and pages, by a running service."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any, cast

import orjson

from pagemill.cli import scrape_arguments
from pagemill.cli.output.progress_bar import ProgressBar
from pagemill.cli.sites import options, service
from pagemill.cli.sites.output import CrawlOutput, Place
from pagemill.client import ClientError
from pagemill.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from pagemill.client import AsyncClient
    from pagemill.client.flows import Progress
    from pagemill.settings import Settings


async def map_site(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the URLs of a site."""
    fields: dict[str, Any] = {
        "limit": arguments.limit,
        "depth": arguments.depth,
        "search": arguments.search,
        "include_subdomains": arguments.include_subdomains,
        "session_name": arguments.session,
    }
    async with service.connect(arguments, settings) as client:
        try:
            found = await client.map(arguments.url, **cast("Any", fields))
        except ClientError as error:
            raise service.failure(error) from error
    for page, link in zip(found.raw["pages"], found.links, strict=False):
        print(orjson.dumps(page).decode() if arguments.json else link)
    if not found.is_complete:
        print("pagemill: the site was not looked at to its end.", file=sys.stderr)
    if found.is_limit_reached:
        print(f"pagemill: {len(found.links)} URLs are the --limit; the site may have more.", file=sys.stderr)
    return 0


async def crawl_site(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write the pages of a site as they end. Return 1 if none completed."""
    if (arguments.schema or arguments.generate_json) and arguments.format != "json":
        raise UsageError("--schema and --generate-json need --format json.")
    output = CrawlOutput(arguments.output, arguments.format, start=arguments.url, front_matter=arguments.front_matter)
    place = output.place() if arguments.resume else None
    output.open()
    async with service.connect(arguments, settings) as client:
        with contextlib.closing(output):
            return await _crawl(arguments, client, output, place)


async def _crawl(arguments: argparse.Namespace, client: AsyncClient, output: CrawlOutput, place: Place | None) -> int:
    try:
        if place is None:
            place = Place(await client.start_crawl(arguments.url, **cast("Any", _fields(arguments))), 0, 0)
        output.begin(place)
        return await _read(client, output, place, to_terminal=arguments.output is None and sys.stdout.isatty())
    except ClientError as error:
        output.finish()
        raise service.failure(error) from error


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
            output.remember(place.crawl_id, page.number)
            if page.error:
                bar.say(f"{page.url}: {page.error}")
        output.finish()
    return 0 if completed else 1


def _fields(arguments: argparse.Namespace) -> dict[str, Any]:
    return {
        "formats": options.FORMATS[arguments.format],
        "maxPages": arguments.max_pages,
        "depth": arguments.depth,
        "includePatterns": arguments.include,
        "excludePatterns": arguments.exclude,
        "includeSubdomains": arguments.include_subdomains,
        "useSitemap": arguments.sitemap,
        "query": arguments.query,
        "sessionName": arguments.session,
        **scrape_arguments.page_fields(arguments),
    }
