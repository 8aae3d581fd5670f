"""Screenshots of a rendered page, as PNG."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pagemill.errors import BrowserError
from pagemill.model import Format

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playwright.async_api import Page

MAX_HEIGHT = 16_384
"""Pixels beyond which a picture of the whole page is cut: what Chromium can draw in one piece."""
SCREENSHOT_FORMATS = frozenset({Format.SCREENSHOT, Format.SCREENSHOT_FULL_PAGE})

_PAGE_SIZE = "() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]"


async def take_screenshots(page: Page, formats: Iterable[Format], deadline: float) -> dict[Format, bytes]:
    """Take the screenshots that `formats` asks for. Raises `BrowserError`, or `TimeoutError` at `deadline`."""
    from playwright.async_api import Error

    screenshots = {}
    for name in SCREENSHOT_FORMATS.intersection(formats):
        try:
            async with asyncio.timeout_at(deadline):
                screenshots[name] = await _screenshot(page, full=name is Format.SCREENSHOT_FULL_PAGE)
        except Error:
            raise BrowserError("No picture could be taken of the page.") from None
    return screenshots


async def _screenshot(page: Page, *, full: bool) -> bytes:
    if not full:
        return await page.screenshot(type="png", animations="disabled", timeout=0)
    width, height = await page.evaluate(_PAGE_SIZE)
    if height <= MAX_HEIGHT:
        return await page.screenshot(type="png", animations="disabled", full_page=True, timeout=0)
    clip = {"x": 0, "y": 0, "width": width, "height": MAX_HEIGHT}
    return await page.screenshot(type="png", animations="disabled", full_page=True, clip=clip, timeout=0)  # type: ignore[arg-type]
