from __future__ import annotations

import asyncio
import contextlib
import json

import psutil
import pytest
import pytest_asyncio
from tests.fetching.leftovers import browser_folders, chromium_processes
from tests.forking.processes import command_line
from tests.web.http_server import HttpServer, Response
from tests.web.pictures import size_of
from tests.web.site import WORDS, Site

from pagemill.errors import (
    BlockedAddressError,
    BrowserCrashedError,
    ConnectionRefusedByHostError,
    FetchTimeoutError,
    UnfetchableUrlError,
    UnsupportedContentTypeError,
)
from pagemill.fetching.browser.devtools.process import DevToolsBrowser
from pagemill.model import Action, ActionType, Cookie, Format, ScrapeOptions

pytestmark = pytest.mark.asyncio(loop_scope="module")

OPTIONS = ScrapeOptions(formats=(Format.HTML,))


def soon(seconds=20.0):
    return asyncio.get_running_loop().time() + seconds


@pytest_asyncio.fixture(loop_scope="module")
async def site():
    async with Site("127.0.0.2") as site:
        yield site


async def html(browser, site, path, **options):
    rendered = await browser.render(site.url(path), ScrapeOptions(formats=(Format.HTML,), **options), soon())
    return rendered.page.body.decode()


# What comes back


async def test_a_page_is_rendered(browser, site):
    rendered = await browser.render(site.url("/shell"), OPTIONS, soon())
    assert "<h1>Rendered</h1>" in rendered.page.body.decode()
    assert (rendered.page.status_code, rendered.page.final_url) == (200, site.url("/shell"))
    assert rendered.page.content_type == "text/html; charset=utf-8"


async def test_status_and_final_address_are_those_of_the_document(browser, site):
    assert (await browser.render(site.url("/status"), OPTIONS, soon())).page.status_code == 404
    rendered = await browser.render(site.url("/redirect"), OPTIONS, soon())
    assert (rendered.page.final_url, rendered.page.status_code) == (site.url("/article"), 200)


@pytest.mark.parametrize("path", ["/moving", "/refresh"])
async def test_a_page_that_moves_on_is_followed(browser, site, path):
    rendered = await browser.render(site.url(path), OPTIONS, soon())
    assert rendered.page.final_url == site.url("/article")
    assert "A served article" in rendered.page.body.decode()


async def test_text_that_is_no_unicode_costs_nothing(browser, site):
    site.routes["/surrogates"] = Response(
        b"<p id=a>x</p><script>a.textContent = 'lone \\ud800 here'; a.title = '\\udc00';"
        b"const o = {['\\ud800'] () { fetch('/article') }}; o['\\ud800']()</script>"
    )
    page = await html(browser, site, "/surrogates")
    assert '<p id="a" title="\ufffd">lone \ufffd here</p>' in page


async def test_shadow_trees_are_part_of_the_page(browser, site):
    page = await html(browser, site, "/shadow")
    assert "Text in the shadow" in page
    assert "<em>Deeper shadow</em>" in page
    assert '<h2><span slot="title">Slotted title</span></h2>' in page
    assert "<b>Default slotted</b>" in page
    assert "No title" not in page.partition("<script>")[0]


async def test_frames_of_the_same_origin_are_part_of_the_page(browser, site):
    page = await html(browser, site, "/frames")
    assert "<h2>In the frame</h2>" in page
    assert "Written by the frame" in page
    assert "From srcdoc &amp; more" in page
    assert f'href="{site.url("/inner/next")}"' in page


async def test_images_media_and_fonts_are_not_loaded(browser, site):
    await html(browser, site, "/article")
    assert {request.path for request in site.requests} == {"/article", "/style.css"}


async def test_images_and_fonts_are_loaded_for_a_picture(browser, site):
    options = ScrapeOptions(formats=(Format.SCREENSHOT, Format.SCREENSHOT_FULL_PAGE))
    rendered = await browser.render(site.url("/lazy"), options, soon())
    assert size_of(rendered.screenshots[Format.SCREENSHOT]) == (1280, 800)
    width, height = size_of(rendered.screenshots[Format.SCREENSHOT_FULL_PAGE])
    assert width == 1280
    assert height > 1000
    await browser.render(site.url("/article"), options, soon())
    assert {"/picture.png", "/back.png", "/font.woff2"} <= {request.path for request in site.requests}


async def test_only_the_pictures_asked_for_are_taken(browser, site):
    rendered = await browser.render(site.url("/article"), ScrapeOptions(formats=(Format.SCREENSHOT,)), soon())
    assert set(rendered.screenshots) == {Format.SCREENSHOT}


