"""The MCP server in the API process: loaded by the first request, so that others take no memory for it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import TYPE_CHECKING, Self

from pagemill.errors import RateLimitedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
    from starlette.types import ASGIApp, Receive, Scope, Send

    from pagemill.settings import Settings

_RETRY_AFTER = 5
"""Seconds after which a caller with too many calls may try again."""


class McpMount:
    """Answers MCP over HTTP. `app` is the API, which the tools call."""

    def __init__(self, app: ASGIApp, settings: Settings, stopping: asyncio.Event) -> None:
        self._app = app
        self._settings = settings
        self._stopping = stopping
        self._starting = asyncio.Lock()
        self._manager: StreamableHTTPSessionManager | None = None
        self._task: asyncio.Task[None] | None = None
        self._calls: Counter[str] = Counter()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def serve(self, key_id: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request of a key, as ASGI has it. Raises errors.RateLimitedError if too many of its run."""
        with self._counted(key_id):
            manager = self._manager or await self._start()
            await manager.handle_request(scope, receive, send)

    @contextlib.contextmanager
    def _counted(self, key_id: str) -> Iterator[None]:
        most = self._settings.mcp.mcp_max_calls
        if self._calls[key_id] >= most:
            raise RateLimitedError(f"{most} calls of this API key run already, and no more are taken.", _RETRY_AFTER)
        self._calls[key_id] += 1
        try:
            yield
        finally:
            self._calls[key_id] -= 1
            if not self._calls[key_id]:
                del self._calls[key_id]

    async def _start(self) -> StreamableHTTPSessionManager:
        async with self._starting:
            if self._manager is not None:
                return self._manager
            # In a thread: importing takes longer than the event loop may stand still.
            manager = await asyncio.to_thread(self._load)
            running: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._task = asyncio.create_task(self._run(manager, running))
            await running
            self._manager = manager
            return manager

    def _load(self) -> StreamableHTTPSessionManager:
        from pagemill.api.mcp.in_process import Connector
        from pagemill.mcp.transports import create_manager

        return create_manager(self._settings.mcp, Connector(self._app, self._settings, self._stopping))

    @staticmethod
    async def _run(manager: StreamableHTTPSessionManager, running: asyncio.Future[None]) -> None:
        """Hold the manager open. It must be closed by the task that opened it."""
        try:
            async with manager.run():
                running.set_result(None)
                await asyncio.Event().wait()
        except Exception as error:
            if running.done():
                raise
            running.set_exception(error)
