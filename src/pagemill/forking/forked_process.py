"""A process that a fork server forked. It is not our child, so a pidfd stands for it: its id may be another's later."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal

_UNKNOWN = -signal.SIGKILL
"""How a process ended whose fork server cannot tell. Whoever ended that one ended this one, as far as can be told."""
_TOLD_WITHIN = 3.0
"""How many seconds a fork server has to tell how a process ended. One that hangs never does."""


class ForkedProcess:
    """Its id, its signals and its end; as `asyncio.subprocess.Process` has them."""

    def __init__(self, pid: int, pidfd: int) -> None:
        self.pid = pid
        self._pidfd = pidfd
        self._is_told = True
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().add_reader(pidfd, self._see_end)

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
            asyncio.get_running_loop().remove_reader(self._pidfd)
            self._ended.set_result(code)
            os.close(self._pidfd)

    def be_told_no_more(self) -> None:
        """Find out by itself how it ended: the fork server is gone."""
        self._is_told = False
        if not self.runs:
            self._find_end()

    def _see_end(self) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._pidfd)
        loop.call_later(_TOLD_WITHIN if self._is_told else 0, self._find_end)

    def _find_end(self) -> None:
        if self._ended.done():
            return
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
