"""What a page is about to do, as the DevTools protocol tells it: requests under way, navigations that it has scheduled,
windows that it opens.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pagemill.fetching.browser.process import BrowserProcess
    from pagemill.fetching.browser.tab import DevToolsSession

# Of the protocol's `Network.ResourceType`: what may still put text into a page.
_CONTENT_TYPES = frozenset({"Document", "Script", "Stylesheet", "XHR", "Fetch", "Other"})
_CLIENT_REDIRECTS = frozenset({"metaTagRefresh", "httpHeaderRefresh", "scriptInitiated"})
_REFRESHES = frozenset({"metaTagRefresh", "httpHeaderRefresh"})
# Nothing of a response is kept for us to ask for.
_NO_BUFFERS = {"maxTotalBufferSize": 0, "maxResourceBufferSize": 0}


class PageActivity:
    """The activity of one page. Made before it is navigated; `session` is its DevTools session."""

    def __init__(self, session: DevToolsSession) -> None:
        self._session = session
        self._loop = asyncio.get_running_loop()
        self._requests: dict[str, float] = {}
        self._last_end = float("-inf")
        self._scheduled: dict[str, float] = {}
        self._url = ""
        self.frame_id = ""
        """The page's main frame, which keeps its identifier wherever it goes."""
        self.requested_url: str | None = None
        """Where the page went on to last by itself."""
        self.navigations = 0
        """How often the page has gone on to another, for whatever reason."""
        self.redirects = 0
        """How often the page has led on to another by a refresh or a script."""
        self.opened_window: str | None = None
        """The URL of the window that the page opened last."""
        self.status_code: int | None = None
        """The status of the last response to a navigation of the page."""

    async def start(self) -> None:
        """Begin to listen."""
        on = self._session.on
        on("Network.requestWillBeSent", self._request_started)
        on("Network.responseReceived", self._response_received)
        on("Network.loadingFinished", self._request_ended)
        on("Network.loadingFailed", self._request_ended)
        on("Page.frameScheduledNavigation", self._navigation_scheduled)
        on("Page.frameClearedScheduledNavigation", self._navigation_cleared)
        on("Page.frameRequestedNavigation", self._navigation_requested)
        on("Page.frameNavigated", self._navigated)
        on("Page.windowOpen", self._window_opened)
        answers = await asyncio.gather(
            self._session.send("Page.getFrameTree"),
            self._session.send("Page.enable"),
            self._session.send("Network.enable", _NO_BUFFERS),
        )
        # Before it navigates: what the page does may be told before the answer that it navigated is looked at.
        self.frame_id = answers[0]["frameTree"]["frame"]["id"]

    def quiet_for(self, request_timeout: float) -> float:
        """For how many seconds no request that brings content was under way; 0 while one is.

        A request without an end after `request_timeout` seconds does not count.
        """
        now = self._loop.time()
        if any(now - started < request_timeout for started in self._requests.values()):
            return 0.0
        return now - self._last_end

    def refresh_within(self, seconds: float) -> bool:
        """Whether the page leads on to another by itself within so many seconds."""
        due = self._scheduled.get(self.frame_id)
        return due is not None and due - self._loop.time() <= seconds

    def _request_started(self, event: dict[str, Any]) -> None:
        if event.get("type") in _CONTENT_TYPES:
            self._requests.setdefault(event["requestId"], self._loop.time())

    def _response_received(self, event: dict[str, Any]) -> None:
        if event["type"] == "Document" and event.get("frameId") == self.frame_id:
            self.status_code = event["response"]["status"]

    def _request_ended(self, event: dict[str, Any]) -> None:
        if self._requests.pop(event["requestId"], None) is not None:
            self._last_end = self._loop.time()

    def _navigation_scheduled(self, event: dict[str, Any]) -> None:
        if event["reason"] in _REFRESHES and event["url"] == self._url and event["delay"] > 0:
            return  # it reloads itself now and then
        if event["reason"] in _CLIENT_REDIRECTS:
            self._scheduled[event["frameId"]] = self._loop.time() + event["delay"]

    def _navigation_cleared(self, event: dict[str, Any]) -> None:
        self._scheduled.pop(event["frameId"], None)

    def _navigation_requested(self, event: dict[str, Any]) -> None:
        if event["frameId"] != self.frame_id:
            return
        self.requested_url = event["url"]
        self.navigations += 1
        self.redirects += event["reason"] in _CLIENT_REDIRECTS

    def _navigated(self, event: dict[str, Any]) -> None:
        if "parentId" not in event["frame"]:
            self._url = event["frame"]["url"]
            self._requests.clear()

    def _window_opened(self, event: dict[str, Any]) -> None:
        self.opened_window = event["url"] or None


async def refuse_navigations(
    session: DevToolsSession, leads_nowhere: Callable[[str], Awaitable[bool]], process: BrowserProcess
) -> None:
    """Keep a page from navigating to URLs that lead nowhere: it stays as it is, also where a redirect leads there.

    `session` is a DevTools session of the page's own.
    """

    async def decide(paused: dict[str, Any]) -> None:
        request = {"requestId": paused["requestId"]}
        if await leads_nowhere(paused["request"]["url"]):
            await session.send("Fetch.failRequest", {**request, "errorReason": "Aborted"})
        else:
            await session.send("Fetch.continueRequest", request)

    session.on("Fetch.requestPaused", lambda paused: process.run_in_background(decide(paused)))
    await session.send("Fetch.enable", {"patterns": [{"urlPattern": "*", "resourceType": "Document"}]})
