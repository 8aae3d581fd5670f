"""A page that tries to break out of every view, in a real browser: nothing runs or is loaded, nobody is led away."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from tests.api.ui.browsing import watched
from tests.api.ui.playground.hostile import HostileTexts, hostile_texts
from tests.web.http_server import HttpServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, Page
    from tests.api.ui.browsing import Interface

pytestmark = pytest.mark.asyncio(loop_scope="module")

FORMATS = ["html", "cleanedHtml", "markdown", "links", "images", "summary"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hostile() -> AsyncIterator[HostileTexts]:
    """What tries to break out. Nothing may ever reach the server that it names."""
    async with HttpServer() as server:
        yield hostile_texts(server.url("").rstrip("/"))
        assert server.requests == []


async def settled(page: Page) -> None:
    """Wait until the panel that shows is filled, and whatever it holds had its time."""
    await page.wait_for_function(
        "() => { const panel = document.querySelector('[data-panel]:not([hidden])');"
        " return panel && !panel.textContent.startsWith('Loading'); }"
    )
    await asyncio.sleep(0.15)  # for what it holds to do something


async def assert_whole(page: Page, path: str) -> None:
    """The page is still ours, and no script of the text ran in it or in a frame."""
    assert page.url.endswith(path)
    assert await page.evaluate("document.documentElement.dataset.broken") is None
    assert await page.locator("header.top nav").is_visible()
    for frame in page.main_frame.child_frames:  # what stands in those has their sandbox
        assert frame.url.endswith("/frame")
    assert await page.locator("main :is(script, style, base, object, embed, meta, link)").count() == 0
    assert await page.locator("main form").count() == 1
    assert await page.evaluate(
        "[...document.querySelectorAll('main *')].every((element) => [...element.attributes]"
        ".every(({name}) => !name.startsWith('on')))"
    )
    assert await page.evaluate(
        "[...document.querySelectorAll('main a[href]')].every((link) => /^https?:$/.test(link.protocol))"
    )


async def test_no_view_lets_a_page_out(chromium: Browser, interface: Interface, hostile: HostileTexts) -> None:
    job_id = await interface.api.submit("https://example.com/?<script>", formats=FORMATS, generateJson=True)
    await interface.worker.complete_all(hostile.content)
    path = f"/ui/playground/{job_id}"
    async with watched(chromium, interface, interface.api.secret) as visit:
        page, messages = visit.page, []
        await page.expose_function("told", lambda message: messages.append(message))  # noqa: PLW0108 - not of a builtin
        await page.add_init_script("if (self === top) addEventListener('message', ({data}) => told(String(data)))")
        await page.goto(path)
        names = await page.get_by_role("tab").all_inner_texts()
        names = [name for name in names if name not in {"curl", "Python", "JavaScript", "MCP"}]
        assert len(names) == 7
        for name in names:
            await page.get_by_role("tab", name=name, exact=True).click()
            await settled(page)
            await assert_whole(page, path)
        assert messages == []
        # In the frame the policy refuses what would be loaded: the browser tells of that, and asks for nothing.
        assert [problem for problem in visit.problems if problem.startswith(("error", "dialog"))] == []


async def test_neither_do_errors_nor_addresses(chromium: Browser, interface: Interface, hostile: HostileTexts) -> None:
    batch = await interface.api.submit("https://example.com/'\"><script>alert(1)</script>", "https://example.com/b")
    pages = await interface.worker.start_all()
    for page in pages:
        await interface.worker.fail(page, message=hostile.everything)
    site_map = (await interface.api.client.post("/v1/map", json={"url": "https://example.com/"})).json()["id"]
    found = {"links": [*hostile.addresses, hostile.everything], "externalLinks": [], "pages": [], "complete": True}
    await interface.worker.complete_all({"map": found})
    async with watched(chromium, interface, interface.api.secret) as visit:
        for path in (f"/ui/playground/{batch}", f"/ui/playground/{batch}?page=0", f"/ui/playground/{site_map}"):
            await visit.page.goto(path)
            await asyncio.sleep(0.15)
            await assert_whole(visit.page, path)
    assert visit.problems == []


async def test_nor_does_what_is_typed_into_the_form(
    chromium: Browser, interface: Interface, hostile: HostileTexts
) -> None:
    async with watched(chromium, interface, interface.api.secret) as visit:
        await visit.page.get_by_label("URL", exact=True).fill(hostile.addresses[0])
        await visit.page.locator("#as-code summary").click()
        await visit.page.get_by_role("button", name="Scrape").click()
        await visit.page.locator(".at-field").wait_for()
        await assert_whole(visit.page, "/")
    assert visit.problems == []


async def test_a_panel_opened_by_itself_is_as_safe(
    chromium: Browser, interface: Interface, hostile: HostileTexts
) -> None:
    job_id = await interface.api.submit("https://example.com/", formats=FORMATS, generateJson=True)
    await interface.worker.complete_all(hostile.content)
    async with watched(chromium, interface, interface.api.secret) as visit:
        for view in ("rendered", "markdown", "html", "json", "links", "details", "frame", "whole/html"):
            path = f"/ui/playground/{job_id}/0/{view}"
            await visit.page.goto(path)
            await asyncio.sleep(0.15)
            assert visit.page.url.endswith(path)
            assert await visit.page.evaluate("document.documentElement.dataset.broken") is None
        assert [problem for problem in visit.problems if problem.startswith(("error", "dialog"))] == []
