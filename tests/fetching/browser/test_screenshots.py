"""Screenshots: in time, of the whole page, and never at the cost of the page's text."""

from __future__ import annotations

import asyncio
import io

import pytest
import pytest_asyncio
from PIL import Image
from tests.web.http_server import HttpServer, Response
from tests.web.pictures import png, size_of
from tests.web.site import WORDS

from pagemill.fetching.browser.browser import Browser
from pagemill.fetching.egress.guard import EgressGuard
from pagemill.model import Format, ScrapeOptions

pytestmark = pytest.mark.asyncio(loop_scope="module")

BOTH = (Format.HTML, Format.SCREENSHOT, Format.SCREENSHOT_FULL_PAGE)
RED = (200, 30, 30)


@pytest_asyncio.fixture(loop_scope="module")
async def site():
    async with HttpServer(host="127.0.0.2") as site:
        site.routes["/red.png"] = Response(png(1200, 300, RED), content_type="image/png")
        site.routes["/never"] = never
        yield site


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(browser_settings):
    """A browser with time enough for a machine that does much else."""
    settings = browser_settings.changed(screenshot_scroll_time=20.0, screenshot_timeout=60.0)
    async with EgressGuard(settings) as guard, Browser(settings, guard) as browser:
        yield browser


async def never(_):
    await asyncio.sleep(15)
    return Response()


async def shots(browser, site, page, formats=BOTH):
    site.routes["/"] = Response(page.encode())
    return await browser.render(site.url("/"), ScrapeOptions(formats=formats), asyncio.get_running_loop().time() + 90)


def colour(picture, x, y):
    """The colour of a pixel."""
    with Image.open(io.BytesIO(picture)) as image:
        return image.convert("RGB").getpixel((x, y))


async def test_a_font_that_never_comes_costs_neither_picture_nor_text(browser, site):
    rendered = await shots(
        browser,
        site,
        "<style>@font-face{font-family:F;src:url(/never)} p{font-family:F}</style>"
        f"<p>{WORDS}</p><div style='background:rgb(200,30,30);width:100px;height:100px'>",
    )
    assert set(rendered.screenshots) == {Format.SCREENSHOT, Format.SCREENSHOT_FULL_PAGE}
    assert WORDS.strip() in rendered.page.body.decode()


async def test_a_picture_that_fails_does_not_lose_the_text(browser_settings, site):
    settings = browser_settings.changed(screenshot_timeout=0.001)
    async with EgressGuard(settings) as guard, Browser(settings, guard) as browser:
        rendered = await shots(browser, site, f"<p>{WORDS}</p>")
    assert rendered.screenshots == {}
    assert WORDS.strip() in rendered.page.body.decode()


LAZY = """<body style="margin:0">%s<script>
const seen = new IntersectionObserver((entries) => { for (const entry of entries) if (entry.isIntersecting) {
  const image = document.createElement("img"); image.src = "/red.png?" + Math.random();
  entry.target.append(image); seen.unobserve(entry.target); } });
for (const element of document.querySelectorAll(".lazy")) seen.observe(element);
</script>"""
BOXES = '<div class="lazy" style="height:300px"></div>' * 20


async def test_a_page_that_loads_as_one_scrolls_is_scrolled_first(browser, site):
    rendered = await shots(browser, site, LAZY % BOXES)
    picture = rendered.screenshots[Format.SCREENSHOT_FULL_PAGE]
    assert size_of(picture) == (1280, 6000)
    assert [colour(picture, 600, y) for y in (150, 5850)] == [RED] * 2
    assert rendered.page.body.count(b"<img") == 20


@pytest.mark.parametrize(
    "style", ["height:100vh;overflow:auto", "position:fixed;inset:0;overflow-y:scroll", "height:100%;overflow:auto"]
)
async def test_a_page_whose_body_scrolls_inside_is_shown_whole(browser, site, style):
    page = f'<style>html,body{{height:100%;margin:0;overflow:hidden}}</style><div style="{style}">{BOXES}</div>'
    picture = (await shots(browser, site, LAZY % page)).screenshots[Format.SCREENSHOT_FULL_PAGE]
    assert size_of(picture) == (1280, 6000)
    assert [colour(picture, 600, y) for y in (150, 5850)] == [RED] * 2


async def test_a_page_without_end_is_cut(browser, site):
    page = """<body><script>const more = () => { for (let i = 0; i < 50; i++) { const p = document.createElement("p");
    p.textContent = "More of it"; document.body.append(p); } }; more(); more(); onscroll = more;</script>"""
    picture = (await shots(browser, site, page)).screenshots[Format.SCREENSHOT_FULL_PAGE]
    assert size_of(picture)[1] == 16_384
