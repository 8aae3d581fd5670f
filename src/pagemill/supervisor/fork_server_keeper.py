"""The fork server of the service: started early, again where it was lost, and anew for a rolling restart."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

import structlog

from pagemill.forking.fork_server import ForkServer, can_fork
from pagemill.supervisor.child_process import Child, ChildProcess, Start

if TYPE_CHECKING:
    import socket

log = structlog.get_logger(__name__)

TITLE = "pagemill fork-server"
MODULES = (
    "pagemill.logs",
    "pagemill.scraping.extraction_process",  # its limit of memory does not count what comes after
    "pagemill.cli.forked",
    "pagemill.cli.bulk.arguments",
    "pagemill.cli.sites.options",
    "pagemill.jobs.metrics_server",
    "pagemill.jobs.worker",
    "pagemill.jobs.worker_id",
    "pagemill.api.server",
    "prometheus_client",
    "uvicorn.lifespan.on",
    "uvloop",
)
"""What the API, a worker and an extraction process import."""
_LONGEST = 60.0
_ATTEMPTS = 2
"""How many fork servers may be lost before a child is started without one."""


class ForkServerKeeper:
    """Starts children by a fork server where the system has them. Without, they take more memory."""

    branch: ClassVar[tuple[socket.socket, int] | None] = None
    """The fork server that was forked off this process, by its socket and its process id, until it is taken."""

    def __init__(self) -> None:
        self._server: ForkServer | None = None
        self._changing = asyncio.Lock()

    async def prepare(self) -> None:
        """Have a fork server import, so that children start at once later."""
        if can_fork():
            await self._running()

    async def start(self, child: Child, start: Start) -> ChildProcess:
        """Start a child. Raises OSError where the system starts no process."""
        if can_fork():
            for _ in range(_ATTEMPTS):
                server = await self._running()
                try:
                    async with asyncio.timeout(_LONGEST):
                        return await ChildProcess.start(child, start, server)
                except OSError as error:
                    log.warning("the fork server forked no process", process=child.name, error=repr(error))
                    await self._discard(server)
        return await ChildProcess.start(child, start)

    async def renew(self) -> None:
        """Have what is started from now on run the code that is installed by now."""
        async with self._changing:
            if self._server is not None:
                self._server.retire()
                self._server = None
        await self.prepare()

    async def end(self) -> None:
        """End the fork server. The children have ended."""
        async with self._changing:
            if self._server is not None:
                await self._server.end()
                self._server = None

    async def _running(self) -> ForkServer:
        async with self._changing:
            if self._server is not None and not self._server.alive:
                log.error("the fork server ended, starting another")
                await self._server.end()
                self._server = None
            given, ForkServerKeeper.branch = ForkServerKeeper.branch, None
            if given is not None:
                self._server = ForkServer(*given)
            elif self._server is None:
                self._server = await ForkServer.start(TITLE, MODULES, together=False)
            return self._server

    async def _discard(self, server: ForkServer) -> None:
        """End a fork server that does not do its work. What it forked runs on."""
        async with self._changing:
            await server.end()
            if self._server is server:
                self._server = None
