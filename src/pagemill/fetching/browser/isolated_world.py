"""Isolated worlds: JavaScript contexts that share a page's DOM but not its globals.

What a page does to its own globals (`MutationObserver`, `Array.prototype` …) does not affect scripts run here.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from pagemill.errors import BrowserCrashedError
from pagemill.fetching.browser.devtools.connection import DevToolsError

if TYPE_CHECKING:
    from pagemill.fetching.browser.tab import DevToolsSession

_WORLD_NAME = "reader"
_RETRY_DELAY = 0.02


class DocumentReplacedError(Exception):
    """The document was replaced: the page navigates to another one."""


class IsolatedWorld:
    """The isolated world of a page's main frame, recreated for each document. `session` is its DevTools session."""

    def __init__(self, session: DevToolsSession, frame_id: str, crashed: asyncio.Event) -> None:
        self._session = session
        self._frame_id = frame_id
        self._crashed = crashed
        self._context: int | None = None

    async def evaluate(self, function: str, *arguments: Any) -> Any:
        """Call a JavaScript function with JSON values, and return the JSON value of what it returns or promises.

        Raises `DocumentReplacedError` when the document was replaced, `BrowserCrashedError` when its process ended, and
        `ValueError` when the function threw.
        """
        context = await self._context_id()
        expression = f"({function})({', '.join(json.dumps(argument) for argument in arguments)})"
        reply = await self._send(
            "Runtime.evaluate",
            {"expression": expression, "contextId": context, "awaitPromise": True, "returnByValue": True},
        )
        if "exceptionDetails" in reply:
            raise ValueError("a script of ours failed in the page")
        return reply["result"].get("value")

    async def interrupt(self) -> None:
        """Stop the script that runs in the page, if one does."""
        await self._send("Runtime.terminateExecution", {})

    async def _context_id(self) -> int:
        if self._context is None:
            reply = await self._send("Page.createIsolatedWorld", {"frameId": self._frame_id, "worldName": _WORLD_NAME})
            self._context = int(reply["executionContextId"])
        return self._context

    async def _send(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        ask = asyncio.ensure_future(self._session.send(method, parameters))
        crash = asyncio.ensure_future(self._crashed.wait())
        try:
            await asyncio.wait({ask, crash}, return_when=asyncio.FIRST_COMPLETED)
            if not ask.done():
                raise BrowserCrashedError("The page ended the process that rendered it.")
            reply: dict[str, Any] = ask.result()
            return reply
        except DevToolsError:
            self._context = None
            if self._crashed.is_set():
                raise BrowserCrashedError("The page ended the process that rendered it.") from None
            await asyncio.sleep(_RETRY_DELAY)
            raise DocumentReplacedError from None
        finally:
            crash.cancel()
            ask.cancel()
