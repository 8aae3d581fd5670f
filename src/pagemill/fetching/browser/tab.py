"""A browser tab: an isolated context with one empty page in it, and an egress proxy of its own."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Self

from pagemill.errors import (
    BrowserCrashedError,
    BrowserError,
    SessionUnreadableError,
)
from pagemill.fetching.browser.egress_proxy import EgressProxy
from pagemill.fetching.proxies.tunnel import Tunnels
from pagemill.model import SessionFault, SessionState
from pagemill.proxies import DIRECT

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from playwright.async_api import BrowserContext, CDPSession, Frame, Page, Route

    from pagemill.fetching.browser.process import BrowserProcess
    from pagemill.fetching.egress.guard import EgressGuard
    from pagemill.proxies import Proxy
    from pagemill.settings import Settings

VIEWPORT = {"width": 1280, "height": 800}
INVISIBLE_PAGE_SCALE = 0.05
"""The scale at which a page is drawn that needs no screenshot. Layout, scripts and scrolling do not depend on it."""

PREOPENED_TABS = 2
"""Tabs that are opened before they are needed: opening one takes about half as long as loading a page."""

# In the first moment of each document: media are not loaded. A policy of the page's own (CSP Level 3) does it inside
# Blink, for all frames, and leaves nothing that the page could find; images and fonts are off for the whole process.
_WITHOUT_MEDIA = (resources.files("pagemill.fetching.browser") / "scripts" / "without_media.js").read_text()
_STORAGE_SIZE = (resources.files("pagemill.fetching.browser") / "scripts" / "storage_size.js").read_text()


@dataclass(frozen=True, slots=True)
class TabOptions:
    """What has to be decided before a tab is opened."""

    proxy: Proxy = DIRECT
    visible: bool = False
    """Whether the page is drawn at full size: for screenshots, and for actions, which need positions on the screen."""


class Tab:
    """An open tab. Made by `open`; leaving `async with tab` closes the context and the proxy, whatever happened.

    Where the context does not close, the browser is killed.
    """

    context: BrowserContext
    page: Page
    session: CDPSession
    """The page's DevTools session."""

    def __init__(self, process: BrowserProcess, guard: EgressGuard, settings: Settings, options: TabOptions) -> None:
        tunnels = None if options.proxy.direct else Tunnels(options.proxy, guard.resolver, settings)
        self.proxy = EgressProxy(guard, settings.fetching.connect_timeout, tunnels)
        self.process = process
        self.options = options
        self.crashed = asyncio.Event()
        """Set once the page's process ended."""
        self._settings = settings
        self._origins: set[str] = set()
        self._stack = AsyncExitStack()

    @classmethod
    async def open(cls, process: BrowserProcess, guard: EgressGuard, settings: Settings, options: TabOptions) -> Tab:
        """Open a tab. Raises `BrowserCrashedError` when the browser ended or does not answer."""
        tab = cls(process, guard, settings, options)
        await tab._open()
        return tab

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close it."""
        await self._stack.aclose()

    async def begin_with(self, state: SessionState) -> None:
        """Put cookies and storage into the context. Raises `SessionUnreadableError`."""
        from playwright.async_api import Error

        try:
            await self.context.set_storage_state(json.loads(state.json))
        except Error:
            raise SessionUnreadableError("The browser did not take the session's cookies and storage.") from None

    def note_origins(self) -> None:
        """Count the origins that the page opens: the storage of each will be part of the context's state."""

        def note(frame: Frame) -> None:
            if frame.url.startswith("http"):
                self._origins.add("/".join(frame.url.split("/", 3)[:3]))

        self.page.on("framenavigated", note)
        self.context.on("page", lambda other: other.on("framenavigated", note))

    async def session_state(self, deadline: float) -> SessionState | SessionFault:
        """Return the cookies and the storage of the context, or why they cannot be had by then.

        The page is gone after that: what it holds is measured before the browser's driver writes it as one text, and
        it must not grow meanwhile.
        """
        from playwright.async_api import Error

        limits = self._settings.sessions
        if len(self._origins) > limits.session_max_origins:
            return SessionFault.TOO_MANY_ORIGINS
        try:
            async with asyncio.timeout_at(deadline):
                if await self._storage_size(limits.session_max_bytes) > limits.session_max_bytes:
                    return SessionFault.TOO_LARGE
                state = await self.context.storage_state(indexed_db=True)
        except (Error, TimeoutError):
            return SessionFault.NO_ANSWER
        # With escapes, as a page may store what is no text: a half of a surrogate pair.
        return SessionState(json.dumps(state, separators=(",", ":")).encode())

    async def _storage_size(self, limit: int) -> int:
        """Return how many characters the storage of the noted origins holds, or a number above the limit.

        Each origin is opened with an empty page in place of its own. Nothing is asked of the sites.
        """

        async def answer(route: Route) -> None:
            await route.fulfill(body="<html></html>", content_type="text/html")

        size = 0
        await self.page.route("**/*", answer)
        await self.page.goto("about:blank")
        for origin in sorted(self._origins):
            # A service worker would answer in place of the empty page, or go on storing.
            await self.session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "service_workers"})
            await self.page.goto(origin)
            size += await self.page.evaluate(_STORAGE_SIZE, limit - size)
            if size > limit:
                break
        return size

    async def _open(self) -> None:
        from playwright.async_api import Error

        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.proxy)
            self.process.add_disconnect_event(self.crashed)
            stack.callback(self.process.remove_disconnect_event, self.crashed)
            self.context = await self.process.new_context(**self._context_options())
            stack.push_async_callback(self.process.close_context, self.context)
            try:
                async with asyncio.timeout(self._settings.browser.browser_answer_timeout):
                    await self._open_page()
            except (Error, TimeoutError):
                await self.process.kill()
                raise BrowserCrashedError("The browser ended, or did not answer, as the page was opened.") from None
            self._stack = stack.pop_all()

    def _context_options(self) -> dict[str, Any]:
        size = {"viewport": VIEWPORT, "screen": VIEWPORT} if self.options.visible else {"no_viewport": True}
        return size | {
            "proxy": {"server": self.proxy.url, "bypass": "<-loopback>"},
            "accept_downloads": False,
            "permissions": [],
        }

    async def _open_page(self) -> None:
        if not self.process.images:
            await self.context.add_init_script(_WITHOUT_MEDIA)
        self.page = page = await self.context.new_page()
        page.on("crash", lambda _: self.crashed.set())
        self.context.on("page", lambda other: self.process.run_in_background(other.close()))  # pop-ups
        self.session = await self.context.new_cdp_session(page)
        if not self.options.visible:
            screen = {"screenWidth": VIEWPORT["width"], "screenHeight": VIEWPORT["height"]}
            small = {"scale": INVISIBLE_PAGE_SCALE, "deviceScaleFactor": 0, "mobile": False}
            await self.session.send("Emulation.setDeviceMetricsOverride", VIEWPORT | screen | small)


