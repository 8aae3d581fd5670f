"""When a page is ready, and what is the page where it leads on to another."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio
from tests.web.http_server import HttpServer, Response, redirect
from tests.web.pictures import png
from tests.web.site import WORDS

from pagemill.errors import (
    BlockedAddressError,
    TooManyRedirectsError,
    UnsupportedContentTypeError,
)
from pagemill.fetching.browser import rendering
from pagemill.fetching.browser.browser import Browser
from pagemill.fetching.browser.readiness import wait_until_ready
from pagemill.fetching.egress.guard import EgressGuard
from pagemill.model import Format, ScrapeOptions

pytestmark = pytest.mark.asyncio(loop_scope="module")

OPTIONS = ScrapeOptions(formats=(Format.HTML,))
FILL = "fetch('URL').then((answer) => answer.text()).then((text) => a.textContent = text)"
LONG_SCRIPT = "/* " + "state " * 200 + "*/"


@pytest_asyncio.fixture(loop_scope="module")
async def site():
    async with HttpServer(host="127.0.0.2") as site:
        site.routes["/there"] = Response(f"<h1>Arrived</h1><p>{WORDS}</p>".encode())
        yield site


async def render(browser, site, page, path="/", headers=(), options=OPTIONS):
    site.routes[path] = page if callable(page) else Response(page.encode(), headers=headers)
    deadline = asyncio.get_running_loop().time() + 20
    return (await browser.render(site.url(path), options, deadline)).page


def after(seconds, body, content_type="text/html"):
    async def answer(_):
        await asyncio.sleep(seconds)
        return Response(body.encode(), content_type=content_type)

    return answer


@pytest.mark.parametrize("element", ["script", "style", "template", "noscript"])
async def test_what_is_no_text_does_not_make_a_page_full(browser, site, element):
    page = await render(
        browser,
        site,
        f"<body><div id=a>Loading...</div><{element}>{LONG_SCRIPT}</{element}>"
        "<script>setTimeout(() => a.textContent = 'What it is all about', 900)</script>",
    )
    assert "What it is all about</div>" in page.body.decode()
    assert page.settled


async def test_a_page_is_not_ready_while_requests_that_bring_content_are_under_way(browser, site):
    site.routes["/slow"] = after(1.2, "it is here")
    page = await render(
        browser,
        site,
        f"<p>{WORDS}</p><div id=a></div><script>{FILL.replace('URL', '/slow')}</script>",
    )
    assert "it is here</div>" in page.body.decode()


async def test_a_body_that_comes_slowly_is_waited_for(browser, site):
    page = f"<p>{WORDS}</p><div id=a></div><script>{FILL}</script>"

    async def pieces(writer):
        for piece in (b"one ", b"two ", b"three"):
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
            await asyncio.sleep(0.5)
        writer.write(b"0\r\n\r\n")

    async def stream(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nAccess-Control-Allow-Origin: *\r\n"
            b"Content-Type: text/plain\r\n\r\n"
        )
        await pieces(writer)
        writer.close()

    server = await asyncio.start_server(stream, "127.0.0.2", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        rendered = await render(browser, site, page.replace("URL", f"http://127.0.0.2:{port}/"))
    assert "one two three</div>" in rendered.body.decode()


async def test_what_was_rendered_empty_or_unfinished_is_not_settled(browser, site):
    assert not (await render(browser, site, "<body><div id=root></div><script>0</script>")).settled
    endless = f"<p>{WORDS}</p><script>setInterval(() => document.body.append('{'another line ' * 4}'), 40)</script>"
    assert not (await render(browser, site, endless)).settled
    assert not (
        await render(browser, site, f"<p>{WORDS}</p><script>setTimeout(() => {{for (;;);}}, 30)</script>")
    ).settled
    assert (await render(browser, site, f"<p>{WORDS}</p>")).settled


# Pages that lead on


@pytest.mark.parametrize("delay", [0, 2])
async def test_refreshes_are_followed(browser, site, delay):
    page = await render(
        browser, site, f'<meta http-equiv="refresh" content="{delay}; url=/there"><p>Redirecting...</p>'
    )
    assert page.final_url == site.url("/there")
    page = await render(browser, site, f"<p>{WORDS}</p>", headers=(("Refresh", f"{delay}; url=/there"),))
    assert page.final_url == site.url("/there")


@pytest.mark.parametrize(
    "navigate", ["location.href = '/there'", "location = '/there'", "window.location.replace('/there')"]
)
async def test_a_script_that_redirects_after_two_seconds_is_followed(browser, site, navigate):
    page = await render(browser, site, f"<p>{WORDS}</p><script>setTimeout(() => {{ {navigate} }}, 2000)</script>")
    assert page.final_url == site.url("/there")


async def test_a_page_that_reloads_itself_now_and_then_is_not_waited_for(browser, site):
    page = await render(browser, site, f'<meta http-equiv="refresh" content="2"><p>{WORDS}</p>')
    assert page.settled
    assert [request.path for request in site.requests].count("/") == 1


async def test_a_refresh_in_the_far_future_is_not_waited_for(browser, site):
    page = await render(browser, site, f'<meta http-equiv="refresh" content="60; url=/there"><p>{WORDS}</p>')
    assert (page.final_url, page.settled) == (site.url("/"), True)


async def test_pages_that_lead_to_each_other_fail(browser_settings, site):
    settings = browser_settings.changed(ready_timeout=15.0)
    for index in range(40):
        site.routes[f"/hop{index}"] = Response(f'<meta http-equiv="refresh" content="0; url=/hop{index + 1}">'.encode())
    async with EgressGuard(settings) as guard, Browser(settings, guard) as browser:
        with pytest.raises(TooManyRedirectsError):
            await render(browser, site, '<meta http-equiv="refresh" content="0; url=/hop1">')


@pytest.mark.parametrize("dead", ["http://nowhere.invalid/x", "https://nowhere.invalid/x", "http://127.0.0.2:1024/"])
async def test_what_had_loaded_is_the_page_where_it_leads_on_to_a_host_that_is_not_there(browser, site, dead):
    page = await render(browser, site, f"<p>{WORDS}</p><script>setTimeout(() => location.href = '{dead}', 50)</script>")
    assert (page.final_url, page.status_code) == (site.url("/"), 200)
    assert WORDS.strip() in page.body.decode()
    page = await render(browser, site, f'<meta http-equiv="refresh" content="0; url={dead}"><p>{WORDS}</p>')
    assert WORDS.strip() in page.body.decode()


async def test_what_had_loaded_is_the_page_where_it_leads_on_once_it_was_ready(browser, site, monkeypatch):
    """The first time that the page is ready, it goes on before it is read: as on a slow machine."""
    ready = asyncio.Event()

    async def events(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nAccess-Control-Allow-Origin: *\r\n"
            b"Connection: close\r\n\r\n:\n\n"
        )
        await ready.wait()
        writer.write(b"data: go\n\n")
        writer.close()

    async def wait(world, proxy, *rest):
        state = await wait_until_ready(world, proxy, *rest)
        ready.set()
        while not proxy.failures:
            await asyncio.sleep(0.02)
        return state

    monkeypatch.setattr(rendering, "wait_until_ready", wait)
    async with await asyncio.start_server(events, "127.0.0.2", 0) as server:
        port = server.sockets[0].getsockname()[1]
        go = "location.href = 'http://nowhere.invalid/'"
        script = f"new EventSource('http://127.0.0.2:{port}/').onmessage = () => {{ {go} }}"
        page = await render(browser, site, f"<p>{WORDS}</p><script>{script}</script>")
    assert (page.final_url, page.status_code) == (site.url("/"), 200)
    assert WORDS.strip() in page.body.decode()


@pytest.mark.parametrize(
    "target",
    ["'https://nowhere.invalid/?' + Math.random()", "`https://h${Date.now()}.invalid/`", "'/away'"],
    ids=["another URL each time", "another host each time", "by a redirect"],
)
async def test_what_had_loaded_is_the_page_however_it_leads_on_to_a_host_that_is_not_there(browser, site, target):
    site.routes["/away"] = redirect("http://nowhere.invalid/")
    page = await render(browser, site, f"<p>{WORDS}</p><script>location.href = {target}</script>")
    assert (page.final_url, page.status_code) == (site.url("/"), 200)
    assert WORDS.strip() in page.body.decode()


async def test_what_had_loaded_is_the_page_where_it_leads_on_while_more_is_waited_for(browser, site):
    script = "setTimeout(() => location.href = 'https://nowhere.invalid/', 1500)"
    page = await render(browser, site, f"<p>{WORDS}</p><script>{script}</script>", options=ScrapeOptions(wait_for=2000))
    assert (page.final_url, page.status_code) == (site.url("/"), 200)
    assert WORDS.strip() in page.body.decode()


@pytest.mark.parametrize("target", ["http://127.0.0.1:8099/", "/inside"])
async def test_a_page_that_leads_to_a_blocked_address_fails(browser, site, target):
    site.routes["/inside"] = redirect("http://127.0.0.1:8099/")
    with pytest.raises(BlockedAddressError):
        await render(browser, site, f"<p>{WORDS}</p><script>location.href = '{target}'</script>")


# Documents


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/rss+xml", b"<?xml version='1.0'?><rss version='2.0'><channel><title>x</title></channel></rss>"),
        ("application/json", b'{"a": 1}'),
        ("text/plain", b"Some text"),
        ("text/markdown", b"# Title"),
        ("text/csv", b"a,b\n1,2\n"),
        ("image/png", png(20, 20, (1, 2, 3))),
        ("application/pdf", b"%PDF-1.4\n%%EOF"),
    ],
)
async def test_the_browsers_viewers_are_no_pages(browser, site, content_type, body):
    site.routes["/document"] = Response(body, content_type=content_type)
    with pytest.raises(UnsupportedContentTypeError):
        await browser.render(site.url("/document"), OPTIONS, asyncio.get_running_loop().time() + 20)


async def test_xhtml_is_a_page(browser, site):
    site.routes["/x"] = Response(
        b'<html xmlns="http://www.w3.org/1999/xhtml"><body><p>XHTML text</p></body></html>',
        content_type="application/xhtml+xml",
    )
    rendered = await browser.render(site.url("/x"), OPTIONS, asyncio.get_running_loop().time() + 20)
    assert "XHTML text" in rendered.page.body.decode()


async def test_framesets_come_with_what_their_frames_hold(browser, site):
    site.routes["/left"] = Response(b"<body><h2>Left</h2><a href=sub/next>next</a></body>")
    site.routes["/right"] = Response(b'<frameset rows="50%,50%"><frame src=/top><frame src=/there></frameset>')
    site.routes["/top"] = Response(b"<p>Top of the right</p>")
    page = await render(browser, site, '<frameset cols="20%,80%"><frame src="/left"><frame src="/right"></frameset>')
    text = page.body.decode()
    assert text.index("Left") < text.index("Top of the right") < text.index("Arrived")
    assert "<body>" in text
    assert "<frameset" not in text
    assert f'href="{site.url("/sub/next")}"' in text
    assert page.settled
