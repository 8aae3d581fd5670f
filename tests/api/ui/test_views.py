"""Every view in a real browser: no faults, no errors, nothing loaded from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from tests.api.ui.browsing import watched

if TYPE_CHECKING:
    from playwright.async_api import Browser
    from tests.api.ui.browsing import Interface, Watched

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_no_serious_fault(chromium: Browser, interface: Interface, scheme: str) -> None:
    async with watched(chromium, interface, color_scheme=scheme, viewport={"width": 360, "height": 800}) as visit:
        await visit.page.goto("/ui/nothing")
        assert await visit.serious_faults() == []
    assert visit.problems == []


async def test_signing_in_and_out_by_keyboard(chromium: Browser, interface: Interface) -> None:
    async with watched(chromium, interface) as visit:
        await visit.page.goto("/ui/nothing")
        await visit.page.keyboard.type(interface.api.secret)
        await visit.page.keyboard.press("Enter")
        await visit.page.get_by_role("heading", name="That did not work").wait_for()
        assert await visit.serious_faults() == []
        await visit.page.get_by_role("button", name="Sign out").focus()
        await visit.page.keyboard.press("Enter")
        await visit.page.get_by_label("API key").wait_for()
    assert visit.problems == []


async def test_light_and_dark_can_be_chosen(visit: Watched) -> None:
    shade = "getComputedStyle(document.documentElement).backgroundColor"
    await visit.page.emulate_media(color_scheme="light")
    light = await visit.page.evaluate(shade)
    await visit.page.get_by_role("button", name="Switch between light and dark").click()
    dark = await visit.page.evaluate(shade)
    assert light != dark
    await visit.page.reload()
    assert await visit.page.evaluate(shade) == dark


@pytest.mark.parametrize("path", ["/ui", "/ui/"])
async def test_the_shortened_address_of_a_view_leads_to_the_playground(visit: Watched, path: str) -> None:
    await visit.page.goto(path)
    assert urlsplit(visit.page.url).path == "/"
    await visit.page.get_by_label("URL").first.wait_for()


async def test_corrections_are_in_the_navigation(visit: Watched) -> None:
    await visit.page.get_by_role("navigation").get_by_role("link", name="Corrections").click()
    await visit.page.get_by_role("heading", name="Corrections").wait_for()
    assert await visit.page.get_by_role("link", name="Corrections").get_attribute("aria-current") == "page"


async def test_a_narrow_navigation_begins_where_the_reader_is(chromium: Browser, interface: Interface) -> None:
    size = {"width": 360, "height": 800}
    async with watched(chromium, interface, interface.api.secret, viewport=size) as visit:
        await visit.page.goto("/ui/webhooks")
        box = await visit.page.locator(".top nav [aria-current]").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= size["width"]
