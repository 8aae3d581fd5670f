"""Finds the URLs of a site: from sitemaps and feeds, then by the links of its pages, level by level."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import structlog

from pagemill import bodies
from pagemill.errors import PageError, RobotsDisallowedError
from pagemill.fetching.url import parse_url
from pagemill.model import METADATA, Format, ScrapeOptions
from pagemill.sites import ordering
from pagemill.sites.candidates import target
from pagemill.sites.entries import Kind
from pagemill.sites.identity import site_url
from pagemill.sites.patterns import Patterns
from pagemill.sites.robots import ALLOW_ALL
from pagemill.sites.scope import CrawlFilter, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pagemill.model import JsonObject, SiteOptions
    from pagemill.scraping.sites.site_files import DiscoveredUrls, SiteFiles
    from pagemill.settings import Settings
    from pagemill.sites.candidates import Candidate
    from pagemill.sites.robots import Robots

log = structlog.get_logger(__name__)

BODY = "map"
"""The name of a map's result among the bodies of its page."""
_AT_ONCE = 4
_RESERVE = 0.1
"""The share of the deadline that is left for what was begun."""


@dataclass(frozen=True, slots=True)
class MapPage:
    """A page that a map found."""

    candidate: Candidate
    source: str
    """`sitemap`, `feed` or `link`."""
    depth: int


@dataclass(slots=True)
class _Map:
    """One map as it grows."""

    limit: int
    """How many URLs are kept."""
    family_limit: int
    pages: dict[str, MapPage] = field(default_factory=dict)
    outside: dict[str, None] = field(default_factory=dict)
    families: dict[str, int] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    """Of the pages that were opened, by identity."""
    complete: bool = True

    @property
    def full(self) -> bool:
        return len(self.pages) >= self.limit

    def add(self, candidates: Iterable[Candidate], source: str, depth: int) -> list[Candidate]:
        """Keep what is new, and return it."""
        fresh = []
        for candidate in candidates:
            if self.full:
                break
            if candidate.identity in self.pages:
                continue
            if candidate.family is not None:
                count = self.families.get(candidate.family, 0)
                if count >= self.family_limit:
                    continue
                self.families[candidate.family] = count + 1
            self.pages[candidate.identity] = MapPage(candidate, source, depth)
            fresh.append(candidate)
        return fresh


class SiteMapper:
    """Maps sites, each within the settings' deadline."""

    def __init__(self, files: SiteFiles) -> None:
        self._files = files

    async def map(self, url: str, options: ScrapeOptions, site: SiteOptions, key_id: str = "") -> bytes:
        """Return what was found, packed. Raises a subclass of `PageError` where nothing was."""
        work = _Mapping(self, url, options, site, key_id)
        return bodies.pack(await work.run())

    @property
    def files(self) -> SiteFiles:
        """What reads robots.txt and sitemaps."""
        return self._files

    @property
    def settings(self) -> Settings:
        """The settings."""
        return self._files.settings

    async def open(self, url: str, options: ScrapeOptions, key_id: str) -> tuple[str, bytes, str]:
        """Fetch a page in its host's turn: the address that answered, its links, packed, and its title."""
        host = parse_url(url).netloc
        await self._files.turns.wait_for_rate_limit(host)
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            page = await self._files.scraper.scrape(url, options, key_id)
        except PageError as error:
            await self._files.report(host, error, loop.time() - started)
            raise
        if not page.cached:
            await self._files.hosts.answered(host, loop.time() - started)
        title = bodies.unpack(page.bodies[METADATA]).get("title") or "" if METADATA in page.bodies else ""
        return page.final_url, page.bodies[Format.LINKS], title


