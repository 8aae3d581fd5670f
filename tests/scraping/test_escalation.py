"""The way of a page, from HTTP to the browser and back, on a site that has one of each."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from ipaddress import ip_network

import pytest
import pytest_asyncio
from pydantic import SecretStr
from tests.web.hostile import OK, HostileServer, sends
from tests.web.http_server import HttpServer, Response
from tests.web.pictures import size_of
from tests.web.proxy import Proxy
from tests.web.site import WORDS, Site

from pagemill import bodies
from pagemill.errors import (
    BlockedAddressError,
    BlockedError,
    BrowserUnavailableError,
    FetchTimeoutError,
    HttpStatusError,
    InvalidResponseError,
    TooManyRedirectsError,
    UnsupportedContentTypeError,
)
from pagemill.fetching.browser.chromium import find_chromium
from pagemill.fetching.proxies.scores import MemoryProxyScores
from pagemill.model import Action, ActionType, FetchedWith, Format, ScrapeOptions
from pagemill.scraping.host_memory import HostMemory
from pagemill.scraping.scraper import Scraper
from pagemill.settings import Settings

pytestmark = pytest.mark.asyncio(loop_scope="module")

MARKDOWN = ScrapeOptions(formats=(Format.MARKDOWN,))
SETTINGS = Settings(
    allowed_networks=(ip_network("127.0.0.2/32"),),
    fetch_attempts=1,
    ready_timeout=3.0,
    challenge_timeout=3.0,
    browser_wait=1.0,
    browser_start_timeout=60.0,
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scraper():
    try:
        find_chromium(SETTINGS)
    except BrowserUnavailableError as error:
        pytest.skip(error.message)
    async with Scraper(SETTINGS) as scraper:
        yield scraper


@pytest_asyncio.fixture(loop_scope="module")
async def site(scraper):
    await scraper._context.memory.learn("127.0.0.2", needs_browser=False)
    async with Site("127.0.0.2") as site:
        yield site


@pytest_asyncio.fixture(loop_scope="module")
async def without_browser(tmp_path):
    async with Scraper(SETTINGS.changed(chromium=tmp_path / "none")) as scraper:
        yield scraper


WALL = Response(
    b"<html><title>Hold on</title><body><p>One moment.</p>"
    b'<script src="/_Incapsula_Resource?SWJIYLWA=1"></script></body></html>'
)


def steps(scraped):
    return [(step.fetched_with.value, step.outcome) for step in scraped.attempts]


async def needed_browser(memory, host):
    for _ in range(SETTINGS.browser.browser_memory_pages):
        await memory.learn(host, needs_browser=True)


def text(scraped):
    return bodies.unpack(scraped.bodies["markdown"])


async def test_a_served_page_needs_no_browser(scraper, site):
    scraped = await scraper.scrape(site.url("/article"), MARKDOWN)
    assert steps(scraped) == [("http", "ok")]
    assert scraped.fetched_with is FetchedWith.HTTP
    assert len(site.requests) == 1


async def test_a_shell_goes_on_to_the_browser(scraper, site):
    scraped = await scraper.scrape(site.url("/shell"), MARKDOWN)
    assert steps(scraped) == [("http", "javascript_shell"), ("browser", "ok")]
    assert scraped.fetched_with is FetchedWith.BROWSER
    assert "words of an article" in text(scraped)
    assert all(step.duration >= 0 and step.status_code == 200 for step in scraped.attempts)


async def test_a_challenge_that_scripts_can_meet_is_met(scraper, site):
    scraped = await scraper.scrape(site.url("/challenge"), MARKDOWN)
    assert steps(scraped) == [("http", "blocked"), ("browser", "ok")]
    assert scraped.attempts[0].vendor == "Cloudflare"
    assert (scraped.status_code, scraped.attempts[0].status_code) == (200, 403)
    assert "words of an article" in text(scraped)


async def test_a_block_that_nothing_gets_past_names_its_vendor(scraper, site):
    with pytest.raises(BlockedError) as caught:
        await scraper.scrape(site.url("/blocked"), MARKDOWN)
    assert (caught.value.code, caught.value.vendor, caught.value.status_code) == ("blocked", "Imperva", 403)
    assert "Imperva" in caught.value.message
    assert steps(caught.value) == [("http", "blocked"), ("browser", "blocked")]


@contextlib.asynccontextmanager
async def behind_two_proxies(scores):
    """A scraper with two proxies. At the first a bot wall answers, with status 200, whatever is asked for."""
    async with (
        HttpServer() as guarded,
        Proxy(lies_to=("127.0.0.1", guarded.port)) as walled,
        Proxy() as good,
    ):
        guarded.fallback = lambda _: WALL
        proxies = (walled.proxy_url(), good.proxy_url())
        changes = {
            "proxies": SecretStr(" ".join(f"us={url}" for url in proxies)),
            "fetch_attempts": 2,
            "challenge_timeout": 0.5,
        }
        settings = SETTINGS.changed(**changes)
        for _ in range(10):  # so that it is not the one to begin with
            await scores.record("127.0.0.2", proxies[1], None)
        async with Scraper(settings, proxy_scores=scores) as scraper:
            yield scraper, walled, proxies


@pytest.mark.parametrize("way", [FetchedWith.HTTP, FetchedWith.BROWSER])
async def test_a_wall_that_answers_200_counts_against_its_proxy_as_a_403_does(site, way):
    options = ScrapeOptions(formats=(Format.MARKDOWN,), use_browser=way is FetchedWith.BROWSER)
    scores = MemoryProxyScores(60_000)
    async with behind_two_proxies(scores) as (scraper, walled, proxies):
        while not walled.asked:
            scraped = await scraper.scrape(site.url("/article"), options)
            assert steps(scraped) == [(way.value, "ok")]
            assert "words of an article" in text(scraped)
    known = await scores.of("127.0.0.2", proxies)
    assert known[proxies[0]].failures == pytest.approx(1, rel=0.01)
    assert known[proxies[0]].successes == 0
    assert known[proxies[1]].failures == pytest.approx(10, rel=0.01)
    assert known[proxies[1]].successes > 0.9


async def test_an_error_stays_one_and_asks_no_browser(scraper, site):
    with pytest.raises(HttpStatusError) as caught:
        await scraper.scrape(site.url("/status"), MARKDOWN)
    assert caught.value.status_code == 404
    assert steps(caught.value) == [("http", "http_error")]


async def test_an_error_in_the_browser_is_one_too(scraper, site):
    with pytest.raises(HttpStatusError) as caught:
        await scraper.scrape(site.url("/status"), ScrapeOptions(use_browser=True))
    assert steps(caught.value) == [("browser", "http_error")]


async def test_one_page_that_needs_the_browser_says_nothing_of_the_others(scraper, site):
    for _ in range(SETTINGS.browser.browser_memory_pages):
        await scraper.scrape(site.url("/shell"), MARKDOWN)
        assert steps(await scraper.scrape(site.url("/article"), MARKDOWN)) == [("http", "ok")]


async def test_a_host_that_needs_the_browser_goes_there_first_and_back_when_http_does(scraper, site):
    for _ in range(SETTINGS.browser.browser_memory_pages):
        scraped = await scraper.scrape(site.url("/shell"), MARKDOWN)
        assert steps(scraped) == [("http", "javascript_shell"), ("browser", "ok")]
    for _ in range(SETTINGS.browser.browser_probe_every - 1):
        assert steps(await scraper.scrape(site.url("/article"), MARKDOWN)) == [("browser", "ok")]
    for _ in range(2):  # the first is a probe
        assert steps(await scraper.scrape(site.url("/article"), MARKDOWN)) == [("http", "ok")]


async def test_a_browser_that_fails_gives_http_its_turn(scraper, site):
    await needed_browser(scraper._context.memory, "127.0.0.2")
    site.routes["/data"] = Response(b"\0" * 10, content_type="application/octet-stream")
    site.routes["/feed"] = Response(
        b"<rss><channel><title>Feed</title></channel></rss>", content_type="application/rss+xml",
        headers=(("Content-Disposition", "attachment"),),
    )  # fmt: skip
    scraped = await scraper.scrape(site.url("/feed"), MARKDOWN)
    assert steps(scraped) == [("browser", "unsupported_content_type"), ("http", "ok")]
    assert not scraper._context.memory.needs_browser("127.0.0.2")


@contextlib.asynccontextmanager
async def all_slots_taken(scraper):
    slots = scraper._context.browser._slots
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(SETTINGS.browser.browser_pages):
            await stack.enter_async_context(slots.slot(""))
        yield


async def test_what_http_brought_does_not_wait_long_for_a_busy_browser(scraper, site):
    async with all_slots_taken(scraper):
        scraped = await scraper.scrape(site.url("/shell"), ScrapeOptions(formats=(Format.HTML,)))
        assert steps(scraped) == [("http", "javascript_shell"), ("browser", "browser_error")]
        assert scraped.fetched_with is FetchedWith.HTTP
        assert 'id="root"' in bodies.unpack(scraped.bodies["html"])
        await needed_browser(scraper._context.memory, "127.0.0.2")
        assert steps(await scraper.scrape(site.url("/article"), MARKDOWN)) == [
            ("browser", "browser_error"),
            ("http", "ok"),
        ]


async def test_what_http_brought_is_given_before_the_time_is_up(scraper, site):
    options = ScrapeOptions(formats=(Format.HTML,), timeout=1.5)
    async with all_slots_taken(scraper):
        scraped = await scraper.scrape(site.url("/shell"), options)
    assert steps(scraped) == [("http", "javascript_shell"), ("browser", "timeout")]
    assert scraped.fetched_with is FetchedWith.HTTP


async def test_a_browser_that_does_not_start_leaves_what_http_brought(site, tmp_path):
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    async with Scraper(SETTINGS.changed(chromium=program)) as scraper:
        scraped = await scraper.scrape(site.url("/shell"), ScrapeOptions(formats=(Format.HTML,)))
        assert steps(scraped) == [("http", "javascript_shell"), ("browser", "browser_error")]
        with pytest.raises(BlockedError) as caught:
            await scraper.scrape(site.url("/challenge"), MARKDOWN)
    assert steps(caught.value) == [("http", "blocked"), ("browser", "browser_error")]
    assert caught.value.vendor == "Cloudflare"


async def test_a_document_that_the_browser_would_download_comes_by_http(scraper, site):
    site.routes["/list.csv"] = Response(b"name,size\nkettle,2\npan,3\n", content_type="text/csv")
    scraped = await scraper.scrape(site.url("/list.csv"), ScrapeOptions(use_browser=True))
    assert steps(scraped) == [("browser", "unsupported_content_type"), ("http", "ok")]
    assert "| kettle | 2 |" in text(scraped)
    with pytest.raises(UnsupportedContentTypeError):
        await scraper.scrape(site.url("/list.csv"), ScrapeOptions(formats=(Format.SCREENSHOT,)))


async def test_what_libcurl_does_not_take_for_http_comes_by_the_browser(scraper):
    body = b"<html><body><p>" + WORDS.encode() + b"</p></body></html>"
    start = OK + f"this line has no colon\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    async with HostileServer(sends(start + body), "127.0.0.2") as server:
        scraped = await scraper.scrape(server.url(), MARKDOWN)
    assert steps(scraped) == [("http", "invalid_response"), ("browser", "ok")]
    assert "words of an article" in text(scraped)


async def test_a_body_that_cannot_be_decoded_fails_though_a_browser_shows_an_empty_page(scraper):
    body = b"\x1f\x8b\x08\x00 this is no gzip"
    start = OK + f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    async with HostileServer(sends(start + body), "127.0.0.2") as server:
        with pytest.raises(InvalidResponseError) as caught:
            await scraper.scrape(server.url(), MARKDOWN)
    assert steps(caught.value)[0] == ("http", "invalid_response")


async def test_without_a_browser_a_shell_fails_unless_there_is_text_in_it(without_browser, site):
    with pytest.raises(BrowserUnavailableError) as caught:
        await without_browser.scrape(site.url("/shell"), ScrapeOptions(formats=(Format.HTML,)))
    assert steps(caught.value) == [("http", "javascript_shell")]
    site.routes["/short"] = Response(b"<p>" + b"a word or two of a short page " * 4 + b"</p><script src=/x></script>")
    assert steps(await without_browser.scrape(site.url("/short"), MARKDOWN)) == [("http", "javascript_shell")]
    with pytest.raises(BlockedError):
        await without_browser.scrape(site.url("/blocked"), MARKDOWN)
    with pytest.raises(BrowserUnavailableError) as caught:
        await without_browser.scrape(site.url("/article"), ScrapeOptions(use_browser=True))
    assert steps(caught.value) == [("browser", "browser_unavailable")]


async def test_a_login_is_driven_by_actions(scraper, site):
    actions = (
        Action(ActionType.WAIT_FOR, selector="#name", milliseconds=2000),
        Action(ActionType.CLICK, selector="#name"),
        Action(ActionType.WRITE, text="alice"),
        Action(ActionType.PRESS, key="Tab"),
        Action(ActionType.WRITE, text="secret & more"),
        Action(ActionType.PRESS, key="Enter"),
        Action(ActionType.WAIT_FOR, selector="h1"),
    )
    scraped = await scraper.scrape(site.url("/login"), ScrapeOptions(formats=(Format.HTML,), actions=actions))
    assert scraped.final_url == site.url("/welcome")
    assert "Welcome, Alice" in bodies.unpack(scraped.bodies["html"])


async def test_pictures_come_beside_what_else_was_asked_for(scraper, site):
    options = ScrapeOptions(formats=(Format.LINKS, Format.SCREENSHOT))
    scraped = await scraper.scrape(site.url("/article"), options)
    assert size_of(scraped.bodies["screenshot"]) == (1280, 800)
    assert bodies.unpack(scraped.bodies["links"]) == [{"href": site.url("/shell"), "text": "Shell"}]
    assert set(scraped.bodies) == {"links", "screenshot", "metadata"}


@pytest.mark.parametrize("way", [FetchedWith.HTTP, FetchedWith.BROWSER])
async def test_a_timeout_of_the_request_holds_and_its_steps_are_told(scraper, site, way):
    with pytest.raises(FetchTimeoutError) as caught:
        await scraper.scrape(site.url("/never"), ScrapeOptions(timeout=0.5, use_browser=way is FetchedWith.BROWSER))
    assert steps(caught.value) == [(way.value, "timeout")]


async def test_the_memory_forgets():
    memory = HostMemory(Settings(browser_memory=1e-6))
    await needed_browser(memory, "a.test")
    assert not memory.needs_browser("a.test")
    memory = HostMemory(Settings())
    await needed_browser(memory, "a.test")
    assert memory.needs_browser("a.test")
    await memory.learn("a.test", needs_browser=False)
    assert not memory.needs_browser("a.test")


# Documents, framesets, refreshes


RSS = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>News</title><item><title>First entry</title>
<link>https://example.com/1</link><description>What happened</description></item></channel></rss>"""
DOCUMENTS = {
    "rss": (RSS, "application/rss+xml", "First entry"),
    "csv": (b"name,price\nrope,12\n", "text/csv", "| rope | 12 |"),
    "markdown": (b"# A title\n\nAnd *text*.\n", "text/markdown", "# A title"),
    "text": (b"Plain text, as it was written.", "text/plain", "Plain text"),
    "json": (b'{"a": [1, 2]}', "application/json", '"a"'),
}


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize("name", DOCUMENTS)
async def test_documents_come_by_http_though_the_browser_was_to_be_first(scraper, site, name, asked):
    body, content_type, expected = DOCUMENTS[name]
    site.routes["/document"] = Response(body, content_type=content_type)
    if not asked:
        await needed_browser(scraper._context.memory, "127.0.0.2")
    scraped = await scraper.scrape(site.url("/document"), replace(MARKDOWN, use_browser=asked))
    assert steps(scraped) == [("browser", "unsupported_content_type"), ("http", "ok")]
    assert expected in text(scraped)


