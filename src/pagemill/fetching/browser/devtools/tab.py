"""A tab of a Chromium that is spoken to without a process in between."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

from pagemill.fetching.browser.devtools.process import AUTO_ATTACH, release
from pagemill.fetching.browser.tab import INVISIBLE_PAGE, VIEWPORT, WITHOUT_MEDIA, Tab

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.fetching.browser.devtools.connection import Session
    from pagemill.fetching.browser.devtools.process import DevToolsBrowser, DevToolsContext

# What Playwright gives pages: a page must look the same whichever of both opened it.
_MEDIA = {
    "media": "",
    "features": [
        {"name": "prefers-color-scheme", "value": "light"},
        {"name": "prefers-reduced-motion", "value": "no-preference"},
        {"name": "forced-colors", "value": "none"},
        {"name": "prefers-contrast", "value": "no-preference"},
    ],
}
_FONTS = {
    "standard": "Times New Roman",
    "fixed": "Monospace",
    "serif": "Times New Roman",
    "sansSerif": "Arial",
    "cursive": "Comic Sans MS",
    "fantasy": "Impact",
}
_FULL_SIZE = VIEWPORT | {
    "screenWidth": VIEWPORT["width"],
    "screenHeight": VIEWPORT["height"],
    "deviceScaleFactor": 1,
    "mobile": False,
    "screenOrientation": {"angle": 0, "type": "landscapePrimary"},
}


class DevToolsTab(Tab):
    """A tab of a `DevToolsBrowser`."""

    process: DevToolsBrowser
    context: DevToolsContext
    session: Session

    async def add_cookies(self, cookies: Sequence[dict[str, Any]]) -> None:
        """Put cookies (`name`, `value`, `domain`, `path`, `secure`) into the context. Raises `DevToolsError`."""
        await self.process.root.send(
            "Storage.setCookies", {"cookies": list(cookies), "browserContextId": self.context.id}
        )

    async def new_session(self) -> Session:
        """Another DevTools session of the page. Raises `DevToolsError`."""
        reply = await self.process.root.send(
            "Target.attachToTarget", {"targetId": self.context.target_id, "flatten": True}
        )
        return self.process.session(reply["sessionId"])

    async def _open_context(self) -> DevToolsContext:
        self.context = await self.process.new_context(self.proxy.url, visible=self.options.visible)
        return self.context

    async def _open_page(self) -> None:
        self.session = await self.context.open_page()
        self.session.on("Inspector.targetCrashed", lambda _: self.crashed.set())
        await asyncio.gather(
            self.session.send("Emulation.setFocusEmulationEnabled", {"enabled": True}),
            self._set_size(),
            self._set_up(self.session),
        )

    async def _set_size(self) -> None:
        if not self.options.visible:
            await self.session.send("Emulation.setDeviceMetricsOverride", INVISIBLE_PAGE)
            return
        window = await self.session.send("Browser.getWindowForTarget")
        await asyncio.gather(
            self.session.send("Browser.setWindowBounds", {"windowId": window["windowId"], "bounds": VIEWPORT}),
            self.session.send("Emulation.setDeviceMetricsOverride", _FULL_SIZE),
        )

    async def _set_up(self, session: Session) -> None:
        """Set up the page, or a frame that has a process of its own, and let it go on."""
        session.on("Page.javascriptDialogOpening", lambda dialog: self._answer_dialog(session, dialog))
        session.on("Target.attachedToTarget", lambda event: self._on_attached(session, event))
        commands: list[tuple[str, dict[str, Any]]] = [
            ("Page.enable", {}),
            ("Emulation.setEmulatedMedia", _MEDIA),
            ("Target.setAutoAttach", AUTO_ATTACH),
        ]
        if sys.platform == "linux":
            commands.append(("Page.setFontFamilies", {"fontFamilies": _FONTS}))
        if not self.process.images:
            commands.append(
                ("Page.addScriptToEvaluateOnNewDocument", {"source": WITHOUT_MEDIA, "runImmediately": True})
            )
        commands.append(("Runtime.runIfWaitingForDebugger", {}))
        await asyncio.gather(*(session.send(method, parameters) for method, parameters in commands))

    def _on_attached(self, parent: Session, event: dict[str, Any]) -> None:
        """Set up frames of other sites, which have processes of their own. Workers are left alone."""
        target = self.process.session(event["sessionId"])
        is_frame = event["targetInfo"]["type"] == "iframe"
        self.process.run_in_background(
            self._set_up(target) if is_frame else release(parent, event["sessionId"], target)
        )

    def _answer_dialog(self, session: Session, dialog: dict[str, Any]) -> None:
        """Close a dialog at once: who leaves a page may, all else is declined."""
        answer = {"accept": dialog["type"] == "beforeunload"}
        self.process.run_in_background(session.send("Page.handleJavaScriptDialog", answer))
