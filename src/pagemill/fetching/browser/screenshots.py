"""Screenshots of a rendered page, as PNG.

They are taken by the DevTools protocol: Playwright would wait for fonts that may never come.
"""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

import structlog

from pagemill.errors import BrowserCrashedError
from pagemill.fetching.browser.devtools.connection import DevToolsError
from pagemill.fetching.browser.isolated_world import DocumentReplacedError
from pagemill.fetching.browser.tab import VIEWPORT
from pagemill.model import Format

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from pagemill.fetching.browser.isolated_world import IsolatedWorld
    from pagemill.fetching.browser.tab import DevToolsSession
    from pagemill.settings import Settings

log = structlog.get_logger(__name__)

MAX_HEIGHT = 16_384
"""Pixels beyond which a picture of the whole page is cut: what Chromium can draw in one piece."""
SCREENSHOT_FORMATS = frozenset({Format.SCREENSHOT, Format.SCREENSHOT_FULL_PAGE})

_SCRIPTS = resources.files("pagemill.fetching.browser") / "scripts"
_SCROLL_THROUGH = (_SCRIPTS / "scroll_through.js").read_text()
_PAGE_SIZE = (_SCRIPTS / "page_size.js").read_text()
_END_ANIMATIONS = (_SCRIPTS / "end_animations.js").read_text()


@dataclass(frozen=True, slots=True)
class Screenshots:
    """Takes the screenshots of one page. `session` is its DevTools session, `wait_until_ready` waits for the page."""

    session: DevToolsSession
    world: IsolatedWorld
    settings: Settings
    wait_until_ready: Callable[[float], Awaitable[object]]

    async def take(self, formats: Iterable[Format], deadline: float) -> dict[Format, bytes]:
        """Take the screenshots that `formats` asks for, until the event loop's time is `deadline`.

        One that cannot be taken is left out. Raises `BrowserCrashedError`.
        """
        screenshots = {}
        for name in sorted(SCREENSHOT_FORMATS.intersection(formats), key=lambda name: name is not Format.SCREENSHOT):
            limit = min(deadline, asyncio.get_running_loop().time() + self.settings.browser.screenshot_timeout)
            try:
                async with asyncio.timeout_at(limit):
                    full_page = name is Format.SCREENSHOT_FULL_PAGE
                    screenshots[name] = await (self._full_page(limit) if full_page else self._capture())
            except BrowserCrashedError:
                raise
            except (DevToolsError, TimeoutError, DocumentReplacedError, ValueError) as error:
                log.warning("a screenshot could not be taken", format=name.value, error=type(error).__name__)
        return screenshots

    async def _full_page(self, limit: float) -> bytes:
        await self._scroll_through(limit)
        size = await self.world.evaluate(_PAGE_SIZE)
        height = min(max(size["height"], VIEWPORT["height"]), MAX_HEIGHT)
        if not size["inner"]:
            return await self._capture({"x": 0, "y": 0, "width": size["width"], "height": height, "scale": 1})
        # What scrolls inside the page shows all that it has in a window that is high enough.
        await self._set_height(height)
        try:
            await self.wait_until_ready(limit)
            return await self._capture()
        finally:
            await self._set_height(VIEWPORT["height"])

    async def _scroll_through(self, limit: float) -> None:
        """Scroll down and up again, so that what loads as it comes into view is there."""
        left = (limit - asyncio.get_running_loop().time()) / 2
        milliseconds = int(min(left, self.settings.browser.screenshot_scroll_time) * 1000)
        await self.world.evaluate(_SCROLL_THROUGH, MAX_HEIGHT, milliseconds)
        await self.wait_until_ready(asyncio.get_running_loop().time() + left)

    async def _capture(self, clip: dict[str, Any] | None = None) -> bytes:
        await self.world.evaluate(_END_ANIMATIONS)
        area = {} if clip is None else {"clip": clip, "captureBeyondViewport": True}
        reply = await self.session.send("Page.captureScreenshot", {"format": "png", **area})
        return base64.b64decode(reply["data"])

    async def _set_height(self, height: int) -> None:
        size = VIEWPORT | {"height": height}
        screen = {"screenWidth": VIEWPORT["width"], "screenHeight": VIEWPORT["height"]}
        await self.session.send(
            "Emulation.setDeviceMetricsOverride", size | screen | {"deviceScaleFactor": 1, "mobile": False}
        )
