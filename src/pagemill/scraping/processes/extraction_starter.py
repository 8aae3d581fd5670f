"""How extraction processes are started: forked where that is possible, else each by itself.

A fork server of their own forks them. It holds no secret, and so they hold none: it is a branch of the service's fork
server that a worker was given before its settings, or else it is started for the first page that needs it, with a
clean environment.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pagemill.child_environment import child_environment
from pagemill.forking.fork_server import ForkServer, can_fork
from pagemill.scraping.extraction_messages import MODULE

if TYPE_CHECKING:
    from pagemill.forking.forked_process import ForkedProcess

TITLE = "pagemill extraction"
SERVER_TITLE = "pagemill extraction-fork-server"
_READ_AHEAD = 1024 * 1024


_ATTEMPTS = 2
"""How many fork servers may be lost before a process is started without one."""


@dataclass(frozen=True, slots=True)
class StartedProcess:
    """A process and the streams to it."""

    process: ForkedProcess | asyncio.subprocess.Process
    replies: asyncio.StreamReader
    requests: asyncio.StreamWriter

    @property
    def runs(self) -> bool:
        """Whether it runs. The kernel is asked: the event loop may not have been told yet."""
        if not isinstance(self.process, asyncio.subprocess.Process):
            return self.process.runs
        if not hasattr(os, "waitid"):
            return True
        try:
            return os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
        except ChildProcessError:
            return False


class ExtractionStarter:
    """Starts extraction processes for one pool."""

    branch: ClassVar[tuple[socket.socket, int] | None] = None
    """The fork server that this process was given, by its socket and its process id, until a pool takes it."""

    def __init__(self) -> None:
        self._server: ForkServer | None = None
        self._is_branch = False
        self._changing = asyncio.Lock()

    async def start(self, memory: int) -> StartedProcess:
        """Start a process that may use `memory` bytes. Raises OSError where that fails."""
        if can_fork():
            for _ in range(_ATTEMPTS):
                with contextlib.suppress(OSError):  # the fork server was killed, or cannot fork
                    return await self._fork(memory)
        return await _execute(memory)

    async def end_idle(self) -> None:
        """End the fork server, as no process runs: it takes as much memory as one. Not a branch: that takes little."""
        if not self._is_branch:
            await self.end()

    async def end(self) -> None:
        """End the fork server, and what it forked with it. The next process has another start."""
        async with self._changing:
            if self._server is not None:
                await self._server.end()
                self._server = None

    async def _fork(self, memory: int) -> StartedProcess:
        server = await self._running_server()
        ours, its = socket.socketpair()
        with its:
            descriptors = {0: its.fileno(), 1: its.fileno(), 2: 2}
            try:
                process = await server.fork(f"{MODULE}:main", [str(memory)], TITLE, descriptors)
                ours.setblocking(False)
                replies, requests = await asyncio.open_unix_connection(sock=ours, limit=_READ_AHEAD)
            except BaseException:
                ours.close()
                raise
        return StartedProcess(process, replies, requests)

    async def _running_server(self) -> ForkServer:
        async with self._changing:
            if self._server is not None and not self._server.alive:
                await self._server.end()
                self._server = None
            if self._server is None:
                given, ExtractionStarter.branch = ExtractionStarter.branch, None
                self._is_branch = given is not None
                if given is not None:
                    self._server = ForkServer(*given)
                else:
                    self._server = await ForkServer.start(SERVER_TITLE, [MODULE], together=True)
            return self._server


async def _execute(memory: int) -> StartedProcess:
    """Start a process that is no fork."""
    # -I would lose PYTHONPATH; the environment is ours. No settings pass on: extraction reads none.
    environment = child_environment(OPENBLAS_NUM_THREADS="1")  # the stacks of more would count as memory used
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", MODULE, str(memory), str(os.getpid())),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=environment,
        limit=_READ_AHEAD,
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("an extraction process is talked to through pipes")
    return StartedProcess(process, process.stdout, process.stdin)
