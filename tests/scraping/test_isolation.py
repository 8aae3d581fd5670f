"""What one API key sends changes nothing for another: A is hostile, B is not."""

from __future__ import annotations

import asyncio
from ipaddress import ip_network

import pytest
from tests.scraping.page_cache import MemoryPageCache
from tests.web.http_server import HttpServer, Response
from tests.web.site import WORDS

from pagemill import bodies
from pagemill.errors import BrowserUnavailableError, HttpStatusError, PageError
from pagemill.fetching.browser.chromium import find_chromium
from pagemill.model import Cookie, FetchedWith, Format, ScrapeOptions
from pagemill.scraping.scraper import Scraper
from pagemill.settings import Settings

MARKDOWN = (Format.MARKDOWN,)
PLAIN = ScrapeOptions(formats=MARKDOWN)
SETTINGS = Settings(
    allowed_networks=(ip_network("127.0.0.2/32"),),
    fetch_attempts=1,
    browser_start_timeout=60.0,
    cache_time=3600.0,
)
ARTICLE = Response(f"<html><body><article><h1>Title</h1><p>{WORDS}</p></article></body></html>".encode())
LATE = f"""<!doctype html><html><head><title>Late</title></head><body><div id="root"></div><script>
setTimeout(() => {{ document.getElementById("root").innerHTML = "<main><h1>Title</h1><p>{WORDS}</p></main>"; }}, 3500)
</script></body></html>"""
# With some words of its own, it completes as it is where there is no browser.
LATE_WITH_WORDS = LATE.replace("<body>", f"<body><p>{' '.join(WORDS.split()[:25])}</p>")
HASH_ROUTES = f"""<!doctype html><html><head><title>App</title></head><body><main id="main"><h1>Home</h1><p>{WORDS}</p>
</main><script>const show = () => {{ const route = location.hash.slice(2);
if (route) document.querySelector("h1").textContent = "Route " + route; }}; show();
addEventListener("hashchange", show);
</script></body></html>"""


@pytest.fixture
async def web():
    async with HttpServer({"/": ARTICLE}, "127.0.0.2") as web:
        yield web


@pytest.fixture
def cache():
    return MemoryPageCache()


@pytest.fixture
async def without_browser(cache, tmp_path):
    async with Scraper(SETTINGS.changed(chromium=tmp_path / "none"), cache) as scraper:
        yield scraper


@pytest.fixture
async def scraper(cache):
    try:
        find_chromium(SETTINGS)
    except BrowserUnavailableError as error:
        pytest.skip(error.message)
    async with Scraper(SETTINGS, cache) as scraper:
        yield scraper


def text(page):
    return bodies.unpack(page.bodies["markdown"])


def slow(seconds, response=ARTICLE):
    async def answer(_request):
        await asyncio.sleep(seconds)
        return response

    return answer


def at_once(scraper, url, options, key):
    return asyncio.create_task(scraper.scrape(url, options, key))


async def test_a_page_taken_before_it_was_done_is_kept_for_nobody(scraper, web, cache):
    web.routes["/late"] = Response(LATE.encode())
    page = await scraper.scrape(web.url("/late"), ScrapeOptions(formats=MARKDOWN, timeout=3.0), "A")
    assert "words of an article" not in text(page)
    assert cache.pages == {}


async def test_a_page_rendered_empty_is_kept_for_nobody(scraper, web, cache):
    web.routes["/empty"] = Response(b"<html><body><div id=a>Loading</div><script>let x = 1</script></body></html>")
    page = await scraper.scrape(web.url("/empty"), PLAIN, "A")
    assert page.fetched_with is FetchedWith.BROWSER
    assert cache.pages == {}


async def test_a_shell_that_no_browser_rendered_is_kept_for_nobody(without_browser, web, cache):
    web.routes["/late"] = Response(LATE_WITH_WORDS.encode())
    await without_browser.scrape(web.url("/late"), PLAIN, "A")
    assert cache.pages == {}
    assert not (await without_browser.scrape(web.url("/late"), PLAIN, "B")).cached


