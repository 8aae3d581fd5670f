"""Scrapy fetches, trafilatura makes Markdown in the parse callback: the usual pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import scrapy
import trafilatura
import turns
from scrapy.crawler import CrawlerProcess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SETTINGS = {
    "CONCURRENT_REQUESTS": 16,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
    "DOWNLOAD_DELAY": 0,
    "AUTOTHROTTLE_ENABLED": False,
    "COOKIES_ENABLED": False,
    "LOG_LEVEL": "CRITICAL",
    "ROBOTSTXT_OBEY": False,
    "TELNETCONSOLE_ENABLED": False,
    "DOWNLOAD_MAXSIZE": 0,
    "DOWNLOAD_WARNSIZE": 0,
}


def _markdown(html: bytes, url: str) -> str:
    return trafilatura.extract(html, url=url, output_format="markdown", include_links=True, with_metadata=False) or ""


class PagesSpider(scrapy.Spider):  # type: ignore[misc]
    """Fetches its URLs once each."""

    name = "pages"

    def __init__(self, urls: list[str], found: list[str]) -> None:
        super().__init__()
        self.urls, self.found = urls, found

    async def start(self) -> AsyncIterator[Any]:
        """Give the requests."""
        for url in self.urls:
            yield scrapy.Request(url, dont_filter=True)

    def parse(self, response: Any) -> None:
        """Extract one page."""
        self.found.append(_markdown(response.body, response.url))


def _scrape(urls: list[str]) -> list[str]:
    found: list[str] = []
    process = CrawlerProcess(SETTINGS)
    process.crawl(PagesSpider, urls=urls, found=found)
    process.start()
    return found


if __name__ == "__main__":
    turns.run(lambda: _markdown(b"<html><body><p>Loads what is loaded once.</p></body></html>", ""), _scrape)
