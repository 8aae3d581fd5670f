"""A JavaScript world of our own in a page: it sees the page's tree, and the page's scripts do not see it.

So what a page does to its own globals (`MutationObserver`, `Array.prototype` …) changes nothing here.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from pagemill.errors import BrowserCrashedError

if TYPE_CHECKING:
    from playwright.async_api import CDPSession

_NAME = "reader"
_PAUSE = 0.02


class PageMovedError(Exception):
    """The document that was looked at is gone: the page loads another."""


class World:
    """The world of a page's main frame, made anew for each document. `session` is the page's DevTools session."""

    def __init__(self, session: CDPSession, frame_id: str, crashed: asyncio.Event) -> None:
        self._session = session
        self._frame_id = frame_id
        self._crashed = crashed
        self._context: int | None = None

    async def call(self, function: str, *arguments: Any) -> Any:
        """Call a JavaScript function with JSON values, and return the JSON value of what it returns or promises.

        Raises `PageMovedError` when the document went away meanwhile, `BrowserCrashedError` when its process did, and
        `ValueError` when the function threw.
        """
        context = await self._entered()
        expression = f"({function})({', '.join(json.dumps(argument) for argument in arguments)})"
        reply = await self._ask(
            "Runtime.evaluate",
            {"expression": expression, "contextId": context, "awaitPromise": True, "returnByValue": True},
        )
        if "exceptionDetails" in reply:
            raise ValueError("a script of ours failed in the page")
        return reply["result"].get("value")

    async def interrupt(self) -> None:
        """Stop the script that runs in the page, if one does."""
        await self._ask("Runtime.terminateExecution", {})

    async def _entered(self) -> int:
        if self._context is None:
            reply = await self._ask("Page.createIsolatedWorld", {"frameId": self._frame_id, "worldName": _NAME})
            self._context = int(reply["executionContextId"])
        return self._context

    async def _ask(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        from playwright.async_api import Error

        ask = asyncio.ensure_future(self._session.send(method, parameters))
        crash = asyncio.ensure_future(self._crashed.wait())
        try:
            await asyncio.wait({ask, crash}, return_when=asyncio.FIRST_COMPLETED)
            if not ask.done():
                raise BrowserCrashedError("The page ended the process that rendered it.")
            reply: dict[str, Any] = ask.result()
            return reply
        except Error:
            self._context = None
            if self._crashed.is_set():
                raise BrowserCrashedError("The page ended the process that rendered it.") from None
            await asyncio.sleep(_PAUSE)
            raise PageMovedError from None
        finally:
            crash.cancel()
            ask.cancel()