async def test_a_shell_is_not_shared_in_flight_either(without_browser, web):
    web.routes["/late"] = slow(0.5, Response(LATE_WITH_WORDS.encode()))
    pages = await asyncio.gather(
        *(at_once(without_browser, web.url("/late"), PLAIN, key) for key in ("A", "A", "A", "B"))
    )
    assert [page.cached for page in pages] == [False, True, True, False]
    assert len(web.requests) == 2


@pytest.mark.parametrize(
    "hostile",
    [
        ScrapeOptions(formats=MARKDOWN, timeout=0.5),
        ScrapeOptions(formats=MARKDOWN, timeout=0.5, include_tags=("p",)),
        ScrapeOptions(formats=MARKDOWN, exclude_tags=(":has(" * 30 + "p" + ")" * 30,)),
        ScrapeOptions(formats=MARKDOWN, headers=(("Accept", "nothing/at-all"),)),
        ScrapeOptions(formats=MARKDOWN, cookies=(Cookie("a", "b"),), timeout=0.3),
        ScrapeOptions(formats=MARKDOWN, max_age=0.0, timeout=0.3),
        ScrapeOptions(formats=MARKDOWN, force_fresh=True, timeout=0.3),
    ],
)
async def test_options_of_one_do_not_fail_the_page_of_another(without_browser, web, hostile):
    web.routes["/"] = slow(1.0)
    first = at_once(without_browser, web.url("/"), hostile, "A")
    await asyncio.sleep(0.2)
    assert "words of an article" in text(await without_browser.scrape(web.url("/"), PLAIN, "B"))
    await asyncio.gather(first, return_exceptions=True)


async def test_nobody_waits_for_a_request_that_asks_for_more_work(without_browser, web):
    web.routes["/"] = slow(0.5)
    hostile = at_once(without_browser, web.url("/"), ScrapeOptions(formats=MARKDOWN, timeout=60.0), "A")
    await asyncio.sleep(0.2)
    await without_browser.scrape(web.url("/"), PLAIN, "B")
    await hostile
    assert len(web.requests) == 2


async def test_a_failure_that_is_the_hosts_is_shared(without_browser, web):
    web.routes["/"] = slow(0.5, Response(b"no", 404))
    pages = [at_once(without_browser, web.url("/"), PLAIN, key) for key in ("A", "B", "C")]
    for failed in await asyncio.gather(*pages, return_exceptions=True):
        assert isinstance(failed, HttpStatusError)
    assert len(web.requests) == 1


async def test_the_end_of_ones_time_is_not_shared(without_browser, web):
    options = ScrapeOptions(formats=MARKDOWN, timeout=1.5)
    web.routes["/never"] = slow(60)
    first = at_once(without_browser, web.url("/never"), options, "A")
    await asyncio.sleep(1.0)
    web.routes["/never"] = ARTICLE
    assert "words of an article" in text(await without_browser.scrape(web.url("/never"), options, "B"))
    with pytest.raises(PageError):
        await first


async def test_a_route_in_the_fragment_is_a_page_of_its_own(scraper, web, cache):
    web.routes["/app"] = Response(HASH_ROUTES.encode())
    for cached in (False, True):
        for route in ("boats", "cars"):
            page = await scraper.scrape(web.url(f"/app#/{route}"), PLAIN, "A")
            assert f"Route {route}" in text(page)
            assert page.cached is cached
    assert "Home" in text(await scraper.scrape(web.url("/app"), PLAIN, "A"))
    assert len(cache.pages) == 3


async def test_a_fragment_of_a_page_that_was_not_rendered_is_the_same_page(without_browser, web):
    await without_browser.scrape(web.url("/"), PLAIN, "A")
    assert (await without_browser.scrape(web.url("/#part"), PLAIN, "A")).cached
    assert len(web.requests) == 1


async def test_a_fragment_of_a_page_that_was_rendered_is_another_page(scraper, web):
    options = ScrapeOptions(formats=MARKDOWN, use_browser=True)
    for path in ("/", "/#a", "/#b"):
        assert not (await scraper.scrape(web.url(path), options, "A")).cached
    assert (await scraper.scrape(web.url("/#a"), options, "A")).cached
