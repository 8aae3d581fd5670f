"""What a map or a crawl is to find, in this service's terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pagemill.api.firecrawl.requests.paths import WITH_QUERY, outside_pattern, path_patterns
from pagemill.api.firecrawl.requests.refusals import refuse_unserved, warnings_about
from pagemill.api.sites.requests import checked_patterns, ignores_robots, site_of
from pagemill.api.wire.request_validation import single_url
from pagemill.errors import NotSupportedError
from pagemill.model import JobKind, SiteOptions
from pagemill.sites.identity import site_url

if TYPE_CHECKING:
    from pagemill.api.firecrawl.requests.fields import FirecrawlCrawlRequest, FirecrawlMapRequest
    from pagemill.jobs.queue.store import Site
    from pagemill.settings import Settings

DEFAULT_CRAWL_LIMIT = 10_000
DEFAULT_MAP_LIMIT = 5000
_MAP_DEPTH = 1


@dataclass(frozen=True, slots=True)
class AskedSite:
    """The site, and what of the request it leaves out."""

    site: Site
    warnings: tuple[str, ...]


def asked_crawl(request: FirecrawlCrawlRequest, settings: Settings) -> AskedSite:
    """Return what a crawl is to find. Raises errors.RequestError."""
    refuse_unserved(request)
    if request.sitemap == "only":
        raise NotSupportedError("The field `sitemap` is not supported as `only`: a crawl follows links.")
    warnings = warnings_about(request)
    options = SiteOptions(
        url=single_url(request.url, settings),
        limit=_at_most(request.limit, DEFAULT_CRAWL_LIMIT, settings.sites.crawl_max_pages, "limit", warnings),
        depth=_at_most(
            request.max_discovery_depth,
            settings.sites.crawl_max_depth,
            settings.sites.crawl_max_depth,
            "maxDiscoveryDepth",
            warnings,
        ),
        subdomains=bool(request.allow_subdomains),
        sitemap=request.sitemap != "skip",
        ignore_robots=ignores_robots(request.ignore_robots_txt, settings, "ignoreRobotsTxt"),
        include=_included(request),
        exclude=_excluded(request),
    )
    return AskedSite(site_of(JobKind.CRAWL, options), tuple(warnings))


def asked_map(request: FirecrawlMapRequest, settings: Settings) -> AskedSite:
    """Return what a map is to find. Raises errors.RequestError."""
    refuse_unserved(request)
    warnings = warnings_about(request)
    options = SiteOptions(
        url=single_url(request.url, settings),
        limit=_at_most(request.limit, DEFAULT_MAP_LIMIT, settings.sites.map_max_links, "limit", warnings),
        depth=0 if request.sitemap == "only" else _MAP_DEPTH,
        subdomains=request.include_subdomains is not False,
        search=request.search or None,
        sitemap=request.sitemap != "skip",
    )
    return AskedSite(site_of(JobKind.MAP, options), tuple(warnings))


def _at_most(asked: int | None, default: int, most: int, field: str, warnings: list[str]) -> int:
    """Return a limit that the service keeps: fewer than asked for is still at most that."""
    if asked is not None and asked > most:
        warnings.append(f"The field `{field}` is taken as {most}, the most that this service does.")
    return min(default if asked is None else asked, most)


def _included(request: FirecrawlCrawlRequest) -> tuple[str, ...]:
    patterns = path_patterns(request.include_paths or (), full_url=bool(request.regex_on_full_url))
    return checked_patterns(patterns, "includePaths")


def _excluded(request: FirecrawlCrawlRequest) -> tuple[str, ...]:
    patterns = path_patterns(request.exclude_paths or (), full_url=bool(request.regex_on_full_url))
    if request.ignore_query_parameters:
        patterns.append(WITH_QUERY)
    start = site_url(request.url.strip())
    if not request.crawl_entire_domain and start is not None and (outside := outside_pattern(start.path)):
        patterns.append(outside)
    return checked_patterns(patterns, "excludePaths")
