"""Which URLs belong to a site, and which of them a crawl wants."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from pagemill.sites.identity import site_url

if TYPE_CHECKING:
    from pagemill.sites.identity import SiteUrl
    from pagemill.sites.patterns import Patterns


@dataclass(frozen=True, slots=True)
class Scope:
    """A site by one of its URLs: its host with and without `www.`, and the hosts below it where asked for."""

    host: str
    """As `SiteUrl.host`, without `www.`."""
    subdomains: bool = False

    @classmethod
    def of(cls, url: str, *, subdomains: bool = False) -> Scope:
        """The site of a URL that was checked."""
        found = site_url(url)
        return cls(found.host.removeprefix("www.") if found else "", subdomains)

    def has(self, url: SiteUrl) -> bool:
        """Whether a URL belongs to the site."""
        host = url.host.removeprefix("www.")
        if host == self.host:
            return True
        return self.subdomains and host.endswith(f".{self.host}") and not _is_address(self.host)


@dataclass(frozen=True, slots=True)
class CrawlFilter:
    """The URLs that a crawl wants: of its site, by its patterns."""

    scope: Scope
    include: Patterns
    exclude: Patterns

    def has(self, url: SiteUrl) -> bool:
        """Whether a URL is wanted."""
        if not self.scope.has(url) or self.exclude.match(url):
            return False
        return not self.include or self.include.match(url)


def _is_address(host: str) -> bool:
    try:
        ip_address(host.rpartition(":")[0] or host)
    except ValueError:
        return False
    return True
