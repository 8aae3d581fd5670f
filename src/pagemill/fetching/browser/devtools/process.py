"""A Chromium that is spoken to without a process in between."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from pagemill.fetching.browser.chromium import OWN_SWITCHES
from pagemill.fetching.browser.devtools.connection import Connection, DevToolsError
from pagemill.fetching.browser.identity import Identity
from pagemill.fetching.browser.launching.program import Program
from pagemill.fetching.browser.process import BrowserProcess

if TYPE_CHECKING:
    from pagemill.fetching.browser.devtools.connection import Session
    from pagemill.fetching.browser.launching.folder import BrowserFolder
    from pagemill.fetching.browser.process import Launch
    from pagemill.settings import Settings


AUTO_ATTACH = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}
"""What `Target.setAutoAttach` takes: whatever begins waits until it is set up, or released."""


class DevToolsContext:
    """An isolated context of a `DevToolsBrowser`, and the page in it."""

    def __init__(self, browser: DevToolsBrowser, identifier: str) -> None:
        self.id = identifier
        self.target_id = ""
        self._browser = browser

    async def open_page(self) -> Session:
        """Open the one page that it may have, which then waits for `Runtime.runIfWaitingForDebugger`.

        Raises `DevToolsError`.
        """
        root = self._browser.root
        context = {"browserContextId": self.id}
        answers = await asyncio.gather(
            root.send("Browser.setDownloadBehavior", {"behavior": "deny", **context}),
            root.send("Browser.grantPermissions", {"permissions": [], **context}),
            root.send("Target.createTarget", {"url": "about:blank", **context}),
        )
        self.target_id = answers[-1]["targetId"]
        return self._browser.attached(self.id)

    async def close(self) -> None:
        """Close it and its pages. Raises `DevToolsError`."""
        await self._browser.dispose(self.id)


class DevToolsBrowser(BrowserProcess):
    """One such Chromium."""

    _connection: Connection

    def __init__(self, folder: BrowserFolder, settings: Settings, *, images: bool) -> None:
        super().__init__(folder, settings, images=images)
        self._program: Program | None = None
        self._contexts: dict[str, Session | None] = {}
        """The open contexts, with the session of the page of each once it is open."""
        self._targets: dict[str, str] = {}
        """The targets of these pages."""
        self._closing: set[str] = set()
        """The contexts whose end was asked for."""

    @property
    def contexts(self) -> int:
        """How many contexts are open."""
        return len(self._contexts)

    @property
    def root(self) -> Session:
        """The session of the browser itself."""
        return self._connection.root

    async def new_context(self, proxy: str, *, visible: bool) -> DevToolsContext:
        """A new isolated context. Raises `BrowserCrashedError` when the browser ended or does not answer."""
        context = await self._get_context(proxy, visible=visible)
        assert isinstance(context, DevToolsContext)  # noqa: S101 - what _new_context returns
        return context

    def session(self, session_id: str) -> Session:
        """The session of an attached target."""
        return self._connection.session(session_id)

    def attached(self, context: str) -> Session:
        """The session of the page of a context. Raises `DevToolsError` where it has none."""
        session = self._contexts.get(context)
        if session is None:
            raise DevToolsError("the page was not opened")
        return session

    async def dispose(self, context: str) -> None:
        """Close a context. Raises `DevToolsError`."""
        self._closing.add(context)
        page = self._contexts.get(context)
        if page is not None:  # a page that still waits to be set up would never close
            self.run_in_background(page.send("Runtime.runIfWaitingForDebugger"))
        await self.root.send("Target.disposeBrowserContext", {"browserContextId": context})
        self._closing.discard(context)
        self._contexts.pop(context, None)
        self._targets.pop(context, None)

    async def _launch(self, launch: Launch) -> None:
        words = [*OWN_SWITCHES, *launch.switches, f"--proxy-server={launch.proxy}", "--proxy-bypass-list=<-loopback>"]
        if not launch.account.sandbox:
            words.append("--no-sandbox")
        self._program = await Program.start(launch.executable, words, self._folder, launch.account)
        self._connection = await Connection.open(self._program.answers, self._program.commands, self._on_disconnected)
        self.root.on("Target.attachedToTarget", self._on_attached)
        try:
            version = await self.root.send("Browser.getVersion")
        except DevToolsError:
            raise OSError(f"Chromium ended as it started: {self._program.last_words()}") from None
        self.identity = Identity(version["product"].rpartition("/")[2])
        await self.root.send("Target.setAutoAttach", AUTO_ATTACH)

    async def _new_context(self, proxy: str, *, visible: bool) -> DevToolsContext:  # noqa: ARG002 - its page is sized
        reply = await self.root.send(
            "Target.createBrowserContext",
            {"disposeOnDetach": True, "proxyServer": proxy, "proxyBypassList": "<-loopback>"},
        )
        self._contexts[reply["browserContextId"]] = None
        return DevToolsContext(self, reply["browserContextId"])

    async def _ask(self) -> None:
        await self.root.send("Browser.getVersion")

    async def _close(self) -> None:
        await self.root.send("Browser.close")

    async def _disconnect(self) -> None:
        if self._program is not None:
            await self._program.end()
        if hasattr(self, "_connection"):
            self._connection.close()
        self._contexts.clear()
        self._targets.clear()
        self._closing.clear()

    def _on_attached(self, event: dict[str, Any]) -> None:
        """The first page of a context is ours; all others are pop-ups, which are closed."""
        target = event["targetInfo"]
        if target["type"] != "page":
            self.run_in_background(release(self.root, event["sessionId"], self.session(event["sessionId"])))
            return
        context = target.get("browserContextId")
        session = self.session(event["sessionId"])
        awaited = context in self._contexts and self._contexts[context] is None and context not in self._closing
        if awaited:
            self._contexts[context] = session
            self._targets[context] = target["targetId"]
        elif self._targets.get(context) != target["targetId"]:  # else it is another session of the page
            self.run_in_background(self._close_popup(session, target["targetId"]))

    async def _close_popup(self, session: Session, target_id: str) -> None:
        await asyncio.gather(
            session.send("Runtime.runIfWaitingForDebugger"),  # the script that opened it waits for that as well
            self.root.send("Target.closeTarget", {"targetId": target_id}),
            return_exceptions=True,
        )


async def release(parent: Session, session_id: str, target: Session) -> None:
    """Let a target go on that waits for nothing of ours (a filter would leave it waiting). Raises `DevToolsError`."""
    await target.send("Runtime.runIfWaitingForDebugger")
    await parent.send("Target.detachFromTarget", {"sessionId": session_id})
