"""The MCP server in the API process: loaded by the first request, so that others take no memory for it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
    from starlette.types import ASGIApp, Receive, Scope, Send

    from pagemill.settings import Settings


class McpMount:
    """Answers MCP over HTTP. `app` is the API, which the tools call."""

    def __init__(self, app: ASGIApp, settings: Settings, stopping: asyncio.Event) -> None:
        self._app = app
        self._settings = settings
        self._stopping = stopping
        self._starting = asyncio.Lock()
        self._manager: StreamableHTTPSessionManager | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, as ASGI has it."""
        manager = self._manager or await self._start()
        await manager.handle_request(scope, receive, send)

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