@pytest.mark.parametrize("use_browser", [True, False])
async def test_a_picture_is_no_page(scraper, site, use_browser):
    with pytest.raises(UnsupportedContentTypeError):
        await scraper.scrape(site.url("/picture.png"), replace(MARKDOWN, use_browser=use_browser))


async def test_a_document_does_not_make_its_host_forget_that_it_needs_the_browser(scraper, site):
    site.routes["/document"] = Response(b"Plain text", content_type="text/plain")
    await needed_browser(scraper._context.memory, "127.0.0.2")
    site.routes["/picture"] = site.routes["/picture.png"]
    with pytest.raises(UnsupportedContentTypeError):
        await scraper.scrape(site.url("/picture"), MARKDOWN)
    assert scraper._context.memory.needs_browser("127.0.0.2")


async def test_a_frameset_goes_on_to_the_browser(scraper, site):
    site.routes["/frameset"] = Response(b'<frameset cols="20%,80%"><frame src="/inner/frame"><frame src="/article">')
    scraped = await scraper.scrape(site.url("/frameset"), MARKDOWN)
    assert steps(scraped) == [("http", "javascript_shell"), ("browser", "ok")]
    assert "words of an article" in text(scraped)


@pytest.mark.parametrize("seconds", ["0", "3"])
async def test_refreshes_are_followed_by_http(scraper, site, seconds):
    site.routes["/refresh"] = Response(f'<meta http-equiv="refresh" content="{seconds};URL=\'/article\'">'.encode())
    site.routes["/header"] = Response(b"<p>Redirecting...</p>", headers=(("Refresh", f"{seconds}; url=article"),))
    for path in ("/refresh", "/header"):
        scraped = await scraper.scrape(site.url(path), MARKDOWN)
        assert (scraped.final_url, steps(scraped)) == (site.url("/article"), [("http", "ok")])


