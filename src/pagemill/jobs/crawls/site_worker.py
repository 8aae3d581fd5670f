"""What a worker does for maps and crawls, beside scraping their pages."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from pagemill.errors import PageError, RobotsDisallowedError
from pagemill.fair_semaphore import current_key
from pagemill.fetching.url import parse_url
from pagemill.jobs.crawls.frontier import Frontier
from pagemill.jobs.memory.site_hosts import DatabaseHosts
from pagemill.model import Format, JobKind, MarkdownOptions, SiteOptions
from pagemill.scraping.scraped_page import ScrapedPage
from pagemill.scraping.sites.mapper import BODY, SiteMapper
from pagemill.scraping.sites.site_files import OVERLOADED, SiteFiles
from pagemill.sites.candidates import digest, target
from pagemill.sites.identity import site_url
from pagemill.sites.patterns import Patterns
from pagemill.sites.robots import ALLOW_ALL
from pagemill.sites.scope import CrawlFilter, Scope

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from pagemill.jobs.database.pool import Database
    from pagemill.jobs.queue.claims import ClaimedPage
    from pagemill.scraping.scraper import Scraper
    from pagemill.settings import Settings
    from pagemill.sites.robots import Robots

log = structlog.get_logger(__name__)

_MAX_LINKS = 20_000
"""Links of one page, or URLs of one sitemap, that are looked at."""
_SHORTEST_CONTENT = 64
"""Bytes of packed Markdown below which two pages are not taken for the same."""
_ADDED_AT_ONCE = 2000
_OVERDUE_INTERVAL = 10.0


class SiteWorker:
    """Maps sites and works on the pages of crawls."""

    def __init__(self, settings: Settings, database: Database, scraper: Scraper) -> None:
        self._settings = settings
        self._hosts = DatabaseHosts(database, settings)
        self._files = SiteFiles(scraper, self._hosts, settings)
        self._mapper = SiteMapper(scraper, self._files, self._hosts, settings)
        self._scraper = scraper
        self._frontier = Frontier(database, settings)

    async def process(self, page: ClaimedPage) -> ScrapedPage:
        """Return what a map, or a page of a crawl, gives. Raises a subclass of `PageError`."""
        current_key.set(page.key_id)  # its sitemaps and links are read in its turn too
        site = page.site or SiteOptions()
        if page.kind is JobKind.MAP:
            found = await self._mapper.map(page.url, page.options, site, page.key_id)
            return ScrapedPage(page.url, 200, {BODY: found})
        return await self._crawl(page, site)

    async def release_pages(self, queue_changed: asyncio.Event) -> None:
        """Put URLs of crawls into the queue whenever their hosts may be asked. `queue_changed`: there may be crawls."""
        loop = asyncio.get_running_loop()
        overdue_at = loop.time()
        while True:
            queue_changed.clear()
            released = await self._frontier.release()
            if loop.time() >= overdue_at:
                await self._frontier.stop_overdue()
                overdue_at = loop.time() + _OVERDUE_INTERVAL
            if released is None:
                try:
                    async with asyncio.timeout(self._settings.jobs.poll_interval):
                        await queue_changed.wait()
                except TimeoutError:
                    continue
            await asyncio.sleep(self._settings.sites.crawl_poll_interval)

    async def delete_old(self, limit: int) -> int:
        """Delete what is known of hosts that nobody asked for in a long time, and return how much."""
        return await self._hosts.delete_old(limit)

    async def _crawl(self, page: ClaimedPage, site: SiteOptions) -> ScrapedPage:
        robots = await self._check_robots(page, site)
        scope = Scope.of(site.url, subdomains=site.subdomains)
        wanted = CrawlFilter(scope, Patterns(site.include), Patterns(site.exclude))
        depth = await self._frontier.depth(page.job_id, page.position)
        if page.position == 0 and site.sitemap and site.depth > 0:
            await _best_effort(self._add_sitemaps(page, site, wanted, robots))
        scraped = await self._scrape(page)
        is_new = await self._frontier.record_contents(page.job_id, page.position, _contents(scraped))
        if is_new and depth < site.depth:
            await _best_effort(self._add_links(page, scraped, site, wanted, robots, depth + 1))
        unasked = {Format.LINKS.value, Format.MARKDOWN.value} - {name.value for name in page.options.formats}
        return replace(scraped, bodies={name: body for name, body in scraped.bodies.items() if name not in unasked})

    async def _check_robots(self, page: ClaimedPage, site: SiteOptions) -> Robots:
        """What the host lets us fetch. Raises errors.RobotsDisallowedError where that is not this page."""
        if site.ignore_robots:
            return ALLOW_ALL
        deadline = asyncio.get_running_loop().time() + self._settings.jobs.job_deadline
        robots = await self._files.robots(page.url, page.options.country, deadline)
        url = site_url(page.url)
        if url is not None and not robots.allows(target(url)):
            raise RobotsDisallowedError("The robots.txt of the host keeps crawlers away from this page.")
        return robots

    async def _scrape(self, page: ClaimedPage) -> ScrapedPage:
        """Scrape a page, with what a crawl needs of it, and note how its host answered."""
        formats = tuple(dict.fromkeys((*page.options.formats, Format.LINKS, Format.MARKDOWN)))
        markdown = page.options.markdown if Format.MARKDOWN in page.options.formats else MarkdownOptions()
        options = replace(page.options, formats=formats, markdown=markdown)
        host = parse_url(page.url).public_href.split("/", 3)[2]
        if page.position == 0:  # all others have their turn when they are released
            await self._hosts.wait_for_rate_limit(host)
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            scraped = await self._scraper.scrape(page.url, options, page.key_id)
        except PageError as error:
            await self._files.report(host, error, loop.time() - started)
            raise
        if not scraped.cached:
            seconds = sum(attempt.duration for attempt in scraped.attempts)
            overloaded = any(attempt.status_code in OVERLOADED for attempt in scraped.attempts)
            await self._hosts.answered(host, seconds, overloaded=overloaded)
        return scraped

    async def _add_sitemaps(self, page: ClaimedPage, site: SiteOptions, wanted: CrawlFilter, robots: Robots) -> None:
        deadline = asyncio.get_running_loop().time() + self._settings.sites.map_deadline
        count = 0
        async with asyncio.timeout_at(deadline):
            async for found in self._files.sitemaps(
                page.url, wanted, robots, page.options.country, deadline, limit=_MAX_LINKS
            ):
                for start in range(0, len(found.inside), _ADDED_AT_ONCE):
                    part = found.inside[start : start + _ADDED_AT_ONCE]
                    await self._frontier.add(page.job_id, part, 1, None, site.search)
                count += len(found.inside)
                if count >= self._settings.sites.crawl_max_urls:
                    return

    async def _add_links(  # noqa: PLR0913, PLR0917 - what is known of the page
        self,
        page: ClaimedPage,
        scraped: ScrapedPage,
        site: SiteOptions,
        wanted: CrawlFilter,
        robots: Robots,
        depth: int,
    ) -> None:
        final = site_url(scraped.final_url)
        if final is None or not wanted.scope.has(final) or Format.LINKS not in scraped.bodies:
            return
        links = scraped.bodies[Format.LINKS]
        found = await self._files.links(scraped.final_url, links, wanted, robots, limit=_MAX_LINKS)
        for start in range(0, len(found.inside), _ADDED_AT_ONCE):
            part = found.inside[start : start + _ADDED_AT_ONCE]
            await self._frontier.add(page.job_id, part, depth, page.position, site.search)


async def _best_effort(finding: Coroutine[None, None, None]) -> None:
    """Find URLs. Where that fails, the page that names them is still a page."""
    try:
        await finding
    except (PageError, TimeoutError) as error:
        log.info("the links of a page could not be read", error=getattr(error, "code", "timeout"))


def _contents(scraped: ScrapedPage) -> list[bytes]:
    """By what a page is known again: the address that answered, and its content where that is more than a few words.

    Its content is the plain Markdown: front matter differs where pages are the same, and cut ones agree that are not.
    """
    url = site_url(scraped.final_url)
    known = [bytes.fromhex(digest(f"url {url.identity}"))] if url else []
    content = scraped.plain_markdown or scraped.bodies.get(Format.MARKDOWN, b"")
    if len(content) >= _SHORTEST_CONTENT:
        known.append(hashlib.sha256(b"content" + content).digest())
    return known
