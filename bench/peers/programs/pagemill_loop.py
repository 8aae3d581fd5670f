"""Pagemill's fetcher and extraction in a plain loop: no database, no queue, no API, no process that can be killed."""

from __future__ import annotations

import asyncio

import turns
import uvloop

from pagemill.errors import FetchError
from pagemill.extraction import extract
from pagemill.fetching.http.fetcher import HttpFetcher
from pagemill.model import Format
from pagemill.settings import Settings

_CONCURRENCY = 16
_FORMATS = frozenset({Format.MARKDOWN})


def _markdown(html: bytes, url: str, content_type: str = "") -> str:
    return extract(html, url, content_type=content_type, formats=_FORMATS).markdown


async def _scrape(urls: list[str]) -> list[str]:
    slots = asyncio.Semaphore(_CONCURRENCY)
    async with HttpFetcher(Settings()) as fetcher:

        async def one(url: str) -> str:
            async with slots:
                try:
                    page = await fetcher.fetch(url)
                except FetchError:
                    return ""
            return _markdown(page.body, page.final_url, page.content_type)

        return await asyncio.gather(*map(one, urls))


if __name__ == "__main__":
    turns.run(
        lambda: _markdown(b"<p>Loads what is loaded once.</p>", "https://example.org/"),
        lambda urls: uvloop.run(_scrape(urls)),
    )
