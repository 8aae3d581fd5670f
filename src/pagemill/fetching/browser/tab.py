"""A tab of the browser: an isolated context with one empty page in it, and a way out of its own."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Self

from pagemill.errors import BrowserCrashedError, BrowserError
from pagemill.fetching.browser.egress_proxy import EgressProxy
from pagemill.fetching.proxies.tunnel import Tunnels
from pagemill.proxies import DIRECT

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from playwright.async_api import BrowserContext, CDPSession, Page

    from pagemill.fetching.browser.process import BrowserProcess
    from pagemill.fetching.egress.guard import EgressGuard
    from pagemill.proxies import Proxy
    from pagemill.settings import Settings

VIEWPORT = {"width": 1280, "height": 800}
UNSEEN_SCALE = 0.05
"""What a page that nobody looks at is drawn at. Its layout, its scripts and its scrolling know nothing of it."""

AHEAD = 2
"""Tabs that are opened before anybody needs them: opening one takes about half as long as loading a page."""

# In the first moment of each document: media are not loaded. A policy of the page's own (CSP Level 3) does it inside
# Blink, for all frames, and leaves nothing that the page could find; images and fonts are off for the whole process.
_WITHOUT_MEDIA = (resources.files("pagemill.fetching.browser") / "scripts" / "without_media.js").read_text()


@dataclass(frozen=True, slots=True)
class Kind:
    """What tabs differ by before anything is loaded in them."""

    proxy: Proxy = DIRECT
    looked_at: bool = False
    """Whether it matters what the page looks like, or where things are on the screen."""


class Tab:
    """An open tab. Made by `open`; leaving `async with tab` closes the context and the proxy, whatever happened.

    Where the context does not close, the browser is killed.
    """

    context: BrowserContext
    page: Page
    session: CDPSession
    """The page's DevTools session."""

    def __init__(self, process: BrowserProcess, guard: EgressGuard, settings: Settings, kind: Kind) -> None:
        tunnels = None if kind.proxy.direct else Tunnels(kind.proxy, guard.resolver, settings)
        self.proxy = EgressProxy(guard, settings.fetching.connect_timeout, tunnels)
        self.process = process
        self.kind = kind
        self.crashed = asyncio.Event()
        """Set once the page's process ended."""
        self._settings = settings
        self._stack = AsyncExitStack()

    @classmethod
    async def open(cls, process: BrowserProcess, guard: EgressGuard, settings: Settings, kind: Kind) -> Tab:
        """Open a tab. Raises `BrowserCrashedError` when there is no browser any more, or it is silent."""
        tab = cls(process, guard, settings, kind)
        await tab._open()
        return tab

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close it."""
        await self._stack.aclose()

    async def _open(self) -> None:
        from playwright.async_api import Error

        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.proxy)
            self.process.on_gone(self.crashed)
            stack.callback(self.process.forget, self.crashed)
            self.context = await self.process.new_context(**self._options())
            stack.push_async_callback(self.process.close_context, self.context)
            try:
                async with asyncio.timeout(self._settings.browser.browser_answer_timeout):
                    await self._open_page()
            except (Error, TimeoutError):
                await self.process.kill()
                raise BrowserCrashedError("The browser ended, or did not answer, as the page was opened.") from None
            self._stack = stack.pop_all()

    def _options(self) -> dict[str, Any]:
        size = {"viewport": VIEWPORT, "screen": VIEWPORT} if self.kind.looked_at else {"no_viewport": True}
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
        self.context.on("page", lambda other: self.process.run(other.close()))  # pop-ups
        self.session = await self.context.new_cdp_session(page)
        if not self.kind.looked_at:
            screen = {"screenWidth": VIEWPORT["width"], "screenHeight": VIEWPORT["height"]}
            small = {"scale": UNSEEN_SCALE, "deviceScaleFactor": 0, "mobile": False}
            await self.session.send("Emulation.setDeviceMetricsOverride", VIEWPORT | screen | small)


class Tabs:
    """The tabs of one browser process: some may be opened ahead, so that the next pages need not wait for theirs."""

    def __init__(self, process: BrowserProcess, guard: EgressGuard, settings: Settings) -> None:
        self._process = process
        self._guard = guard
        self._settings = settings
        self._ahead: deque[tuple[Kind, asyncio.Task[Tab]]] = deque()

    async def take(self, kind: Kind) -> Tab:
        """A tab that nobody has used: one that was opened ahead, or a new one. Raises `BrowserCrashedError`."""
        while self._ahead and self._ahead[0][0] == kind:
            _, opening = self._ahead.popleft()
            try:
                tab = await opening
            except asyncio.CancelledError:
                self._process.run(_discard(opening))
                raise
            except BrowserError:
                continue
            if not tab.crashed.is_set():
                return tab
            await tab.close()
        return await self._open(kind)

    def open_ahead(self, kind: Kind) -> None:
        """Begin to open the next tabs, as far as they are not there."""
        while len(self._ahead) < AHEAD:
            self._ahead.append((kind, asyncio.create_task(self._open(kind), name="open a tab ahead")))

    async def close(self) -> None:
        """Close what was opened ahead."""
        openings = [opening for _, opening in self._ahead]
        self._ahead.clear()
        await asyncio.gather(*map(_discard, openings))

    def _open(self, kind: Kind) -> Coroutine[Any, Any, Tab]:
        return Tab.open(self._process, self._guard, self._settings, kind)


async def _discard(opening: asyncio.Task[Tab]) -> None:
    opening.cancel()
    try:
        tab = await opening
    except (asyncio.CancelledError, BrowserError):
        return
    await tab.close()
