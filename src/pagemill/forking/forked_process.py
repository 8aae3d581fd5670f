"""A process that a fork server forked. It is not our child, so a pidfd stands for it: its id may be another's later."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal

_UNKNOWN = -signal.SIGKILL
"""How a process ended whose fork server is gone. Whoever ended that one ended this one, as far as can be told."""


class ForkedProcess:
    """Its id, its signals and its end; as `asyncio.subprocess.Process` has them."""

    def __init__(self, pid: int, pidfd: int) -> None:
        self.pid = pid
        self._pidfd = pidfd
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def returncode(self) -> int | None:
        """Its exit code, or a signal's number below zero; None while it is not known to have ended."""
        return self._ended.result() if self._ended.done() else None

    @property
    def runs(self) -> bool:
        """Whether it runs. The kernel is asked."""
        if self._ended.done():
            return False
        polling = select.poll()
        polling.register(self._pidfd, select.POLLIN)
        return not polling.poll(0)

    async def wait(self) -> int:
        """Return its exit code once it has ended."""
        return await asyncio.shield(self._ended)

    def terminate(self) -> None:
        """Ask it to end."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self._send(signal.SIGKILL)

    def set_end(self, code: int) -> None:
        """Take down how it ended."""
        if not self._ended.done():
            self._ended.set_result(code)
            os.close(self._pidfd)

    def watch(self) -> None:
        """Notice its end without the fork server."""
        asyncio.get_running_loop().add_reader(self._pidfd, self._find_end)

    def _find_end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._pidfd)
        code = _UNKNOWN
        with contextlib.suppress(ChildProcessError):  # it is our child where orphans come to us
            ended = os.waitid(os.P_PIDFD, self._pidfd, os.WEXITED)
            if ended is not None:
                code = ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status
        self.set_end(code)

    def _send(self, number: signal.Signals) -> None:
        if not self._ended.done():
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)
