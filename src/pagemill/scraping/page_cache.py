"""What the scraper asks of a cache of pages. The one that the service uses is in `pagemill.jobs.memory.page_cache`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import orjson

from pagemill.errors import UnfetchableUrlError
from pagemill.fetching.url import parse_url
from pagemill.model import FetchedWith, Format

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pagemill.model import Correction, FetchedPage, ScrapeOptions

PartsAskedFor = tuple[bool, tuple[str, ...], tuple[str, ...], bool, tuple["Correction", ...]]

WHOLE_CONTENT: PartsAskedFor = (True, (), (), False, ())
"""`parts_asked_for` of a request that says nothing of them."""
_PICTURES = frozenset({Format.SCREENSHOT, Format.SCREENSHOT_FULL_PAGE})


@dataclass(frozen=True, slots=True)
class CachedPage:
    """What a cache knows of a page, without its bytes."""

    final_url: str
    status_code: int
    content_type: str
    etag: str | None
    last_modified: str | None
    extractor: str
    """The version of the extractor that made its values."""
    age: float
    """Seconds since it was fetched, or found unchanged."""
    fetched_with: str
    """A value of `pagemill.model.FetchedWith`."""
    formats: frozenset[str]
    """Of which values are kept, `metadata` among them."""


class PageCache(Protocol):
    """Pages by key. A cache that cannot be reached holds nothing, and raises nothing."""

    async def find(self, key: bytes) -> CachedPage | None:
        """What is known of a page."""

    async def bodies(self, key: bytes, formats: Iterable[str]) -> dict[str, bytes]:
        """The values of these formats that are there, packed as in `pagemill.bodies`."""

    async def raw(self, key: bytes) -> bytes | None:
        """The bytes as they were fetched."""

    async def lock(self, key: bytes) -> bool:
        """Take the lock of fetching a page. False while another has it, in whatever process."""

    async def unlock(self, key: bytes) -> None:
        """Give the lock back. `keep` and `renew` do so too."""

    async def keep(
        self, key: bytes, page: FetchedPage, fetched_with: str, extractor: str, bodies: Mapping[str, bytes]
    ) -> None:
        """Keep what was fetched and made of it, in place of what was there."""

    async def keep_bodies(self, key: bytes, extractor: str, bodies: Mapping[str, bytes]) -> None:
        """Keep more that was made of the same bytes."""

    async def renew(self, key: bytes) -> None:
        """Count a page as fetched now: it has not changed."""


@dataclass(frozen=True, slots=True)
class CacheKeys:
    """Under which keys a page is looked for and kept."""

    fetched: bytes
    """Of the page as it comes over HTTP, whatever the fragment; that of `rendered` where the fragment is a route."""
    rendered: bytes
    """Of the page as it is rendered, to which the fragment belongs."""

    def of(self, fetched_with: str) -> bytes:
        """The key to keep a page under that was fetched with this."""
        return self.rendered if fetched_with == FetchedWith.BROWSER else self.fetched


def cache_keys(url: str, options: ScrapeOptions) -> CacheKeys | None:
    """What makes it this page; None for one that is nobody else's business, or no page.

    The URL is normalised as browsers do (WHATWG): scheme and host in lower case, no default port, no dot segments;
    path, query and the order of the query stay. Only what an anonymous visitor sees by itself is shared: nothing with
    headers, cookies, a user agent, a user name in the URL, actions or a wait of the request's own. Pictures are not
    kept.
    """
    if options.is_private or options.wait_for or not _PICTURES.isdisjoint(options.formats):
        return None
    try:
        parsed = parse_url(url)
    except UnfetchableUrlError:
        return None
    if parsed.href.partition("#")[0] != parsed.public_href:
        return None
    page = [parsed.public_href, options.country.lower(), options.use_browser]
    rendered = _hash([*page, parsed.fragment] if parsed.fragment else page)
    return CacheKeys(rendered if parsed.has_route else _hash(page), rendered)


def parts_asked_for(options: ScrapeOptions) -> PartsAskedFor:
    """What a request, and the corrections of its API key, say of which parts of a page are content."""
    return (
        options.only_main_content,
        options.include_tags,
        options.exclude_tags,
        options.include_comments,
        options.corrections,
    )


def is_plain(options: ScrapeOptions) -> bool:
    """Whether the values are those that everyone gets who asks for no other part of the page."""
    return parts_asked_for(options) == WHOLE_CONTENT


def cache_key(url: str, options: ScrapeOptions) -> bytes | None:
    """The key of the page as it comes over HTTP, see `cache_keys`."""
    keys = cache_keys(url, options)
    return keys.fetched if keys else None


def _hash(parts: list[object]) -> bytes:
    return hashlib.sha256(orjson.dumps(parts)).digest()
