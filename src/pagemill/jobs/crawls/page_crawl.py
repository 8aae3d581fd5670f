"""One page of a crawl: scraped, and what it names added to the frontier."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from pagemill import bodies
from pagemill.errors import PageError, RobotsDisallowedError
from pagemill.fetching.url import parse_url
from pagemill.model import METADATA, Format, MarkdownOptions
from pagemill.scraping.fail_safe import fail_safe
from pagemill.scraping.sites.site_files import OVERLOADED
from pagemill.sites.candidates import digest, target
from pagemill.sites.identity import site_url
from pagemill.sites.patterns import Patterns
from pagemill.sites.robots import ALLOW_ALL
from pagemill.sites.scope import CrawlFilter, Scope

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from pagemill.jobs.crawls.frontier import Frontier
    from pagemill.jobs.crawls.page_turns import PageTurns
    from pagemill.jobs.queue.claims import ClaimedPage
    from pagemill.model import SiteOptions
    from pagemill.scraping.scraped_page import ScrapedPage
    from pagemill.scraping.sites.site_files import SiteFiles
    from pagemill.sites.candidates import Candidate
    from pagemill.sites.robots import Robots

log = structlog.get_logger(__name__)

_MAX_LINKS = 20_000
"""Links of one page, or URLs of one sitemap, that are looked at."""
_SHORTEST_CONTENT = 64
"""Bytes of packed Markdown below which two pages are not taken for the same."""
_ADDED_AT_ONCE = 2000
_LARGEST_METADATA = 64 * 1024
"""Bytes of packed metadata that are looked into for the canonical URL."""


class PageCrawl:
    """The work on one page of a crawl."""

    def __init__(
        self, page: ClaimedPage, site: SiteOptions, turns: PageTurns, files: SiteFiles, frontier: Frontier
    ) -> None:
        self._unchanged = frontier.unchanged_pages(files.scraper, site)
        self._page = page
        self._site = site
        self._turns = turns
        self._files = files
        self._frontier = frontier
        self._settings = files.settings
        scope = Scope.of(site.url, subdomains=site.subdomains)
        self._wanted = CrawlFilter(scope, Patterns(site.include), Patterns(site.exclude))

    async def run(self) -> ScrapedPage:
        """Return what the page gives. Raises a subclass of `PageError`, or `HostBusyError`."""
        page, site = self._page, self._site
        robots = await self._check_robots()
        depth = await self._frontier.depth(page.job_id, page.position)
        # The last request that may have to wait outside the queue, so that nothing is fetched again after that.
        await self._turns.reserve()
        try:
            scraped = await self._scrape()
        except PageError:  # sitemaps name pages even where the first one fails
            await self._find_sitemaps(robots)
            raise
        await self._find_sitemaps(robots)
        if await fail_safe(self._record_contents(scraped), True) and depth < site.depth:
            await _best_effort(self._add_links(scraped, robots, depth + 1))
        if await fail_safe(self._find_unchanged(scraped), False):
            return replace(scraped, bodies={name: body for name, body in scraped.bodies.items() if name == METADATA})
        unasked = {Format.LINKS.value, Format.MARKDOWN.value} - {name.value for name in page.options.formats}
        return replace(scraped, bodies={name: body for name, body in scraped.bodies.items() if name not in unasked})

    async def _check_robots(self) -> Robots:
        """What the host lets us fetch. Raises errors.RobotsDisallowedError where that is not this page."""
        if self._site.ignore_robots:
            return ALLOW_ALL
        deadline = asyncio.get_running_loop().time() + self._settings.jobs.job_deadline
        robots = await self._files.robots(
            self._page.url, self._page.options.country, deadline, accepted_age=self._page.age
        )
        url = site_url(self._page.url)
        if url is not None and not robots.allows(target(url)):
            raise RobotsDisallowedError("The robots.txt of the host keeps crawlers away from this page.")
        return robots

    async def _scrape(self) -> ScrapedPage:
        """Scrape the page, with what a crawl needs of it, and note how its host answered."""
        page, asked = self._page, self._page.options
        formats = tuple(dict.fromkeys((*asked.formats, Format.LINKS, Format.MARKDOWN)))
        markdown = asked.markdown if Format.MARKDOWN in asked.formats else MarkdownOptions()
        options = replace(asked, formats=formats, markdown=markdown)
        host = parse_url(page.url).netloc
        await self._turns.wait_for_rate_limit(host)
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            scraped = await self._files.scraper.scrape(page.url, options, page.key_id)
        except PageError as error:
            await fail_safe(self._files.report(host, error, loop.time() - started), None)
            raise
        if not scraped.cached:
            seconds = sum(attempt.duration for attempt in scraped.attempts)
            overloaded = any(attempt.status_code in OVERLOADED for attempt in scraped.attempts)
            await fail_safe(self._files.hosts.answered(host, seconds, overloaded=overloaded), None)
        return scraped

    async def _record_contents(self, scraped: ScrapedPage) -> bool:
        """Keep by what the page is known again, and return whether it is the first of its kind."""
        page, canonical = self._page, self._canonical(scraped)
        return await self._frontier.record_contents(page.job_id, page.position, _contents(scraped), canonical)

    async def _find_unchanged(self, scraped: ScrapedPage) -> bool:
        """Whether the page did not change since what the crawl was given, which is noted."""
        if not await self._unchanged.has(self._page.url, scraped):
            return False
        await self._frontier.mark_unchanged(self._page.job_id, self._page.position)
        return True

    async def _find_sitemaps(self, robots: Robots) -> None:
        if self._page.position == 0 and self._site.sitemap and self._site.depth > 0:
            await _best_effort(self._add_sitemaps(robots))

    async def _add_sitemaps(self, robots: Robots) -> None:
        page, most = self._page, self._settings.sites.crawl_max_urls
        deadline = asyncio.get_running_loop().time() + self._settings.sites.map_deadline
        count = 0
        async with asyncio.timeout_at(deadline):
            async for found in self._files.sitemaps(
                page.url, self._wanted, robots, page.options.country, deadline, limit=_MAX_LINKS
            ):
                await self._add(self._unchanged.without(found.inside), 1, None)
                count += len(found.inside)
                if count >= most:
                    return

    async def _add_links(self, scraped: ScrapedPage, robots: Robots, depth: int) -> None:
        final = site_url(scraped.final_url)
        if final is None or not self._wanted.scope.has(final) or Format.LINKS not in scraped.bodies:
            return
        links = scraped.bodies[Format.LINKS]
        found = await self._files.links(scraped.final_url, links, self._wanted, robots, limit=_MAX_LINKS)
        await self._add(found.inside, depth, self._page.position)

    def _canonical(self, scraped: ScrapedPage) -> bytes:
        """A hash of the URL that a page calls canonical; of its own where that is none of the site.

        Nor does the site's start count: where all pages name it, that is a mistake of the site.
        """
        metadata = scraped.bodies.get(METADATA, b"")
        named = bodies.unpack(metadata).get("canonical_url") if 0 < len(metadata) < _LARGEST_METADATA else None
        url = site_url(named) if named else None
        if url is None or not self._wanted.scope.has(url) or target(url) == "/":
            url = site_url(scraped.final_url)
        return bytes.fromhex(digest(f"canonical {url.identity if url else scraped.final_url}"))

    async def _add(self, candidates: Sequence[Candidate], depth: int, parent: int | None) -> None:
        for start in range(0, len(candidates), _ADDED_AT_ONCE):
            part = candidates[start : start + _ADDED_AT_ONCE]
            await self._frontier.add(self._page.job_id, part, depth, parent, self._site.search)


async def _best_effort(finding: Coroutine[None, None, None]) -> None:
    """Find URLs. Where that fails, the page that names them is still a page."""
    try:
        await finding
    except (PageError, TimeoutError) as error:
        log.info("the links of a page could not be read", error=getattr(error, "code", "timeout"))
    except Exception:
        log.exception("the links of a page could not be read by a fault of ours")


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
