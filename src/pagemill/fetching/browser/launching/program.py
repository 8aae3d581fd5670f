"""Starts Chromium with a pair of pipes for the DevTools protocol, and as another user where the service is root."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections import deque
from typing import TYPE_CHECKING

from pagemill.child_environment import child_environment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pagemill.fetching.browser.launching.account import Account
    from pagemill.fetching.browser.launching.folder import BrowserFolder

# Puts the pipes where Chromium looks for them (3: commands, 4: answers), becomes the user for good, and then Chromium.
_BECOME = """
import fcntl, os, sys
commands, answers, uid, gid = map(int, sys.argv[1:5])
ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (commands, answers)]
for end in {commands, answers}:
    os.close(end)
for number, end in zip((3, 4), ends):
    os.dup2(end, number)
    os.close(end)
if os.geteuid() != uid:
    os.setgroups([]); os.setgid(gid); os.setuid(uid)
os.execv(sys.argv[5], sys.argv[5:])
"""
_LAST_LINES = 20
_LAST_BYTES = 2000


class Program(asyncio.Protocol):
    """A Chromium that was started. What it writes to its standard error is read, and the end of it kept."""

    def __init__(self, popen: subprocess.Popen[bytes], commands: int, answers: int) -> None:
        self._popen = popen
        self._written: deque[bytes] = deque(maxlen=_LAST_LINES)
        self.commands = commands
        """The file descriptor to write commands to."""
        self.answers = answers
        """The file descriptor to read answers from."""

    @classmethod
    async def start(cls, executable: Path, words: Sequence[str], folder: BrowserFolder, account: Account) -> Program:
        """Start it. Where that went well, whoever calls this closes both file descriptors. Raises `OSError`."""
        read_commands, commands = os.pipe()
        answers, write_answers = os.pipe()
        try:
            popen = _start(executable, words, folder, account, (read_commands, write_answers))
        except BaseException:
            os.close(commands)
            os.close(answers)
            raise
        finally:
            os.close(read_commands)
            os.close(write_answers)
        program = cls(popen, commands, answers)
        assert popen.stderr is not None  # noqa: S101
        try:
            await asyncio.get_running_loop().connect_read_pipe(lambda: program, popen.stderr)
        except BaseException:  # nobody would know of it
            popen.kill()
            os.close(commands)
            os.close(answers)
            raise
        return program

    def last_words(self) -> str:
        """What it wrote last."""
        return b"".join(self._written)[-_LAST_BYTES:].decode("utf-8", "replace").strip()

    async def end(self) -> None:
        """Kill it, and wait until it is gone."""
        self._popen.kill()
        await asyncio.to_thread(self._popen.wait)

    def data_received(self, data: bytes) -> None:
        """Keep what it wrote."""
        self._written.append(data[-_LAST_BYTES:])


def _start(
    executable: Path, words: Sequence[str], folder: BrowserFolder, account: Account, pipes: tuple[int, int]
) -> subprocess.Popen[bytes]:
    profile = folder.temporary / "profile"
    return subprocess.Popen(  # noqa: S603 - Chromium, with switches of ours
        [
            *(sys.executable, "-ISc", _BECOME, *map(str, (*pipes, account.uid, account.gid))),
            *(str(executable), *words, f"--user-data-dir={profile}", "--remote-debugging-pipe"),
        ],
        env=child_environment(**folder.environment(account)),
        pass_fds=pipes,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
