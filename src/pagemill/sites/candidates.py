"""The URLs that pages, sitemaps and feeds name, and which of them are of the site and worth asking for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pagemill.errors import UnfetchableUrlError
from pagemill.fetching.url import parse_url
from pagemill.sites import traps
from pagemill.sites.identity import site_url
from pagemill.sites.robots import ALLOW_ALL, Robots

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pagemill.sites.entries import Entry
    from pagemill.sites.identity import SiteUrl
    from pagemill.sites.scope import CrawlFilter

_NO_PAGES = (
    ".jpg .jpeg .png .gif .webp .avif .svg .ico .bmp .tif .tiff .css .js .mjs .map .woff .woff2 .ttf .otf .eot .mp3 "
    ".mp4 .m4a .m4v .webm .ogg .wav .avi .mov .mkv .flac .zip .tar .tgz .bz2 .xz .7z .rar .exe .dmg .msi .deb .rpm "
    ".apk .iso .bin .jar .doc .docx .xls .xlsx .ppt .pptx .odt .ods .odp .epub .swf"
)
_SUFFIXES = tuple(_NO_PAGES.split())


@dataclass(frozen=True, slots=True)
class Candidate:
    """A URL that may be a page of the site."""

    url: str
    identity: str
    """SHA-256 of what makes it this page, in hexadecimal."""
    host: str
    family: str | None
    """The same of the family that may have no end, where it is of one."""
    title: str
    last_modified: str | None
    priority: float | None


@dataclass(slots=True)
class Selection:
    """What was selected: of the site, and of others."""

    inside: list[Candidate] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)


def select(  # noqa: PLR0913 - what is wanted, and how much of it
    entries: Iterable[Entry],
    base: str,
    wanted: CrawlFilter,
    robots: Robots = ALLOW_ALL,
    *,
    limit: int,
    outside: int = 0,
) -> Selection:
    """Return what entries name, each once. `base` is the address that named them, whose host `robots` is of.

    At most `limit` of the site, and `outside` of others.
    """
    selection = Selection()
    try:
        page = parse_url(base)
    except UnfetchableUrlError:
        return selection
    own = site_url(base)
    seen: set[str] = set()
    for entry in entries:
        url = site_url(entry.url, page)
        if url is None or url.identity in seen or url.path.lower().endswith(_SUFFIXES):
            continue
        seen.add(url.identity)
        if not wanted.scope.has(url):
            if len(selection.outside) < outside:
                selection.outside.append(url.clean)
        elif len(selection.inside) >= limit:
            break
        elif wanted.has(url) and not traps.is_trap(url) and _allowed(url, own, robots):
            selection.inside.append(_candidate(url, entry))
    return selection


def digest(text: str) -> str:
    """SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _allowed(url: SiteUrl, own: SiteUrl | None, robots: Robots) -> bool:
    return own is None or url.host != own.host or robots.allows(target(url))


def target(url: SiteUrl) -> str:
    """The path and query, as robots.txt speaks of them."""
    return "/" + url.clean.partition("#")[0].partition("://")[2].partition("/")[2]


def _candidate(url: SiteUrl, entry: Entry) -> Candidate:
    family = traps.family(url)
    return Candidate(
        url.clean,
        digest(url.identity),
        url.host,
        digest(family) if family else None,
        " ".join(entry.title.split())[:500],
        entry.last_modified,
        entry.priority,
    )
