"""The fork server: a small process with one thread that imports modules once, and forks on request.

    python -m pagemill.forking SOCKET TITLE apart|together MODULE ...

It never holds a secret: it is started with a clean environment, and what it forks reads its own afterwards. When its
socket is closed it ends, and with `together` the kernel ends all that it forked, however it ended itself. What was
forked `apart` outlives it; it stays to tell how each ended as long as it can.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import gc
import importlib
import os
import select
import signal
import socket
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from setproctitle import setproctitle

from pagemill.forking.messages import TOGETHER, Answer, Request, encode, receive_request
from pagemill.process_lifetime import die_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

_BLOCKED = {signal.SIGHUP, signal.SIGINT, signal.SIGTERM}
"""A fork server ends by the end of its socket alone. What it forks takes these again, once it is itself."""
_memory_with: dict[str, int] = {}
"""Bytes of memory by the module that had just been imported, less those from before its fork server was one."""


class _Become(BaseException):
    """Raised in a process that was just forked, to leave all that it is in: `run` is what it does from now on."""

    def __init__(self, run: Callable[[], None]) -> None:
        self.run = run


def main() -> None:
    """Import the modules, and serve."""
    connection = socket.socket(fileno=int(sys.argv[1]))
    connection.set_inheritable(False)
    title, together, modules = sys.argv[2], sys.argv[3] == TOGETHER, sys.argv[4:]
    _close_all_but((0, 1, 2, connection.fileno()))
    _be(connection, title, modules, together=together)


def memory_beside(module: str) -> int:
    """How many bytes of memory a forked process has from what it does not share with this module.

    It counts under a limit of memory, though the process does not need it.
    """
    return max(0, data_size() - _memory_with[module]) if module in _memory_with else 0


def data_size() -> int:
    """How many bytes count under RLIMIT_DATA in this process: its private memory that can be written."""
    return int(Path("/proc/self/statm").read_text().split()[5]) * os.sysconf("SC_PAGE_SIZE")


def branch(title: str, modules: Sequence[str] = (), *, together: bool, foreign: int = 0) -> tuple[socket.socket, int]:
    """Fork a fork server off this process, and return the socket to it and its process id.

    Only for a process with one thread that holds no secret yet. With `together` it ends with this process, and what it
    forked with it. `foreign`: how many bytes of this process' memory are of no use to what it forks.
    """
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    parent = os.getpid()
    if (pid := _fork()) == 0:
        if together:
            die_with_parent(parent)
        ours.close()
        null = os.open(os.devnull, os.O_RDWR)
        # Its standard input would be the pipe by which the supervisor holds a worker.
        _take([null, null, 2, its.detach()], (0, 1, 2, 3))
        _be(socket.socket(fileno=3), title, modules, together=together, foreign=foreign)
        raise SystemExit
    its.close()
    return ours, pid


def _be(connection: socket.socket, title: str, modules: Sequence[str], *, together: bool, foreign: int = 0) -> None:
    """Be a fork server; in what it forks, be that."""
    setproctitle(title)
    signal.pthread_sigmask(signal.SIG_BLOCK, _BLOCKED)
    gc.disable()
    for module in modules:
        importlib.import_module(module)
        _memory_with[module] = data_size() - foreign
    gc.collect()
    gc.freeze()  # the collector of what is forked leaves these objects, and so their memory, alone
    run: Callable[[], None] = partial(_serve, connection, together=together)
    while True:
        try:
            return run()
        except _Become as forked:
            run = forked.run


def _serve(connection: socket.socket, *, together: bool) -> None:
    """Answer requests until the socket is closed and, unless all end `together`, all that was forked has ended."""
    children: dict[int, int] = {}  # their pids, by pidfd
    waiting = select.poll()
    waiting.register(connection, select.POLLIN)
    is_open = True
    while is_open or (children and not together):
        for ready, _ in waiting.poll():
            if ready in children:
                waiting.unregister(ready)
                ended, status = os.waitpid(children.pop(ready), 0)
                os.close(ready)
                _tell(connection, Answer(ended, code=os.waitstatus_to_exitcode(status)))
            elif (received := _receive(connection)) is None:
                waiting.unregister(connection)
                is_open = False
            elif (pid := _start(connection, *received, together=together)) is not None:
                pidfd = os.pidfd_open(pid)  # it has not been waited for, so it is this one
                children[pidfd] = pid
                waiting.register(pidfd, select.POLLIN)
                _tell(connection, Answer(pid), pidfd)


def _receive(connection: socket.socket) -> tuple[Request, list[int]] | None:
    try:
        return receive_request(connection)
    except ConnectionError:
        return None


def _tell(connection: socket.socket, answer: Answer, *descriptors: int) -> None:
    """Send an answer. Where nobody is there to take it, the server soon ends."""
    with contextlib.suppress(ConnectionError):
        socket.send_fds(connection, [encode(answer)], descriptors)


def _start(connection: socket.socket, request: Request, descriptors: list[int], *, together: bool) -> int | None:
    """Fork, and return the process id. None where that is not possible, which is told."""
    pid, ends_with = None, os.getpid() if together else None
    try:
        pid = _fork()
    except OSError as error:
        _tell(connection, Answer(error=error.errno or errno.EAGAIN))
    if pid == 0:
        connection.detach()  # or its end would close a descriptor of the new process
        raise _Become(partial(_run, request, descriptors, ends_with))
    for descriptor in descriptors:
        os.close(descriptor)
    return pid


def _fork() -> int:
    if sum(1 for _ in Path("/proc/self/task").iterdir()) > 1:  # others may hold locks, which nobody would release
        raise OSError(errno.ENOTSUP, "a process with several threads is not forked")
    return os.fork()


def _run(request: Request, descriptors: list[int], ends_with: int | None) -> None:
    """Be the process that was asked for. `ends_with`: the process id of the fork server whose end ends it."""
    if ends_with is not None:
        die_with_parent(ends_with)
    if request.own_group:
        os.setpgid(0, 0)
    _take(descriptors, request.numbers)
    setproctitle(request.title)
    gc.enable()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _BLOCKED)
    module, name = request.program.split(":")
    getattr(importlib.import_module(module), name)(*request.arguments)


def _take(descriptors: list[int], numbers: Collection[int]) -> None:
    """Have these descriptors under these numbers, and no others."""
    above = max(2, *numbers) + 1
    moved = [fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, above) for descriptor in descriptors]
    for descriptor, number in zip(moved, numbers, strict=True):
        os.dup2(descriptor, number, inheritable=number <= 2)
    _close_all_but(numbers)


def _close_all_but(numbers: Collection[int]) -> None:
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - names are enough
        if int(name) not in numbers:
            with contextlib.suppress(OSError):  # one is that of the listing
                os.close(int(name))
