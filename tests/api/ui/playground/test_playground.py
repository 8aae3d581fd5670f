"""The playground in a real browser, with a real worker and a real site."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from tests.api.ui.browsing import watched
from tests.web.http_server import HttpServer, Request, Response
from tests.web.site import WORDS

from pagemill.jobs.worker import Worker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, Page
    from tests.api.ui.browsing import Interface, Watched

pytestmark = pytest.mark.asyncio(loop_scope="module")

PRODUCT = f"""<!doctype html><html lang=en><head><title>Copper Kettle</title><script type="application/ld+json">
{{"@context": "https://schema.org", "@type": "Product", "name": "Copper Kettle", "sku": "CK-20"}}</script></head>
<body><main><h1>Copper Kettle</h1><p>Article CK-20. {WORDS}</p><p><a href="/more">More</a></p></main></body></html>"""


class Site(HttpServer):
    """A page that is answered when the test lets it be."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        super().__init__({"/kettle": self.answer, "/more": Response(PRODUCT.encode())})

    async def answer(self, _: Request) -> Response:
        await self.open.wait()
        return Response(PRODUCT.encode())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(interface: Interface) -> AsyncIterator[Site]:
    """The site, and a worker that scrapes it."""
    stop = asyncio.Event()
    worker = asyncio.create_task(Worker(interface.settings, "worker").run(stop))
    async with Site() as site:
        yield site
        site.open.set()
        stop.set()
        await worker


async def scrape(page: Page, url: str) -> None:
    await page.get_by_label("URL", exact=True).fill(url)
    await page.keyboard.press("Enter")


async def test_a_page_is_submitted_watched_and_read_by_keyboard(visit: Watched, site: Site) -> None:
    page = visit.page
    await page.get_by_label("JSON", exact=True).check()
    await scrape(page, site.url("/kettle"))
    await page.locator("#steps .running", has_text="Over HTTP").wait_for()
    assert await page.locator("#steps .done", has_text="In the queue").is_visible()
    assert await visit.serious_faults() == []
    site.open.set()
    await page.get_by_role("heading", name="Copper Kettle").first.wait_for()
    job_id = page.url.rpartition("/ui/playground/")[2]
    original = page.get_by_role("link", name="Original beside extracted")
    assert await original.get_attribute("href") == f"/ui/content/{job_id}?index=0"

    # Tabs by arrow keys; each is filled when it is shown.
    read = page.get_by_role("tab", name="Read", exact=True)
    await page.wait_for_function("document.activeElement.getAttribute('role') === 'tab'")
    assert await read.get_attribute("aria-selected") == "true"
    assert WORDS[:40] in await page.locator(".prose").inner_text()
    for name, shown in (
        ("Markdown", "# Copper Kettle"),
        ("JSON", '"name": "Copper Kettle"'),
        ("Cleaned HTML", "In a frame"),
        ("Raw HTML", "<!doctype html>"),
        ("Links", site.url("/more")),
        ("Timings", "In the queue"),
    ):
        await page.keyboard.press("ArrowRight")
        panel = page.get_by_role("tabpanel", name=name, exact=True)
        await panel.filter(has_text=shown).wait_for()
        assert await visit.serious_faults() == [], name
    frame = page.frame_locator("iframe.cleaned")
    assert await frame.locator("h1").inner_text() == "Copper Kettle"

    # The evidence is marked in the text, and each quote leads to its mark.
    await page.get_by_role("tab", name="JSON", exact=True).click()
    await page.locator("[data-mark]").first.click()
    assert "CK-20" in await page.locator("pre.evidence").inner_text()
    assert await page.evaluate("document.activeElement.tagName") == "MARK"
    # The address leads here again.
    await page.reload()
    await page.locator(".prose h1").wait_for()


async def test_texts_are_copied(chromium: Browser, interface: Interface, site: Site) -> None:
    site.open.set()
    job_id = await interface.api.submit(site.url("/kettle"), formats=["markdown"])
    markdown = (await interface.api.job(job_id, wait=30))["markdown"]
    permissions = ["clipboard-read", "clipboard-write"]
    async with watched(chromium, interface, interface.api.secret, permissions=permissions) as visit:
        await visit.page.goto(f"/ui/playground/{job_id}")
        await visit.page.get_by_role("tab", name="Markdown", exact=True).click()
        await visit.page.locator("#view-markdown [data-copy]").click()
        await visit.page.get_by_role("button", name="Copied").wait_for()
        copied = await visit.page.evaluate("navigator.clipboard.readText()")
        assert copied.strip() == markdown.strip()
    assert visit.problems == []


async def test_a_batch_leads_to_its_pages(visit: Watched, site: Site) -> None:
    site.open.set()
    page = visit.page
    await page.get_by_role("radio", name="Several pages").check(force=True)
    await page.get_by_label("URLs, one a line").fill(f"{site.url('/kettle')}\n{site.url('/nothing')}")
    await page.get_by_role("button", name="Scrape").click()
    row = page.get_by_role("row").filter(has_text="/kettle")
    await row.get_by_role("link").wait_for()
    assert await visit.serious_faults() == []
    assert "http_error" in await page.get_by_role("row").filter(has_text="/nothing").inner_text()
    await row.get_by_role("link").click()
    await page.get_by_role("heading", name="Copper Kettle").first.wait_for()