class _Mapping:
    """One map."""

    def __init__(self, mapper: SiteMapper, url: str, options: ScrapeOptions, site: SiteOptions, key_id: str) -> None:
        self._mapper = mapper
        self._url = url
        self._options = replace(options, formats=(Format.LINKS,), only_main_content=True)
        self._site = site
        self._key_id = key_id
        settings = mapper.settings.sites
        scope = Scope.of(url, subdomains=site.subdomains)
        self._wanted = CrawlFilter(scope, Patterns(site.include), Patterns(site.exclude))
        self._map = _Map(
            settings.map_max_links if site.search else site.limit,
            settings.crawl_family_urls,
        )
        loop = asyncio.get_running_loop()
        self._started = loop.time()
        self._deadline = loop.time() + settings.map_deadline
        self._stop_at = self._deadline - settings.map_deadline * _RESERVE
        self._failure: PageError | None = None

    async def run(self) -> JsonObject:
        try:
            async with asyncio.timeout_at(self._deadline):
                await self._find()
        except TimeoutError:
            self._map.complete = False
        if not self._map.pages:
            raise self._failure or RobotsDisallowedError("Nothing of the site may be fetched.")
        return self._result()

    async def _find(self) -> None:
        robots = await self._robots(self._url)
        self._add_start()
        if self._site.sitemap:
            await self._read_sitemaps(robots)
        level = [self._url]
        for depth in range(1, self._site.depth + 1):
            if not level or (self._map.full and not self._needs_outside(depth)) or self._late():
                break
            level = await self._open_level(level[: self._site.limit_per_level], depth)
        if self._failure is not None and len(self._map.pages) == 1:
            self._map.pages.clear()

    def _needs_outside(self, depth: int) -> bool:
        return self._site.external_links and depth == 1

    def _add_start(self) -> None:
        from pagemill.sites.candidates import select
        from pagemill.sites.entries import Entry

        found = select([Entry(self._url)], self._url, replace_patterns(self._wanted), limit=1)
        self._map.add(found.inside, "link", 0)

    async def _robots(self, url: str) -> Robots:
        if self._site.ignore_robots:
            return ALLOW_ALL
        return await self._mapper.files.robots(url, self._options.country, self._deadline)

    async def _read_sitemaps(self, robots: Robots) -> None:
        files = self._mapper.files
        country, deadline = self._options.country, self._stop_at
        async for found in files.sitemaps(self._url, self._wanted, robots, country, deadline, limit=self._map.limit):
            self._map.add(found.inside, "feed" if found.kind is Kind.FEED else "sitemap", 1)
            if self._map.full or self._late():
                return

    async def _open_level(self, level: list[str], depth: int) -> list[str]:
        """Open pages, and return the URLs that they name for the first time."""
        fresh: list[str] = []
        waiting = iter(level)

        async def open_some() -> None:
            for url in waiting:
                if self._late() or (self._map.full and not self._needs_outside(depth)):
                    return
                found = await self._open(url)
                if found is not None:
                    self._map.outside.update(dict.fromkeys(found.outside))
                    fresh.extend(one.url for one in self._map.add(found.inside, "link", depth))

        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(open_some())
        return fresh

    async def _open(self, url: str) -> DiscoveredUrls | None:
        try:
            robots = await self._robots(url)
            parsed = site_url(url)
            if parsed is None or not robots.allows(target(parsed)):
                raise RobotsDisallowedError("The robots.txt of the host keeps crawlers away from this page.")
            final_url, links, title = await self._mapper.open(url, self._options, self._key_id)
            self._note_title(url, title)
            found = await self._mapper.files.links(
                *(final_url, links, self._wanted, robots),
                limit=self._map.limit,
                outside=self._map.limit if self._site.external_links else 0,
            )
        except PageError as error:
            log.info("a page of a map failed", error=error.code)
            self._failure = self._failure or error
            return None
        return found

    def _note_title(self, url: str, title: str) -> None:
        from pagemill.sites.candidates import digest

        parsed = site_url(url)
        if parsed is not None and title:
            self._map.titles[digest(parsed.identity)] = title

    def _late(self) -> bool:
        late = asyncio.get_running_loop().time() >= self._stop_at
        self._map.complete = self._map.complete and not late
        return late

    def _result(self) -> JsonObject:
        pages = list(self._map.pages.values())
        if self._site.search:
            pages = _by_relevance(pages, self._site.search, self._map.titles)[: self._site.limit]
        outside = list(self._map.outside)[: self._site.limit] if self._site.external_links else []
        return {
            "links": [page.candidate.url for page in pages],
            "externalLinks": outside,
            "pages": [self._shown(page) for page in pages],
            "complete": self._map.complete,
        }

    def _shown(self, page: MapPage) -> dict[str, Any]:
        candidate = page.candidate
        title = self._map.titles.get(candidate.identity) or candidate.title
        return {
            "url": candidate.url,
            **({"title": title} if title else {}),
            **({"lastModified": candidate.last_modified} if candidate.last_modified else {}),
            "source": page.source,
            "depth": page.depth,
        }


def replace_patterns(wanted: CrawlFilter) -> CrawlFilter:
    """The same site with every URL of it wanted: the first page is opened whatever the patterns say."""
    return replace(wanted, include=Patterns(()), exclude=Patterns(()))


def _by_relevance(pages: list[MapPage], query: str, titles: dict[str, str]) -> list[MapPage]:
    """Pages by what their URL, title and link text say, the most relevant first; the others in their order."""
    documents = []
    for page in pages:
        text = f"{page.candidate.title} {titles.get(page.candidate.identity, '')}"
        documents.append(ordering.url_words(page.candidate.url) + ordering.words(text))
    scores = ordering.relevance(query, documents)
    order = sorted(range(len(pages)), key=lambda index: -scores[index])
    return [pages[index] for index in order]
