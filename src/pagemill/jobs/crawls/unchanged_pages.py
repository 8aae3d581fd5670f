"""Which pages of a crawl did not change since the moment, or the monitor, that it was given."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pagemill import bodies
from pagemill.jobs.monitors import statements
from pagemill.jobs.monitors.page_comparison import compare_page
from pagemill.model import METADATA, Format
from pagemill.sites.candidates import digest
from pagemill.sites.identity import site_url
from pagemill.sites.moments import moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.jobs.database.pool import Database
    from pagemill.jobs.monitors.page_comparison import Comparer
    from pagemill.model import SiteOptions
    from pagemill.scraping.scraped_page import ScrapedPage
    from pagemill.sites.candidates import Candidate

_LARGEST_METADATA = 64 * 1024
"""Bytes of packed metadata that are looked into for the page's date."""


class UnchangedPages:
    """What a crawl was given to compare its pages with."""

    def __init__(self, database: Database, comparer: Comparer, site: SiteOptions) -> None:
        self._database = database
        self._comparer = comparer
        self._since = moment(site.since)
        self._monitor_id = site.monitor_id

    def without(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Return these URLs without those of which a sitemap says that they did not change."""
        return [candidate for candidate in candidates if not self._is_before(candidate.last_modified)]

    async def has(self, url: str, scraped: ScrapedPage) -> bool:
        """Whether a page did not change. Where nothing tells, it did. Raises a subclass of errors.PageError."""
        return await self._is_known(url, scraped) or self._is_before(_modified(scraped))

    def _is_before(self, text: str | None) -> bool:
        changed = moment(text, ends_day=True)
        return self._since is not None and changed is not None and changed <= self._since

    async def _is_known(self, url: str, scraped: ScrapedPage) -> bool:
        """Whether the monitor has the same content. It knows pages by the URLs that were asked for."""
        content, found = scraped.plain_markdown or scraped.bodies.get(Format.MARKDOWN), site_url(url)
        if self._monitor_id is None or content is None or found is None:
            return False
        page = bytes.fromhex(digest(found.identity))
        known = await self._database.row(statements.GET_KNOWN_PAGE, self._monitor_id, page)
        if known is None or known["content"] is None:
            return False
        if known["content"] == content:
            return True
        old, new = {"content": known["content"]}, {"content": content}
        compared = await compare_page(
            self._comparer, url, old, new, known["captured_at"], datetime.now(UTC), max_characters=0
        )
        return not compared["changed"]


def _modified(scraped: ScrapedPage) -> str | None:
    """When a page says that it was changed last."""
    metadata = scraped.bodies.get(METADATA, b"")
    found = bodies.unpack(metadata).get("modified") if 0 < len(metadata) < _LARGEST_METADATA else None
    return found if isinstance(found, str) else None
