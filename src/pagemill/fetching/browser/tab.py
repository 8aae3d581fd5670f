"""A browser tab: an isolated context with one empty page in it, and an egress proxy of its own."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Protocol, Self

from pagemill.errors import BrowserCrashedError, BrowserError
from pagemill.fetching.browser.devtools.connection import DevToolsError
from pagemill.fetching.browser.egress_proxy import EgressProxy
from pagemill.fetching.proxies.tunnel import Tunnels
from pagemill.proxies import DIRECT

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from pagemill.fetching.browser.process import BrowserProcess, Context
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
WITHOUT_MEDIA = (resources.files("pagemill.fetching.browser") / "scripts" / "without_media.js").read_text()


@dataclass(frozen=True, slots=True)
class TabOptions:
    """What has to be decided before a tab is opened."""

    proxy: Proxy = DIRECT
    visible: bool = False
    """Whether the page is drawn at full size: for screenshots, and for actions, which need positions on the screen."""


INVISIBLE_PAGE = VIEWPORT | {
    "screenWidth": VIEWPORT["width"],
    "screenHeight": VIEWPORT["height"],
    "scale": INVISIBLE_PAGE_SCALE,
    "deviceScaleFactor": 0,
    "mobile": False,
}
"""What `Emulation.setDeviceMetricsOverride` takes for such a page."""


class DevToolsSession(Protocol):
    """Commands of the DevTools protocol to a page, and its events."""

    async def send(self, method: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
        """Send a command, and return its result. Raises `DevToolsError`."""

    def on(self, event: str, listener: Callable[[dict[str, Any]], object]) -> None:
        """Call `listener` with the parameters of each such event."""


class Tab(ABC):
    """An open tab. Made by `open`; leaving `async with tab` closes the context and the proxy, whatever happened.

    Where the context does not close, the browser is killed.
    """

    session: DevToolsSession
    """The page's DevTools session."""

    def __init__(self, process: BrowserProcess, guard: EgressGuard, settings: Settings, options: TabOptions) -> None:
        tunnels = None if options.proxy.direct else Tunnels(options.proxy, guard.resolver, settings)
        self.proxy = EgressProxy(guard, settings.fetching.connect_timeout, tunnels)
        self.process = process
        self.options = options
        self.crashed = asyncio.Event()
        """Set once the page's process ended."""
        self._settings = settings
        self._stack = AsyncExitStack()

    @classmethod
    async def open(cls, process: BrowserProcess, guard: EgressGuard, settings: Settings, options: TabOptions) -> Self:
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

    @abstractmethod
    async def add_cookies(self, cookies: Sequence[dict[str, Any]]) -> None:
        """Put cookies (`name`, `value`, `domain`, `path`, `secure`) into the context. Raises `DevToolsError`."""

    @abstractmethod
    async def new_session(self) -> DevToolsSession:
        """Another DevTools session of the page. Raises `DevToolsError`."""

    @abstractmethod
    async def _open_context(self) -> Context:
        """Open a context for it. Raises `BrowserCrashedError`."""

    @abstractmethod
    async def _open_page(self) -> None:
        """Open the page, and set it up. Raises `DevToolsError`."""

    async def _open(self) -> None:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.proxy)
            self.process.add_disconnect_event(self.crashed)
            stack.callback(self.process.remove_disconnect_event, self.crashed)
            stack.push_async_callback(self.process.close_context, await self._open_context())
            try:
                async with asyncio.timeout(self._settings.browser.browser_answer_timeout):
                    await self._open_page()
            except (DevToolsError, TimeoutError):
                await self.process.kill()
                raise BrowserCrashedError("The browser ended, or did not answer, as the page was opened.") from None
            self._stack = stack.pop_all()


class Tabs:
    """The tabs of one browser process. Some may be opened in advance, so that the next pages need not wait."""

    def __init__(self, kind: type[Tab], process: BrowserProcess, guard: EgressGuard, settings: Settings) -> None:
        self._kind = kind
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
        return self._kind.open(self._process, self._guard, self._settings, options)


async def _discard(opening: asyncio.Task[Tab]) -> None:
    opening.cancel()
    try:
        tab = await opening
    except (asyncio.CancelledError, BrowserError):
        return
    await tab.close()
