"""Reads what a site says of itself: robots.txt, sitemaps, feeds. Fetched like pages, read in extraction processes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from pagemill.errors import (
    ConnectionResetByHostError,
    ConnectTimeoutError,
    FetchError,
    FetchTimeoutError,
    HttpStatusError,
    PageError,
)
from pagemill.fetching.url import parse_url
from pagemill.sites import tasks
from pagemill.sites.candidates import Candidate
from pagemill.sites.entries import Kind
from pagemill.sites.robots import ALLOW_ALL, DISALLOW_ALL, MAX_BYTES, first_part

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from pagemill.model import FetchedPage, JsonObject
    from pagemill.scraping.scraper import Scraper
    from pagemill.scraping.sites.hosts import Hosts, Turns
    from pagemill.settings import Settings
    from pagemill.sites.robots import Robots
    from pagemill.sites.scope import CrawlFilter

log = structlog.get_logger(__name__)

OVERLOADED = frozenset({429, 503})
"""Statuses by which a host asks for fewer requests."""
_USUAL_SITEMAPS = ("/sitemap.xml", "/sitemap_index.xml")
_USUAL_FEEDS = ("/feed", "/rss.xml", "/atom.xml", "/feed.xml")


@dataclass(slots=True)
class DiscoveredUrls:
    """URLs that a file or a page named."""

    kind: Kind
    inside: list[Candidate] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    sitemaps: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SiteFiles:
    """Reads files of sites. `turns` says when a host may be asked; `hosts` keeps what robots.txt says."""

    scraper: Scraper
    hosts: Hosts
    turns: Turns
    settings: Settings

    async def robots(self, url: str, country: str, deadline: float, *, accepted_age: float = 0.0) -> Robots:
        """What the host of `url` lets us fetch (RFC 9309): all where it has no such file, nothing where it fails.

        Raises a subclass of `PageError` where the host gave no answer at all, and no earlier one is known.
        What was asked for less than `accepted_age` seconds ago is not asked for again: a page that waits for its host
        between the two requests would else never come to its own.
        """
        origin = parse_url(url).origin
        known = await self.hosts.find_robots(origin, accepted_age)
        if known is None:
            known = await self._fetch_robots(origin, country, deadline)
        return tasks.unpack_robots(known)

    async def _fetch_robots(self, origin: str, country: str, deadline: float) -> JsonObject:
        """Fetch a robots.txt. Only what the site answers is kept: any other failure may be one of ours."""
        unreachable = tasks.pack_robots(DISALLOW_ALL)
        try:
            page = await self.fetch(f"{origin}/robots.txt", country, deadline, enough=MAX_BYTES)
            request = {tasks.NAME: "robots", "url": origin, "crawler": self.settings.sites.robots_user_agent}
            rules = await self.scraper.read_site(request, first_part(page.body))
        except HttpStatusError as error:
            if error.status_code == 429 or error.status_code >= 500:
                return await self.hosts.keep_robots(origin, unreachable, reachable=False)
            rules = tasks.pack_robots(ALLOW_ALL)
        except PageError as error:
            log.info("robots.txt could not be had", origin=origin, error=error.code)
            stale = await self.hosts.find_stale_robots(origin)
            if stale is None:
                raise
            return stale
        rules = await self.hosts.keep_robots(origin, rules, reachable=True)
        delay = min(rules["crawl_delay"] or 0.0, self.settings.sites.robots_max_delay)
        await self.hosts.set_crawl_delay(origin.partition("://")[2], delay)
        return rules

    async def sitemaps(  # noqa: PLR0913 - what a site is read with
        self, url: str, wanted: CrawlFilter, robots: Robots, country: str, deadline: float, *, limit: int
    ) -> AsyncIterator[DiscoveredUrls]:
        """Yield what the site's sitemaps name, file by file: those of robots.txt, else the usual ones, else feeds."""
        origin = parse_url(url).origin
        most = self.settings.sites.map_max_sitemaps
        queue = list(robots.sitemaps[:most]) or [origin + path for path in _USUAL_SITEMAPS if robots.allows(path)]
        feeds = [] if robots.sitemaps else [origin + path for path in _USUAL_FEEDS if robots.allows(path)]
        seen = dict.fromkeys(queue)
        count = 0
        if not queue:
            queue, feeds = feeds, []
        while queue and count < most:
            batch, queue = queue[: min(4, most - count)], queue[4:]
            count += len(batch)
            results = await asyncio.gather(
                *(self._sitemap(one, wanted, robots, country, deadline, limit=limit) for one in batch)
            )
            for found in results:
                for one in found.sitemaps:
                    if len(seen) >= most:
                        break
                    if one not in seen:
                        seen[one] = None
                        queue.append(one)
                if found.inside:
                    feeds.clear()
                    yield found
            if not queue:
                queue, feeds = feeds, []

    async def _sitemap(  # noqa: PLR0913 - see `sitemaps`
        self, url: str, wanted: CrawlFilter, robots: Robots, country: str, deadline: float, *, limit: int
    ) -> DiscoveredUrls:
        try:
            page = await self.fetch(url, country, deadline)
            return await self.read(page, wanted, robots, limit=limit)
        except PageError as error:  # whatever is wrong with a sitemap, there are other ways to find pages
            log.debug("a sitemap could not be read", error=error.code)
            return DiscoveredUrls(Kind.NONE)

    async def read(self, page: FetchedPage, wanted: CrawlFilter, robots: Robots, *, limit: int) -> DiscoveredUrls:
        """Read a sitemap, an index or a feed. Raises a subclass of `PageError`."""
        reply = await self.scraper.read_site(
            {
                tasks.NAME: "sitemap",
                "url": page.final_url,
                "content_type": page.content_type,
                "largest": self.settings.fetching.max_body_bytes,
                "most_sitemaps": self.settings.sites.map_max_sitemaps,
                **self._selecting(wanted, robots, limit=limit, outside=0),
            },
            page.body,
        )
        return _found(reply)

    async def links(  # noqa: PLR0913 - what a page is read with
        self, url: str, packed: bytes, wanted: CrawlFilter, robots: Robots, *, limit: int, outside: int = 0
    ) -> DiscoveredUrls:
        """Read the links of a page, packed as extraction made them. Raises a subclass of `PageError`."""
        request = {
            tasks.NAME: "links",
            "url": url,
            **self._selecting(wanted, robots, limit=limit, outside=outside),
        }
        return _found(await self.scraper.read_site(request, packed))

    async def fetch(self, url: str, country: str, deadline: float, *, enough: int | None = None) -> FetchedPage:
        """Fetch a file of a site, or its first part, in the host's turn. Raises a subclass of `PageError`."""
        host = parse_url(url).netloc
        await self.turns.wait_for_rate_limit(host)
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            page = await self.scraper.fetch_file(url, country, deadline, enough=enough)
        except FetchError as error:
            await self.report(host, error, loop.time() - started)
            raise
        await self.hosts.answered(host, loop.time() - started)
        return page

    async def report(self, host: str, error: PageError, seconds: float) -> None:
        """Note how a host failed to answer. A failure of a proxy, of the DNS or of our own says nothing of the host."""
        if isinstance(error, HttpStatusError):
            overloaded = error.status_code in OVERLOADED
            await self.hosts.answered(host, seconds, overloaded=overloaded, retry_after=error.retry_after)
        elif isinstance(error, ConnectionResetByHostError):
            await self.hosts.answered(host, None, overloaded=True)
        elif isinstance(error, FetchTimeoutError) and not isinstance(error, ConnectTimeoutError):
            await self.hosts.answered(host, seconds)

    def _selecting(self, wanted: CrawlFilter, robots: Robots, *, limit: int, outside: int) -> JsonObject:
        return {
            **tasks.wanted_fields(wanted),
            "robots": tasks.pack_robots(robots) if robots.rules else None,
            "limit": limit,
            "outside": outside,
        }


def _found(reply: JsonObject) -> DiscoveredUrls:
    inside: Sequence[list[object]] = reply.get("inside", [])
    candidates = [Candidate(*fields) for fields in inside]  # type: ignore[arg-type]
    kind = Kind(reply.get("kind", Kind.NONE))
    return DiscoveredUrls(kind, candidates, reply.get("outside", []), reply.get("sitemaps", []))