async def test_failed_pages_are_told_from_completed_ones_while_a_batch_runs(visit: Watched, site: Site) -> None:
    site.open.clear()
    page = visit.page
    await page.get_by_role("radio", name="Several pages").check(force=True)
    await page.get_by_label("URLs, one a line").fill(f"{site.url('/kettle')}\n{site.url('/nothing')}")
    await page.get_by_label("Not from the cache").check()
    await page.get_by_role("button", name="Scrape").click()
    await page.get_by_text("1 of 2 pages ended, 0 completed, 1 failed").wait_for()
    bars = page.locator("#progress rect")
    assert [await bar.get_attribute("width") for bar in await bars.all()] == ["0", "1"]
    assert await visit.serious_faults() == []
    site.open.set()
    await page.get_by_role("row").filter(has_text="/kettle").get_by_role("link").wait_for()


async def test_a_crawl_and_a_map_are_shown(visit: Watched, site: Site) -> None:
    site.open.set()
    page = visit.page
    await page.get_by_role("radio", name="Crawl").check(force=True)
    await scrape(page, site.url("/kettle"))
    await page.get_by_role("row").filter(has_text="/more").get_by_role("link").wait_for()
    await page.get_by_role("radio", name="Map").check(force=True)
    await scrape(page, site.url("/kettle"))
    await page.locator("#map-links", has_text=site.url("/more")).wait_for()
    assert await visit.serious_faults() == []


async def test_errors_stand_at_their_fields(visit: Watched) -> None:
    page = visit.page
    await page.get_by_text("Content", exact=True).click()
    await page.get_by_label("Without these parts").fill("p\n<")
    await page.get_by_text("Content", exact=True).click()
    await scrape(page, "https://example.com/")
    alert = page.get_by_role("alert").filter(has_text="excludeTags[1]")
    await alert.wait_for()  # its part was closed
    assert await page.evaluate("document.activeElement.name") == "excludeTags"
    assert await page.get_by_label("Without these parts").get_attribute("aria-invalid") == "true"
    await page.get_by_label("Without these parts").fill("")
    await page.get_by_text("Structured JSON").click()
    await page.get_by_label("JSON Schema").fill("{")
    await page.get_by_role("button", name="Scrape").click()
    await page.get_by_role("alert").filter(has_text="This is no JSON").wait_for()
    assert await page.locator(".at-field").count() == 1
    assert await visit.serious_faults() == []


async def test_the_request_is_shown_as_code(visit: Watched) -> None:
    page = visit.page
    await page.get_by_label("URL", exact=True).fill("https://example.com/it's")
    await page.get_by_label("In the browser", exact=True).check()
    await page.get_by_text("Actions in the browser").click()
    await page.get_by_role("button", name="Add an action").click()
    await page.get_by_label("CSS selector", exact=True).fill("#more")
    await page.get_by_text("The same as code").click()
    code = {
        name: await page.locator(f"#code-{name}").text_content() for name in ("curl", "python", "javascript", "mcp")
    }
    assert "'{\n  \"url\": \"https://example.com/it'\\''s\"" in code["curl"]
    assert '"X-API-Key: $PAGEMILL_API_KEY"' in code["curl"]
    assert '/v1/url-scraper/$ID?wait=60"' in code["curl"]
    assert 'use_browser=True,\n        actions=[{"type": "click", "selector": "#more"}]' in code["python"]
    compile(code["python"], "the code", "exec")
    assert "/v1/url-scraper" in code["javascript"]
    assert '"use_browser": true' in code["mcp"]
    left_out = page.locator("#left-out-of-mcp")
    assert await left_out.text_content() == (
        "The tool scrape takes no formats (it returns Markdown alone), actions. Ask the API for that."
    )
    await page.get_by_role("button", name="Remove this action").click()
    for name in ("Cleaned HTML", "Raw HTML", "Links"):
        await page.get_by_label(name, exact=True).uncheck()
    assert await left_out.text_content() == ""
    assert await visit.serious_faults() == []


async def test_what_came_is_in_sight_on_a_phone(chromium: Browser, interface: Interface, site: Site) -> None:
    site.open.set()
    size = {"width": 360, "height": 700}
    async with watched(chromium, interface, interface.api.secret, viewport=size) as visit:
        await scrape(visit.page, site.url("/kettle"))
        await visit.page.locator(".prose h1").wait_for()
        box = await visit.page.locator("#result").bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 50


@pytest.mark.parametrize(("scheme", "width"), [("dark", 360), ("light", 1280)])
async def test_the_form_fits_and_axe_finds_no_serious_fault(
    chromium: Browser, interface: Interface, scheme: str, width: int
) -> None:
    size = {"width": width, "height": 800}
    async with watched(chromium, interface, interface.api.secret, color_scheme=scheme, viewport=size) as visit:
        await visit.page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
        assert await visit.page.evaluate("document.documentElement.scrollWidth") <= width
        assert await visit.serious_faults() == []
    assert visit.problems == []
