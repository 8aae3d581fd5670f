"""Crawl4AI without its browser: the whole page as Markdown, or with its pruning filter (argument `filter`)."""

from __future__ import annotations

import asyncio
import sys

import turns
from crawl4ai import AsyncWebCrawler, CacheMode, CrawlerRunConfig, HTTPCrawlerConfig, SemaphoreDispatcher
from crawl4ai.async_crawler_strategy import AsyncHTTPCrawlerStrategy
from crawl4ai.async_logger import AsyncLogger
from crawl4ai.content_filter_strategy import PruningContentFilterLXML
from crawl4ai.markdown_generation_strategy import DefaultMarkdownGenerator

_CONCURRENCY = 16


async def _scrape(urls: list[str], *, filtered: bool) -> list[str]:
    generator = DefaultMarkdownGenerator(content_filter=PruningContentFilterLXML() if filtered else None)
    config = CrawlerRunConfig(markdown_generator=generator, cache_mode=CacheMode.BYPASS, verbose=False)
    strategy = AsyncHTTPCrawlerStrategy(HTTPCrawlerConfig(), max_connections=_CONCURRENCY)
    logger = AsyncLogger(verbose=False)
    async with AsyncWebCrawler(crawler_strategy=strategy, logger=logger) as crawler:
        dispatcher = SemaphoreDispatcher(semaphore_count=_CONCURRENCY)
        results = await crawler.arun_many(urls, config=config, dispatcher=dispatcher)
    return [_markdown(result, filtered=filtered) for result in results]


def _markdown(result: object, *, filtered: bool) -> str:
    markdown = getattr(result, "markdown", None)
    return (getattr(markdown, "fit_markdown" if filtered else "raw_markdown", "") or "") if markdown else ""


if __name__ == "__main__":
    use_filter = sys.argv[1:] == ["filter"]
    turns.run(lambda: None, lambda urls: asyncio.run(_scrape(urls, filtered=use_filter)))
