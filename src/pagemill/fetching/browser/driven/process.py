"""A Chromium that Playwright's driver (Node.js) starts and speaks to.

The driver is our child and Chromium is its child. When this process dies, the driver's input ends, and it takes
Chromium with it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import structlog

from pagemill.fetching.browser.driven.translation import translated_errors
from pagemill.fetching.browser.identity import Identity
from pagemill.fetching.browser.launching.driver import start_driver
from pagemill.fetching.browser.process import CLOSE_TIMEOUT, BrowserProcess
from pagemill.fetching.browser.tab import VIEWPORT

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, CDPSession, Playwright

    from pagemill.fetching.browser.launching.folder import BrowserFolder
    from pagemill.fetching.browser.process import Launch
    from pagemill.settings import Settings

log = structlog.get_logger(__name__)


class DrivenContext:
    """An isolated context of a `DrivenBrowser`."""

    def __init__(self, driven: BrowserContext) -> None:
        self.driven = driven

    async def close(self) -> None:
        """Close it and its pages. Raises `DevToolsError`."""
        with translated_errors():
            await self.driven.close()


class DrivenBrowser(BrowserProcess):
    """One such Chromium."""

    _browser: Browser
    _session: CDPSession

    def __init__(self, folder: BrowserFolder, settings: Settings, *, images: bool) -> None:
        super().__init__(folder, settings, images=images)
        self._driver: Playwright | None = None

    @property
    def contexts(self) -> int:
        """How many contexts are open."""
        return len(self._browser.contexts)

    async def new_context(self, proxy: str, *, visible: bool) -> DrivenContext:
        """A new isolated context. Raises `BrowserCrashedError` when the browser ended or does not answer."""
        context = await self._get_context(proxy, visible=visible)
        assert isinstance(context, DrivenContext)  # noqa: S101 - what _new_context returns
        return context

    async def _launch(self, launch: Launch) -> None:
        with translated_errors():
            self._driver = await start_driver(self._folder, launch.account)
            self._browser = await self._driver.chromium.launch(
                executable_path=launch.executable,
                args=launch.switches,
                proxy={"server": launch.proxy, "bypass": "<-loopback>"},
                chromium_sandbox=launch.account.sandbox,
                handle_sigint=False,
                handle_sigterm=False,
                handle_sighup=False,
                timeout=self._settings.browser.browser_start_timeout * 1000,
            )
            self.identity = Identity(self._browser.version)
            self._browser.on("disconnected", lambda _: self._on_disconnected())
            self._session = await self._browser.new_browser_cdp_session()

    async def _new_context(self, proxy: str, *, visible: bool) -> DrivenContext:
        size: dict[str, Any] = {"viewport": VIEWPORT, "screen": VIEWPORT} if visible else {"no_viewport": True}
        with translated_errors():
            context = await self._browser.new_context(
                proxy={"server": proxy, "bypass": "<-loopback>"},
                accept_downloads=False,
                permissions=[],
                **size,
            )
        return DrivenContext(context)

    async def _ask(self) -> None:
        with translated_errors():
            await self._session.send("Browser.getVersion")

    async def _close(self) -> None:
        with translated_errors():
            await self._browser.close()

    async def _disconnect(self) -> None:
        if self._driver is None:
            return
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self._driver.stop()
        except Exception:  # noqa: BLE001 - a driver that fell over says so in many ways; it is killed below
            log.warning("the browser's driver did not end in good order")