async def test_headers_cookies_and_user_agent_are_sent(browser, site):
    options = {
        "headers": (("X-Test", "yes"),),
        "cookies": (Cookie("a", "1"), Cookie("b", "2", domain="127.0.0.2")),
        "user_agent": "Test/1.0",
    }
    page = await html(browser, site, "/echo", **options)
    [request] = site.asked("/echo")
    assert request.headers["x-test"] == "yes"
    assert sorted(request.headers["cookie"].split("; ")) == ["a=1", "b=2"]
    assert request.headers["user-agent"] == "Test/1.0"
    assert "Test/1.0" in page


async def test_headers_go_to_the_host_that_was_named_alone(browser, site):
    async with HttpServer({"/": Response(b"let there be"), "/page": Response(b"<p>elsewhere")}, "127.0.0.3") as other:
        site.routes["/mixed"] = Response(
            f"<img src={other.url('/')}><script src={other.url('/')}></script><script src=/own></script>"
            f"<script>fetch('/hop').catch(() => 0)</script><iframe src={other.url('/page')}></iframe>".encode(),
            content_type="text/html",
        )
        site.routes["/hop"] = Response(status=302, headers=(("Location", other.url("/")),))
        await html(browser, site, "/mixed", headers=(("Authorization", "secret"), ("X-Test", "yes")))
        for path in ("/mixed", "/own", "/hop"):
            [request] = site.asked(path)
            assert (request.headers["authorization"], request.headers["x-test"]) == ("secret", "yes"), path
        assert {"/", "/page"} <= {request.path for request in other.requests}
        assert all("x-test" not in request.headers for request in other.requests)
        assert all("authorization" not in request.headers for request in other.requests)


async def test_headers_are_not_taken_along_to_another_host(browser, site):
    async with HttpServer({"/": Response(b"<p>elsewhere", content_type="text/html")}, "127.0.0.3") as other:
        site.routes["/moved"] = Response(status=302, headers=(("Location", other.url("/")),))
        assert "elsewhere" in await html(browser, site, "/moved", headers=(("X-Test", "yes"),))
        assert "x-test" in site.asked("/moved")[0].headers
        assert "x-test" not in other.requests[0].headers


async def test_pages_are_isolated(browser, site):
    await html(browser, site, "/challenge")
    await html(browser, site, "/echo")
    assert "cookie" not in site.asked("/echo")[0].headers


async def test_a_page_may_be_waited_for_longer(browser, site):
    began = asyncio.get_running_loop().time()
    await html(browser, site, "/article", wait_for=700)
    assert asyncio.get_running_loop().time() - began > 0.7


# Readiness


async def test_a_page_that_never_settles_is_taken_as_it_is(browser, site):
    page = await html(browser, site, "/endless")
    assert WORDS.strip() in page
    assert page.count("Another line") > 5


@pytest.mark.parametrize("path", ["/hang", "/hang-later"])
async def test_a_script_that_never_ends_is_stopped_and_the_page_taken(browser, site, path):
    rendered = await browser.render(site.url(path), OPTIONS, soon())
    assert "Before" in rendered.page.body.decode()


async def test_the_deadline_holds(browser, site):
    began = asyncio.get_running_loop().time()
    with pytest.raises((FetchTimeoutError, TimeoutError)):
        await browser.render(site.url("/never"), OPTIONS, soon(1.5))
    assert asyncio.get_running_loop().time() - began < 4


# Pages that misbehave


@pytest.mark.parametrize("path", ["/dialogs", "/popups", "/downloads"])
async def test_dialogs_popups_and_downloads_do_not_stop_a_page(browser, site, path):
    assert ">after the" in await html(browser, site, path) or "after the" in await html(browser, site, path)
    assert all(process.contexts == 0 for process in browser.processes)


async def test_a_download_is_no_page(browser, site):
    with pytest.raises(UnsupportedContentTypeError):
        await browser.render(site.url("/file"), OPTIONS, soon())
    async with asyncio.timeout(60):  # what Chromium began to write before it refused goes by itself
        while any(_is_download(path) for folder in browser_folders() for path in folder.rglob("*")):
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("status", [204, 205])
async def test_an_answer_without_a_page_is_none(browser, site, status):
    site.routes["/nothing"] = Response(status=status)
    with pytest.raises(UnsupportedContentTypeError):
        await browser.render(site.url("/nothing"), OPTIONS, soon())


async def test_a_page_whose_process_ends_while_it_is_awaited_is_not_taken_for_a_document(browser, site):
    asked, killed = asyncio.Event(), asyncio.Event()

    async def waiting(_):
        asked.set()
        await killed.wait()
        return Response(b"<p>Late</p>")

    site.routes["/waiting"] = waiting
    page = asyncio.create_task(browser.render(site.url("/waiting"), OPTIONS, soon()))
    await asked.wait()
    for process in chromium_processes():
        if "--type=renderer" in command_line(process):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
    await asyncio.sleep(0.2)
    killed.set()
    with pytest.raises(BrowserCrashedError):
        await page


