"""One fork server for the extraction pools of all tests of a process: each test's own would import everything anew.

A pool gets a fork server forked off this one. It works as one that a pool starts does, and ends as soon as the pool
does; only its start differs, so what tests the start takes its own (see `OWN` in conftest.py).
"""

from __future__ import annotations

import asyncio
import os
import select
import socket
import subprocess
import sys
import threading
from typing import Any

from pagemill.child_environment import fork_server_environment
from pagemill.forking import server
from pagemill.forking.fork_server import ForkServer
from pagemill.forking.messages import TOGETHER, Request, encode, receive_answer
from pagemill.scraping.extraction_messages import MODULE
from pagemill.scraping.processes.extraction_starter import SERVER_TITLE

_PROGRAM = "tests.forking.shared_fork_server:be_fork_server"


class SharedForkServer:
    """The shared one. Made for a whole run of the tests; `close` ends it."""

    def __init__(self) -> None:
        self._connection, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pagemill.forking", str(its.fileno()), "shared fork server", TOGETHER, MODULE],
            stdin=subprocess.DEVNULL,
            pass_fds=(its.fileno(),),
            env=fork_server_environment() | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        its.close()
        self._turn = threading.Lock()

    async def start(self) -> ForkServer:
        """Return a fork server of its own, for the running event loop."""
        # The first one waits for all the imports, as long as a test's worker may be silent before it counts as dead.
        return ForkServer(*await asyncio.to_thread(self._fork))

    def _fork(self) -> tuple[socket.socket, int]:
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its, self._turn:
            self._forget_ends()
            request = Request(_PROGRAM, [], SERVER_TITLE, [0, 1, 2, 3], own_group=False)
            null = os.open(os.devnull, os.O_RDWR)
            try:
                socket.send_fds(self._connection, [encode(request)], [null, null, 2, its.fileno()])
            finally:
                os.close(null)
            while True:
                received = receive_answer(self._connection)
                assert received, "the shared fork server ended"
                answer, descriptors = received
                for descriptor in descriptors:
                    os.close(descriptor)
                if answer.code is None:  # else it tells of an earlier one's end
                    break
        assert not answer.error, os.strerror(answer.error)
        return ours, answer.pid

    def _forget_ends(self) -> None:
        while select.select([self._connection], [], [], 0)[0]:
            assert receive_answer(self._connection), "the shared fork server ended"

    def close(self) -> None:
        """End it, and all that was forked off it."""
        self._connection.close()
        self._process.wait(10)


def be_fork_server(*_: Any) -> None:
    """Be a fork server, at descriptor 3, of what is imported here already."""
    server._be(socket.socket(fileno=3), SERVER_TITLE, [MODULE], together=True)
