"""The way to a fork server, for a program with an event loop."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import signal
import socket
import sys
from collections import deque
from typing import TYPE_CHECKING, Self

from pagemill.child_environment import fork_server_environment
from pagemill.forking.forked_process import ForkedProcess
from pagemill.forking.messages import APART, TOGETHER, Answer, Request, encode, receive_answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SERVER = "pagemill.forking"


@functools.cache
def can_fork() -> bool:
    """Whether there can be fork servers: on Linux, where the kernel and its sandbox have pidfds (Linux 5.4)."""
    if sys.platform != "linux" or not hasattr(os, "pidfd_open"):
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return False
    return True


class ForkServer:
    """A fork server, and the processes that it forked. Made by `start`, or of the socket to one."""

    def __init__(self, connection: socket.socket, pid: int, process: asyncio.subprocess.Process | None = None) -> None:
        """`pid`: its process id; it is a child of ours. `process`: where asyncio waits for it."""
        connection.setblocking(False)
        self._connection = connection
        self.pid = pid
        self._process = process
        self._waited_for = False
        self._asked: deque[asyncio.Future[ForkedProcess]] = deque()
        self._forked: dict[int, ForkedProcess] = {}
        self.alive = True
        """Whether it can be asked."""
        asyncio.get_running_loop().add_reader(connection.fileno(), self._read)

    @classmethod
    async def start(cls, title: str, modules: Sequence[str], *, together: bool) -> Self:
        """Start one, with a clean environment, that imports these modules. Raises OSError.

        `together`: what it forks ends with it, as it ends with us. Else that outlives it.
        """
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", _SERVER, str(its.fileno()), title, TOGETHER if together else APART, *modules),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=(its.fileno(),),
                env=fork_server_environment(),
            )
        except BaseException:
            ours.close()
            raise
        finally:
            its.close()
        return cls(ours, process.pid, process)

    async def fork(
        self,
        program: str,
        arguments: Sequence[str],
        title: str,
        descriptors: Mapping[int, int],
        *,
        own_group: bool = False,
    ) -> ForkedProcess:
        """Have a process forked that runs `program` (`module:function`) with these arguments.

        It has the given descriptors and no others: `descriptors` are ours by the number that each has there.
        Raises OSError where there is no process: ConnectionError where the fork server is gone.
        """
        if not self.alive:
            raise ConnectionResetError
        request = Request(program, list(arguments), title, list(descriptors), own_group=own_group)
        asked: asyncio.Future[ForkedProcess] = asyncio.get_running_loop().create_future()
        try:
            socket.send_fds(self._connection, [encode(request)], list(descriptors.values()))
        except ConnectionError:
            self._lose()
            raise
        self._asked.append(asked)
        return await asked

    def retire(self) -> None:
        """Ask for no more. It ends once all that it forked has ended, and is told of until then."""
        self.alive = False
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)

    async def end(self) -> None:
        """End it at once, and wait for that. What it forked apart runs on."""
        self._lose()
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        elif not self._waited_for:
            self._waited_for = True
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(self.pid, signal.SIGKILL)
                await asyncio.to_thread(os.waitpid, self.pid, 0)

    def _read(self) -> None:
        while True:
            try:
                received = receive_answer(self._connection)
            except BlockingIOError:
                return
            except OSError:
                received = None
            if received is None:
                self._lose()
                return
            answer, descriptors = received
            if answer.code is not None:
                self._forked.pop(answer.pid).set_end(answer.code)
            else:
                self._take(answer, descriptors)

    def _take(self, answer: Answer, descriptors: list[int]) -> None:
        asked = self._asked.popleft()
        if answer.error:
            if not asked.done():
                asked.set_exception(OSError(answer.error, os.strerror(answer.error)))
            return
        process = self._forked[answer.pid] = ForkedProcess(answer.pid, descriptors[0])
        if asked.done():  # nobody waits for it any more
            process.kill()
        else:
            asked.set_result(process)

    def _lose(self) -> None:
        """Go on without it: its processes are watched as far as that is possible."""
        self.alive = False
        if self._connection.fileno() < 0:
            return
        asyncio.get_running_loop().remove_reader(self._connection.fileno())
        self._connection.close()
        for asked in self._asked:
            if not asked.done():
                asked.set_exception(ConnectionResetError())
        self._asked.clear()
        for process in self._forked.values():
            process.be_told_no_more()
        self._forked.clear()
