"""Whatever comes after a page's text fails alone: each stage raises, and the client still gets the content."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from ipaddress import ip_network

import pytest
from pydantic import SecretStr
from tests.scraping.page_cache import MemoryPageCache
from tests.web.http_server import HttpServer, Response
from tests.web.proxy import Proxy
from tests.web.site import WORDS

from pagemill import bodies
from pagemill.errors import BrowserUnavailableError, ExtractionCrashedError
from pagemill.fetching.browser.chromium import find_chromium
from pagemill.fetching.browser.screenshots import SCREENSHOT_FORMATS
from pagemill.fetching.proxies.scores import MemoryProxyScores
from pagemill.model import FetchedWith, Format, MarkdownOptions, ScrapeOptions
from pagemill.scraping.extractor_pool import _Process
from pagemill.scraping.host_memory import HostMemory
from pagemill.scraping.scraper import Scraper
from pagemill.settings import Settings

SETTINGS = Settings(
    allowed_networks=(ip_network("127.0.0.2/32"),), fetch_attempts=1, cache_time=3600.0, browser_start_timeout=60.0
)
OPTIONS = ScrapeOptions(formats=(Format.MARKDOWN,))
ARTICLE = Response(f"<html><body><article><h1>Title</h1><p>{WORDS}</p></article></body></html>".encode())


class UnforeseenError(Exception):
    """No error that anybody knows."""


async def fails(*_args, **_kwargs):
    raise UnforeseenError


def fails_at_once(*_args, **_kwargs):
    raise UnforeseenError


@pytest.fixture
async def web():
    async with HttpServer({"/": ARTICLE}, "127.0.0.2") as web:
        yield web


def assert_whole(page):
    assert "words of an article" in bodies.unpack(page.bodies["markdown"])


@pytest.mark.parametrize("method", ["find", "bodies", "raw", "lock", "unlock", "keep", "keep_bodies", "renew"])
async def test_a_cache_that_fails_loses_no_page(web, monkeypatch, method):
    cache = MemoryPageCache()
    monkeypatch.setattr(cache, method, fails)
    async with Scraper(SETTINGS, cache) as scraper:
        for formats in ((Format.MARKDOWN,), (Format.MARKDOWN, Format.LINKS)):
            for _ in range(2):
                assert_whole(await scraper.scrape(web.url("/"), ScrapeOptions(formats=formats)))


@pytest.mark.parametrize("validator", ["bodies", "raw", "renew"])
async def test_a_cache_that_fails_after_a_304_loses_no_page(web, monkeypatch, validator):
    def answer(request):
        return Response(b"", 304) if "if-none-match" in request.headers else served

    served = Response(ARTICLE.body, headers=(("ETag", '"1"'),))
    web.routes["/"] = answer
    cache = MemoryPageCache()
    async with Scraper(SETTINGS, cache) as scraper:
        await scraper.scrape(web.url("/"), OPTIONS)
        monkeypatch.setattr(cache, validator, fails)
        assert_whole(await scraper.scrape(web.url("/"), ScrapeOptions(formats=(Format.MARKDOWN,), max_age=0.0)))


@pytest.mark.parametrize("method", ["browser_first", "learn"])
async def test_host_memory_that_fails_loses_no_page(web, monkeypatch, tmp_path, method):
    memory = HostMemory(SETTINGS)
    monkeypatch.setattr(memory, method, fails if method == "learn" else fails_at_once)
    async with Scraper(SETTINGS.changed(chromium=tmp_path / "none"), memory=memory) as scraper:
        assert_whole(await scraper.scrape(web.url("/"), OPTIONS))


@pytest.mark.parametrize("method", ["of", "record"])
async def test_proxy_scores_that_fail_lose_no_page(web, monkeypatch, method):
    scores = MemoryProxyScores(600)
    monkeypatch.setattr(scores, method, fails)
    async with Proxy() as one, Proxy() as other:
        proxies = SecretStr(f"us={one.proxy_url()} us={other.proxy_url()}")
        async with Scraper(SETTINGS.changed(proxies=proxies), proxy_scores=scores) as scraper:
            assert_whole(await scraper.scrape(web.url("/"), OPTIONS))


@pytest.mark.parametrize("part", ["structurer", "extraction process"])
async def test_structuring_that_fails_loses_no_page(web, monkeypatch, part):
    async with Scraper(SETTINGS) as scraper:
        if part == "structurer":
            monkeypatch.setattr(scraper._structured._structurer, "make", fails)
        else:
            monkeypatch.setattr(scraper._context.extractors, "structure", fails)
        page = await scraper.scrape(web.url("/"), ScrapeOptions(formats=(Format.MARKDOWN, Format.JSON, Format.SUMMARY)))
    assert_whole(page)
    assert bodies.unpack(page.bodies["json"])["status"] == "failed"


FINISHED = ScrapeOptions(formats=(Format.MARKDOWN, Format.LINKS), markdown=MarkdownOptions(max_tokens=50))


@pytest.mark.parametrize(
    ("failure", "code"),
    [(UnforeseenError(), "internal_error"), (ExtractionCrashedError("It ended its process."), "extraction_crashed")],
)
async def test_markdown_that_cannot_be_finished_is_the_plain_one(web, monkeypatch, failure, code):
    async def fail(*_args):
        raise failure

    async with Scraper(SETTINGS) as scraper:
        monkeypatch.setattr(scraper._context.extractors, "finish_markdown", fail)
        page = await scraper.scrape(web.url("/"), FINISHED)
    assert_whole(page)
    assert bodies.unpack(page.bodies["markdown_error"]).endswith(f"({code})")
    assert set(page.bodies) == {"markdown", "links", "metadata", "markdown_error"}


async def test_a_process_that_ends_as_it_finishes_markdown_loses_no_page(web, monkeypatch):
    async with Scraper(SETTINGS) as scraper:
        ask = _Process.ask

        async def killed(process, header, body):
            if "markdown_options" in header:
                process._process.kill()
            return await ask(process, header, body)

        monkeypatch.setattr(_Process, "ask", killed)
        page = await scraper.scrape(web.url("/"), FINISHED)
    assert_whole(page)
    assert bodies.unpack(page.bodies["markdown_error"]).endswith("(extraction_crashed)")


async def test_time_that_is_up_as_markdown_is_finished_loses_no_page(web, monkeypatch):
    async def never(*_args):
        await asyncio.sleep(60)

    async with Scraper(SETTINGS) as scraper:
        monkeypatch.setattr(scraper._context.extractors, "finish_markdown", never)
        page = await scraper.scrape(web.url("/"), replace(FINISHED, timeout=3.0))
    assert_whole(page)
    assert bodies.unpack(page.bodies["markdown_error"]).endswith("(timeout)")


async def test_a_browser_that_fails_leaves_what_http_brought(web, monkeypatch):
    web.routes["/"] = Response(ARTICLE.body.replace(b"</article>", b"</article><script>1</script>"))
    require_chromium()
    async with Scraper(SETTINGS) as scraper:
        monkeypatch.setattr(scraper._context.browser, "render", fails)
        page = await scraper.scrape(web.url("/#/route"), OPTIONS)
    assert_whole(page)
    assert [(step.fetched_with, step.outcome) for step in page.attempts] == [
        (FetchedWith.HTTP, "javascript_shell"),
        (FetchedWith.BROWSER, "browser_error"),
    ]


async def test_screenshots_that_fail_lose_no_page(web, monkeypatch):
    require_chromium()
    async with Scraper(SETTINGS) as scraper:
        render = scraper._context.browser.render

        async def without_pictures(url, options, *rest):
            if not SCREENSHOT_FORMATS.isdisjoint(options.formats):
                raise UnforeseenError
            return await render(url, options, *rest)

        monkeypatch.setattr(scraper._context.browser, "render", without_pictures)
        page = await scraper.scrape(web.url("/"), ScrapeOptions(formats=(Format.MARKDOWN, Format.SCREENSHOT)))
    assert_whole(page)
    assert "screenshot" not in page.bodies


def require_chromium():
    try:
        find_chromium(SETTINGS)
    except BrowserUnavailableError as error:
        pytest.skip(error.message)