class Tabs:
    """The tabs of one browser process. Some may be opened in advance, so that the next pages need not wait."""

    def __init__(self, process: BrowserProcess, guard: EgressGuard, settings: Settings) -> None:
        self._process = process
        self._guard = guard
        self._settings = settings
        self._preopened: deque[tuple[TabOptions, asyncio.Task[Tab]]] = deque()

    async def take(self, options: TabOptions) -> Tab:
        """An unused tab: a preopened one, or a new one. Raises `BrowserCrashedError`."""
        while self._preopened and self._preopened[0][0] == options:
            _, opening = self._preopened.popleft()
            try:
                tab = await opening
            except asyncio.CancelledError:
                self._process.run_in_background(_discard(opening))
                raise
            except BrowserError:
                continue
            if not tab.crashed.is_set():
                return tab
            await tab.close()
        return await self._open(options)

    def preopen(self, options: TabOptions) -> None:
        """Start to open tabs for the next pages, up to `PREOPENED_TABS`."""
        while len(self._preopened) < PREOPENED_TABS:
            self._preopened.append((options, asyncio.create_task(self._open(options), name="preopen a tab")))

    async def close(self) -> None:
        """Close the preopened tabs."""
        openings = [opening for _, opening in self._preopened]
        self._preopened.clear()
        await asyncio.gather(*map(_discard, openings))

    def _open(self, options: TabOptions) -> Coroutine[Any, Any, Tab]:
        return Tab.open(self._process, self._guard, self._settings, options)


async def _discard(opening: asyncio.Task[Tab]) -> None:
    opening.cancel()
    try:
        tab = await opening
    except (asyncio.CancelledError, BrowserError):
        return
    await tab.close()
