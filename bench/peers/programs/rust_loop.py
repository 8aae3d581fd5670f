"""curl_cffi fetches, rs-trafilatura (Rust) extracts, in a plain loop."""

from __future__ import annotations

import asyncio

import rs_trafilatura
import turns
from curl_cffi import AsyncSession

_CONCURRENCY = 16


def _markdown(html: bytes, url: str) -> str:
    found = rs_trafilatura.extract(html.decode("utf-8", "replace"), url=url, include_links=True, output_markdown=True)
    return found.content_markdown or found.main_content or ""


async def _scrape(urls: list[str]) -> list[str]:
    slots = asyncio.Semaphore(_CONCURRENCY)
    async with AsyncSession(max_clients=_CONCURRENCY) as session:

        async def one(url: str) -> str:
            async with slots:
                response = await session.get(url, impersonate="chrome")
            return _markdown(response.content, url)

        return await asyncio.gather(*map(one, urls))


if __name__ == "__main__":
    turns.run(
        lambda: _markdown(b"<html><body><p>Loads what is loaded once.</p></body></html>", "https://example.org/"),
        lambda urls: asyncio.run(_scrape(urls)),
    )