def _is_download(path):
    try:
        return path.is_file() and path.stat().st_size == 1000
    except FileNotFoundError:
        return False


async def test_a_tab_that_crashes_fails_alone(browser, site):
    other = asyncio.create_task(html(browser, site, "/shell"))
    with pytest.raises(BrowserCrashedError):
        await crash_tab(browser, site)
    assert "Rendered" in await other
    assert "Rendered" in await html(browser, site, "/shell")


async def crash_tab(browser, site):
    """Render a page whose renderer crashes while the page is waited for."""
    page = asyncio.create_task(browser.render(site.url("/endless"), OPTIONS, soon()))
    while not site.asked("/never"):
        await asyncio.sleep(0.02)
    while site.url("/endless") not in (sessions := await sessions_of(browser)):
        await asyncio.sleep(0.02)
    crash = asyncio.ensure_future(sessions[site.url("/endless")].send("Page.crash"))
    crash.add_done_callback(lambda done: done.cancelled() or done.exception())
    await page


async def sessions_of(browser):
    """The DevTools sessions of the open pages, by their addresses."""
    processes = [process for process in browser.processes if isinstance(process, DevToolsBrowser)]
    sessions = [session for process in processes for session in process._contexts.values() if session is not None]
    trees = [(await session.send("Page.getFrameTree"))["frameTree"] for session in sessions]
    return {tree["frame"]["url"]: session for tree, session in zip(trees, sessions, strict=True)}


async def test_addresses_that_lead_nowhere_say_why(browser, site):
    with pytest.raises(BlockedAddressError):
        await browser.render("http://10.0.0.1/", OPTIONS, soon())
    with pytest.raises(ConnectionRefusedByHostError):
        await browser.render("http://127.0.0.2:1024/", OPTIONS, soon())
    with pytest.raises(ConnectionRefusedByHostError):
        await browser.render("https://127.0.0.2:1024/", OPTIONS, soon())
    for url in (
        "file:///etc/passwd",
        "chrome://version",
        "view-source:http://127.0.0.2/",
        "ftp://127.0.0.2/",
        "about:blank",
    ):
        with pytest.raises(UnfetchableUrlError):
            await browser.render(url, OPTIONS, soon())


# What a page can tell


TELLS = """<!doctype html><body><script>
const worker = new Worker(URL.createObjectURL(new Blob(["postMessage([navigator.userAgent, navigator.languages])"])));
worker.onmessage = async (message) => {
  const hints = await navigator.userAgentData.getHighEntropyValues(["fullVersionList", "platform"]);
  document.body.textContent = JSON.stringify({webdriver: navigator.webdriver, agent: navigator.userAgent,
    brands: navigator.userAgentData.brands, full: hints.fullVersionList, platform: hints.platform,
    worker: message.data[0], languages: navigator.languages, workerLanguages: message.data[1],
    sizes: [innerWidth, innerHeight, outerWidth, outerHeight, screen.width, screen.height, devicePixelRatio],
    policy: document.querySelectorAll("meta").length});
};</script></body>"""


async def tells(browser, site, **options):
    """What a page tells of the browser. Its JSON stands in the body."""
    site.routes["/tells"] = Response(TELLS.encode())
    page = await html(browser, site, "/tells", **options)
    return json.loads(page[page.index("{") : page.rindex("}") + 1])


async def test_ordinary_automation_tells_are_gone(browser, site):
    told = await tells(browser, site)
    headers = site.asked("/tells")[0].headers
    [process] = [process for process in browser.processes if not process.images]
    major = process.identity.major
    assert told["webdriver"] is False
    assert told["agent"] == headers["user-agent"] == told["worker"]
    assert "Headless" not in json.dumps(told) + json.dumps(headers)
    assert f"Chrome/{major}.0.0.0" in told["agent"]
    assert {brand["version"] for brand in told["brands"] if brand["brand"] != "Not)A;Brand"} == {major}
    for brand in told["brands"]:
        assert f'"{brand["brand"]}";v="{brand["version"]}"' in headers["sec-ch-ua"]
    assert headers["sec-ch-ua-platform"] == f'"{told["platform"]}"'
    assert told["languages"] == told["workerLanguages"] == ["en-US", "en"]
    assert headers["accept-language"] == "en-US,en;q=0.9"
    assert told["policy"] == 0


@pytest.mark.parametrize("actions", [(), (Action(ActionType.WAIT, milliseconds=1),)])
async def test_the_window_is_of_a_common_size_however_small_it_is_drawn(browser, site, actions):
    assert (await tells(browser, site, actions=actions))["sizes"] == [1280, 800, 1288, 885, 1280, 800, 1]