@pytest.mark.parametrize(
    "meta",
    [
        '<meta http-equiv="refresh" content="300; url=/shell">',
        '<meta http-equiv="refresh" content="1">',
        '<noscript><meta http-equiv="refresh" content="0; url=/shell"></noscript>',
        '<!-- <meta http-equiv="refresh" content="0; url=/shell"> -->',
        '<meta http-equiv="refresh" content="0; url=mailto:a@example.com">',
        '<meta http-equiv="refresh" content="0; url=http://nowhere.invalid/">',
    ],
)
async def test_what_is_no_refresh_of_now_is_not_followed(scraper, site, meta):
    site.routes["/page"] = Response(f"<html><head>{meta}</head><body><p>{WORDS}</p></body></html>".encode())
    scraped = await scraper.scrape(site.url("/page"), MARKDOWN)
    assert (scraped.final_url, steps(scraped)) == (site.url("/page"), [("http", "ok")])


async def test_refreshes_keep_to_the_limit_of_redirects_and_to_the_guard(scraper, site):
    site.routes["/a"] = Response(b'<meta http-equiv="refresh" content="0; url=/b">')
    site.routes["/b"] = Response(b'<meta http-equiv="refresh" content="0; url=/a">')
    with pytest.raises(TooManyRedirectsError):
        await scraper.scrape(site.url("/a"), MARKDOWN)
    site.routes["/a"] = Response(b'<meta http-equiv="refresh" content="0; url=http://10.0.0.1/">')
    with pytest.raises(BlockedAddressError):
        await scraper.scrape(site.url("/a"), MARKDOWN)


async def test_a_page_that_wants_a_human_is_a_block_whatever_its_status(scraper, site):
    site.routes["/human"] = Response(
        b"<title>One moment</title><h1>Verify you are human</h1><p>by completing the action below."
    )
    with pytest.raises(BlockedError):
        await scraper.scrape(site.url("/human"), MARKDOWN)
