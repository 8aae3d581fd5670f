"""A tab of a Chromium that Playwright drives: with actions, and with the state of its context."""

from __future__ import annotations

import asyncio
import json
from importlib import resources
from typing import TYPE_CHECKING, Any, cast

from pagemill.errors import SessionUnreadableError
from pagemill.fetching.browser.devtools.connection import DevToolsError
from pagemill.fetching.browser.driven.translation import translated_errors
from pagemill.fetching.browser.tab import INVISIBLE_PAGE, WITHOUT_MEDIA, Tab
from pagemill.model import SessionFault, SessionState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from playwright.async_api import CDPSession, Frame, Page, Route

    from pagemill.fetching.browser.driven.process import DrivenBrowser, DrivenContext

_STORAGE_SIZE = (resources.files("pagemill.fetching.browser") / "scripts" / "storage_size.js").read_text()


class DrivenSession:
    """A DevTools session of Playwright's, with errors as all sessions raise them."""

    def __init__(self, session: CDPSession) -> None:
        self._session = session

    async def send(self, method: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
        """Send a command, and return its result. Raises `DevToolsError`."""
        with translated_errors():
            return await self._session.send(method, parameters)

    def on(self, event: str, listener: Callable[[dict[str, Any]], object]) -> None:
        """Call `listener` with the parameters of each such event."""
        self._session.on(event, cast("Callable[[dict[str, Any]], None]", listener))


class DrivenTab(Tab):
    """A tab of a `DrivenBrowser`."""

    process: DrivenBrowser
    context: DrivenContext
    page: Page
    session: DrivenSession

    _origins: set[str]

    async def add_cookies(self, cookies: Sequence[dict[str, Any]]) -> None:
        """Put cookies (`name`, `value`, `domain`, `path`, `secure`) into the context. Raises `DevToolsError`."""
        with translated_errors():
            await self.context.driven.add_cookies([cast("Any", cookie) for cookie in cookies])

    async def new_session(self) -> DrivenSession:
        """Another DevTools session of the page. Raises `DevToolsError`."""
        with translated_errors():
            return DrivenSession(await self.context.driven.new_cdp_session(self.page))

    async def begin_with(self, state: SessionState) -> None:
        """Put cookies and storage into the context. Raises `SessionUnreadableError`."""
        try:
            with translated_errors():
                await self.context.driven.set_storage_state(json.loads(state.json))
        except DevToolsError:
            raise SessionUnreadableError("The browser did not take the session's cookies and storage.") from None

    def note_origins(self) -> None:
        """Count the origins that the page opens: the storage of each will be part of the context's state."""

        def note(frame: Frame) -> None:
            if frame.url.startswith("http"):
                self._origins.add("/".join(frame.url.split("/", 3)[:3]))

        self.page.on("framenavigated", note)
        self.context.driven.on("page", lambda other: other.on("framenavigated", note))

    async def session_state(self, deadline: float) -> SessionState | SessionFault:
        """Return the cookies and the storage of the context, or why they cannot be had by then.

        The page is gone after that: what it holds is measured before the browser's driver writes it as one text, and
        it must not grow meanwhile.
        """
        limits = self._settings.sessions
        if len(self._origins) > limits.session_max_origins:
            return SessionFault.TOO_MANY_ORIGINS
        try:
            with translated_errors():
                async with asyncio.timeout_at(deadline):
                    if await self._storage_size(limits.session_max_bytes) > limits.session_max_bytes:
                        return SessionFault.TOO_LARGE
                    state = await self.context.driven.storage_state(indexed_db=True)
        except (DevToolsError, TimeoutError):
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

    async def _open_context(self) -> DrivenContext:
        self.context = await self.process.new_context(self.proxy.url, visible=self.options.visible)
        return self.context

    async def _open_page(self) -> None:
        self._origins = set()
        with translated_errors():
            context = self.context.driven
            if not self.process.images:
                await context.add_init_script(WITHOUT_MEDIA)
            self.page = await context.new_page()
            self.page.on("crash", lambda _: self.crashed.set())
            context.on("page", lambda other: self.process.run_in_background(_close(other)))  # pop-ups
        self.session = await self.new_session()
        if not self.options.visible:
            await self.session.send("Emulation.setDeviceMetricsOverride", INVISIBLE_PAGE)


async def _close(page: Page) -> None:
    with translated_errors():
        await page.close()
