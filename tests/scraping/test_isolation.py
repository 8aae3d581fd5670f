"""What one API key sends changes nothing for another: A is hostile, B is not."""

from __future__ import annotations

import asyncio
import contextlib
from ipaddress import ip_network

import pytest
from pydantic import SecretStr
from tests.scraping.page_cache import MemoryPageCache
from tests.web.hostile import OK, HostileServer, bomb, drips, floods, resets, sends, stays_silent
from tests.web.http_server import HttpServer, Response
from tests.web.proxy import Proxy
from tests.web.site import WORDS

from pagemill import bodies
from pagemill.errors import BrowserUnavailableError, HttpStatusError, PageError
from pagemill.fetching.browser.chromium import find_chromium
from pagemill.fetching.proxies.scores import MemoryProxyScores
from pagemill.model import Cookie, FetchedWith, Format, ScrapeOptions
from pagemill.scraping.scraper import Scraper
from pagemill.settings import Settings

MARKDOWN = (Format.MARKDOWN,)
PLAIN = ScrapeOptions(formats=MARKDOWN)
SETTINGS = Settings(
    allowed_networks=(ip_network("127.0.0.2/31"),),
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


FILLED = f"""<!doctype html><html><head><title>Filled</title></head><body><div id="root"></div><script>
document.getElementById("root").innerHTML = "<main><h1>Title</h1><p>{WORDS}</p></main>";
</script></body></html>""".encode()
HOSTILE_SCRIPTS = [
    "for (;;) {}",
    "setTimeout(() => { for (;;) {} }, 50)",
    "const held = []; for (;;) held.push(new Uint8Array(1e7).fill(1))",
    "let text = 'x'; for (;;) text += text",
    "for (let i = 0; i < 200; i++) open('/?' + i)",
    "for (let i = 0; i < 100; i++) new Worker(URL.createObjectURL(new Blob(['for (;;) {}'])))",
    "setInterval(() => fetch('/never?' + Math.random()), 1)",
    "let node = document.body; for (let i = 0; i < 50000; i++) node = node.appendChild(document.createElement('b'))",
    "for (let i = 0; i < 1e5; i++) history.pushState(0, '', '/' + i); location.reload()",
    "for (;;) alert(1)",
]
HOSTILE_ANSWERS = [
    stays_silent,
    resets(OK),
    drips(OK + b"\r\n<p>", b"x", 0.001),
    floods(OK, b"X-Header: " + b"x" * 4000 + b"\r\n"),
    floods(OK + b"\r\n", b"<b><table><tr><td>" * 2000),
    sends(OK + b"Content-Length: 5000000\r\n\r\n" + b"<div>" * 1_000_000),
    sends(bomb("gzip", 64)),
    sends(bomb("br", 64)),
    sends(b"\x00\xff" * 50_000),
    sends(b"HTTP/1.1 302 Found\r\nLocation: /" + b"x" * 50_000 + b"\r\nContent-Length: 0\r\n\r\n"),
]


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
def chromium_settings():
    try:
        find_chromium(SETTINGS)
    except BrowserUnavailableError as error:
        pytest.skip(error.message)
    return SETTINGS


@pytest.fixture
async def scraper(cache, chromium_settings):
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
    web.routes["/late"] = Response(LATE.replace("3500", "30000").encode())
    page = await scraper.scrape(web.url("/late"), ScrapeOptions(formats=MARKDOWN, timeout=12.0), "A")
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
    web.routes["/never"] = slow(60)
    first = at_once(without_browser, web.url("/never"), ScrapeOptions(formats=MARKDOWN, timeout=3.0), "A")
    await asyncio.sleep(1.0)
    web.routes["/never"] = ARTICLE
    patient = ScrapeOptions(formats=MARKDOWN, timeout=30.0)
    assert "words of an article" in text(await without_browser.scrape(web.url("/never"), patient, "B"))
    with pytest.raises(PageError):
        await first


# What is learnt of hosts and proxies


def shell_for(header):
    """A page to everyone, and a shell to who sends this header. Both are the same once they are rendered."""
    return lambda request: Response(FILLED) if header in request.headers else ARTICLE


OWN = [
    ScrapeOptions(formats=MARKDOWN, headers=(("X-Shell", "1"),)),
    ScrapeOptions(formats=MARKDOWN, cookies=(Cookie("a", "b"),)),
]


@pytest.mark.parametrize("hostile", OWN)
async def test_what_one_sends_does_not_take_a_host_for_one_that_needs_the_browser(scraper, web, hostile):
    web.routes["/"] = shell_for("cookie" if hostile.cookies else "x-shell")
    for _ in range(SETTINGS.browser.browser_memory_pages):
        assert (await scraper.scrape(web.url("/"), hostile, "A")).fetched_with is FetchedWith.BROWSER
    assert not scraper._context.memory.needs_browser("127.0.0.2")
    page = await scraper.scrape(web.url("/"), PLAIN, "B")
    assert [step.fetched_with for step in page.attempts] == [FetchedWith.HTTP]


async def test_what_one_sends_does_not_make_a_host_be_forgotten(scraper, web):
    web.routes["/"] = shell_for("accept")  # which all send
    web.routes["/served"] = ARTICLE
    for number in range(SETTINGS.browser.browser_memory_pages):
        await scraper.scrape(web.url(f"/?{number}"), PLAIN, "B")
    assert scraper._context.memory.needs_browser("127.0.0.2")
    for _ in range(2 * SETTINGS.browser.browser_probe_every):  # some of these go by HTTP
        await scraper.scrape(web.url("/served"), OWN[0], "A")
    assert scraper._context.memory.needs_browser("127.0.0.2")


async def test_the_end_of_ones_time_does_not_make_a_host_be_forgotten(scraper, web):
    web.routes["/"] = shell_for("accept")
    web.routes["/slow"] = slow(60)
    for number in range(SETTINGS.browser.browser_memory_pages):
        await scraper.scrape(web.url(f"/?{number}"), PLAIN, "B")
    with pytest.raises(PageError):
        await scraper.scrape(web.url("/slow"), ScrapeOptions(formats=MARKDOWN, timeout=3.0), "A")
    assert scraper._context.memory.needs_browser("127.0.0.2")


async def test_a_host_that_needs_the_browser_changes_nothing_for_other_hosts(scraper, web):
    web.routes["/shell"] = Response(FILLED)
    for number in range(SETTINGS.browser.browser_memory_pages):
        await scraper.scrape(web.url(f"/shell?{number}"), PLAIN, "A")
    assert scraper._context.memory.needs_browser("127.0.0.2")
    async with HttpServer({"/": ARTICLE}, "127.0.0.3") as other:
        page = await scraper.scrape(other.url("/"), PLAIN, "B")
        assert [step.fetched_with for step in page.attempts] == [FetchedWith.HTTP]
    page = await scraper.scrape(web.url("/"), PLAIN, "B")  # on the same host it is rendered, and comes all the same
    assert "words of an article" in text(page)


@pytest.mark.parametrize("use_browser", [False, True])
async def test_refusals_that_one_asks_for_do_not_count_against_proxies(web, use_browser, chromium_settings):
    web.routes["/"] = lambda request: Response(b"no", 403) if "x-hostile" in request.headers else ARTICLE
    hostile = ScrapeOptions(formats=MARKDOWN, headers=(("X-Hostile", "1"),), use_browser=use_browser)
    scores = MemoryProxyScores(600)
    async with Proxy() as one, Proxy() as other:
        proxies = SecretStr(f"us={one.proxy_url()} us={other.proxy_url()}")
        async with Scraper(chromium_settings.changed(proxies=proxies), proxy_scores=scores) as scraper:
            for _ in range(3):
                with pytest.raises(PageError):
                    await scraper.scrape(web.url("/"), hostile, "A")
            assert await scores.of("127.0.0.2", [f"http://127.0.0.1:{proxy.port}" for proxy in (one, other)]) == {}
            page = await scraper.scrape(web.url("/"), ScrapeOptions(formats=MARKDOWN, use_browser=use_browser), "B")
            assert "words of an article" in text(page)
            assert len(scores._scores) == 1


# What all pages of a worker share


async def test_requests_that_are_never_answered_leave_their_host_to_another(cache, web, tmp_path):
    web.routes["/never"] = slow(60)
    settings = SETTINGS.changed(chromium=tmp_path / "none", host_concurrency=2)
    async with Scraper(settings, cache) as scraper:
        hostile = [at_once(scraper, web.url(f"/never?{number}"), PLAIN, "A") for number in range(8)]
        while len(web.requests) < 2:
            await asyncio.sleep(0.01)
        assert "words of an article" in text(await scraper.scrape(web.url("/"), PLAIN, "B"))
        assert not any(page.done() for page in hostile)
        await end(hostile)


@pytest.mark.parametrize("use_browser", [False, True])
async def test_tabs_that_are_never_done_leave_the_browser_to_another(chromium_settings, cache, web, use_browser):
    web.routes["/app"] = Response(FILLED)
    async with Scraper(chromium_settings.changed(browser_pages=2), cache) as scraper:
        options = ScrapeOptions(formats=MARKDOWN, wait_for=60_000)
        hostile = [at_once(scraper, web.url(f"/?{number}"), options, "A") for number in range(6)]
        while len(web.requests) < 2:
            await asyncio.sleep(0.01)
        plain = ScrapeOptions(formats=MARKDOWN, use_browser=use_browser)
        page = await scraper.scrape(web.url("/app"), plain, "B")
        assert (page.fetched_with, "words of an article" in text(page)) == (FetchedWith.BROWSER, True)
        assert not any(page.done() for page in hostile)
        await end(hostile)


async def test_hostile_pages_in_the_browser_fail_alone(chromium_settings, cache, web):
    for number, script in enumerate(HOSTILE_SCRIPTS):
        web.routes[f"/hostile/{number}"] = Response(f"<p>{WORDS}</p><script>{script}</script>".encode())
    web.routes["/app"] = Response(FILLED)
    settings = chromium_settings.changed(
        browser_tab_memory=256 * 1024 * 1024, ready_timeout=6.0, browser_answer_timeout=30.0
    )
    rendered = ScrapeOptions(formats=MARKDOWN, use_browser=True)
    bounded = ScrapeOptions(formats=MARKDOWN, use_browser=True, timeout=20.0)  # they use all processors until then
    async with Scraper(settings, cache) as scraper, HttpServer({"/app": Response(FILLED)}, "127.0.0.3") as other:
        hostile = [
            at_once(scraper, web.url(f"/hostile/{number}"), bounded, "A") for number in range(len(HOSTILE_SCRIPTS))
        ]
        for number in range(4):
            for host in (web, other):
                page = await scraper.scrape(host.url(f"/app?{number}"), rendered, "B")
                assert "words of an article" in text(page)
        for result in await asyncio.gather(*hostile, return_exceptions=True):
            assert not isinstance(result, BaseException) or isinstance(result, PageError)


async def test_hostile_answers_fail_alone(without_browser, web):
    servers = [HostileServer(script, "127.0.0.3") for script in HOSTILE_ANSWERS]
    async with contextlib.AsyncExitStack() as stack:
        for server in servers:
            await stack.enter_async_context(server)
        hostile = [at_once(without_browser, server.url("/"), PLAIN, "A") for server in servers for _ in range(3)]
        for number in range(20):
            page = await without_browser.scrape(web.url(f"/?{number}"), PLAIN, "B")
            assert "words of an article" in text(page)
        await end(hostile)


async def end(pages):
    """Cancel pages that would never be done."""
    for page in pages:
        page.cancel()
    await asyncio.gather(*pages, return_exceptions=True)


# Fragments


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
