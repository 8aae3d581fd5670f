"""The request bodies of maps and crawls, and how they are checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import ConfigDict, Field

from pagemill.api.wire.request_validation import checked_country, session_use, single_url
from pagemill.api.wire.scrape_request import SESSION_ID, SESSION_NAME, JobFields, ScrapeFields, SessionId, SessionName
from pagemill.errors import InvalidPatternError, InvalidUrlError, NotSupportedError, RequestError
from pagemill.jobs.queue.store import Site
from pagemill.model import JobKind, ScrapeOptions, SiteOptions
from pagemill.sites.candidates import digest
from pagemill.sites.identity import site_url
from pagemill.sites.moments import moment
from pagemill.sites.ordering import MAX_QUERY
from pagemill.sites.patterns import MAX_LENGTH, MAX_PATTERNS, Patterns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.settings import Settings

MAX_MAP_DEPTH = 5
_PATTERNS = list[Annotated[str, Field(max_length=MAX_LENGTH)]]


class MapRequest(JobFields):
    """A site whose URLs are to be found."""

    url: str = Field(description="A page of the site: http or https.", json_schema_extra={"format": "uri"})
    limit: Annotated[int, Field(ge=1)] | None = Field(100, description="How many URLs at most.")
    depth: Annotated[int, Field(ge=0, le=MAX_MAP_DEPTH)] | None = Field(
        2, description="How many links are followed, one after another. 0 opens no page."
    )
    limit_per_level: Annotated[int, Field(ge=1)] | None = Field(
        100, description="How many pages are opened at each depth."
    )
    include_subdomains: bool | None = Field(False, description="Whether hosts below the site's belong to it.")
    include_external_links: bool | None = Field(False, description="Whether URLs of other sites are returned too.")
    search: str | None = Field(
        None,
        max_length=MAX_QUERY,
        description="A text: URLs that are about it come first, by URL, title and link text.",
    )
    use_sitemap: bool | None = Field(True, description="Whether sitemaps and feeds are read.")
    ignore_robots: bool | None = Field(False, description="Whether `robots.txt` is ignored, where a setting lets it.")
    session_id: SessionId | None = Field(None, description=SESSION_ID)
    session_name: SessionName | None = Field(None, description=SESSION_NAME)

    model_config = ConfigDict(json_schema_extra={"examples": [{"url": "https://example.com", "limit": 500}]})


class CrawlRequest(ScrapeFields):
    """A site whose pages are to be scraped."""

    url: str = Field(description="The first page: http or https.", json_schema_extra={"format": "uri"})
    max_pages: Annotated[int, Field(ge=1)] | None = Field(10, description="How many pages at most.")
    depth: Annotated[int, Field(ge=0)] | None = Field(
        1, description="How many links are followed, one after another. 0 scrapes the first page alone."
    )
    include_patterns: _PATTERNS | None = Field(
        None, max_length=MAX_PATTERNS, description="Only URLs that match any: globs, or regular expressions in slashes."
    )
    exclude_patterns: _PATTERNS | None = Field(
        None, max_length=MAX_PATTERNS, description="No URLs that match any of these."
    )
    same_domain: bool | None = Field(True, description="A crawl stays on its site: false is refused.")
    include_subdomains: bool | None = Field(False, description="Whether hosts below the site's belong to it.")
    use_sitemap: bool | None = Field(False, description="Whether the URLs of the site's sitemaps are crawled too.")
    query: str | None = Field(
        None, max_length=MAX_QUERY, description="A text: pages whose URL and link text are like it are taken first."
    )
    ignore_robots: bool | None = Field(False, description="Whether `robots.txt` is ignored, where a setting lets it.")
    since: str | None = Field(
        None,
        max_length=64,
        description="RFC 3339, or a date: contents only of pages that changed after it, by sitemaps and their dates.",
    )
    monitor_id: str | None = Field(
        None, max_length=64, description="Contents only of pages that differ from what this monitor knows."
    )

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"url": "https://example.com", "maxPages": 50, "formats": ["markdown"]}]}
    )


def map_options(request: MapRequest, settings: Settings) -> ScrapeOptions:
    """Return how the pages of a map are fetched. Raises errors.RequestError."""
    return ScrapeOptions(
        country=checked_country(request.country, settings),
        use_browser=bool(request.use_browser),
        session=session_use(request.session_id, request.session_name),
    )


def map_site(request: MapRequest, settings: Settings) -> Site:
    """Return what a map is to find. Raises errors.RequestError."""
    limit = 100 if request.limit is None else request.limit
    _at_most(limit, settings.sites.map_max_links, "limit")
    options = SiteOptions(
        url=single_url(request.url, settings),
        limit=limit,
        depth=2 if request.depth is None else request.depth,
        limit_per_level=request.limit_per_level or 100,
        subdomains=bool(request.include_subdomains),
        external_links=bool(request.include_external_links),
        search=request.search or None,
        sitemap=request.use_sitemap is not False,
        ignore_robots=ignores_robots(request.ignore_robots, settings),
    )
    return site_of(JobKind.MAP, options)


def crawl_site(request: CrawlRequest, settings: Settings) -> Site:
    """Return what a crawl is to find. Raises errors.RequestError."""
    limit = 10 if request.max_pages is None else request.max_pages
    depth = 1 if request.depth is None else request.depth
    _at_most(limit, settings.sites.crawl_max_pages, "maxPages")
    _at_most(depth, settings.sites.crawl_max_depth, "depth")
    if request.same_domain is False and not request.include_subdomains:
        raise NotSupportedError(
            "The field `sameDomain` is not supported as false: a crawl stays on its site.", "sameDomain"
        )
    if request.save_session:
        raise NotSupportedError(
            "The field `saveSession` is not supported by crawls: save it with a page before.", "saveSession"
        )
    options = SiteOptions(
        url=single_url(request.url, settings),
        limit=limit,
        depth=depth,
        subdomains=bool(request.include_subdomains),
        search=request.query or None,
        sitemap=bool(request.use_sitemap),
        ignore_robots=ignores_robots(request.ignore_robots, settings),
        include=checked_patterns(request.include_patterns or (), "includePatterns"),
        exclude=checked_patterns(request.exclude_patterns or (), "excludePatterns"),
        since=_since(request.since),
        monitor_id=request.monitor_id or None,
    )
    return site_of(JobKind.CRAWL, options)


def site_of(kind: JobKind, options: SiteOptions) -> Site:
    """Return the site that a map or a crawl begins at. Raises errors.InvalidUrlError."""
    found = site_url(options.url)
    if found is None:
        raise InvalidUrlError("The field `url` is not a valid URL: a site has a host, and no user name.", "url")
    return Site(kind, options, bytes.fromhex(digest(found.identity)), found.host)


def _since(text: str | None) -> str | None:
    if not text:
        return None
    found = moment(text)
    if found is None:
        raise RequestError("The field `since` is not valid: it is neither a time nor a date.", "since")
    return found.isoformat()


def _at_most(value: int, most: int, field: str) -> None:
    if value > most:
        raise RequestError(f"The field `{field}` is not valid: at most {most} is taken.", field)


def ignores_robots(asked: bool | None, settings: Settings, field: str = "ignoreRobots") -> bool:
    """Whether robots.txt is ignored. Raises errors.NotSupportedError where the settings do not let it."""
    if asked and not settings.sites.robots_may_be_ignored:
        raise NotSupportedError(
            f"The field `{field}` is not supported: this service obeys robots.txt. "
            "PAGEMILL_ROBOTS_MAY_BE_IGNORED lets it be asked for.",
            field,
        )
    return bool(asked)


def checked_patterns(patterns: Sequence[str], field: str) -> tuple[str, ...]:
    """Return patterns that can be used. Raises errors.InvalidPatternError, which names the first that cannot."""
    for index, pattern in enumerate(patterns):
        try:
            Patterns((pattern,))
        except InvalidPatternError as error:
            raise InvalidPatternError(
                f"The field `{field}[{index}]` is not valid: {error.message}.", f"{field}[{index}]"
            ) from None
    return tuple(patterns)
