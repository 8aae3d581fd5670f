"""Starts Playwright's driver with an environment of its own, and as another user where the service is root."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from pagemill.child_environment import child_environment
from pagemill.fetching.browser.launching.account import NODE, driver_programs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from playwright.async_api import Playwright

    from pagemill.fetching.browser.launching.account import Account

FOLDER_PREFIX = "pagemill-browser-"
_STARTING = threading.Lock()
"""Held while `os.environ` is that of a driver. Of threads, not of tasks: a program may have several event loops."""
_POLL_INTERVAL = 0.01
# Becomes the user for good, and then the program.
_BECOME = "import os, sys; os.setgroups([]); os.setgid({gid}); os.setuid({uid}); os.execv(sys.argv[1], sys.argv[1:])"


@dataclass(frozen=True, slots=True)
class BrowserFolder:
    """A folder for one browser: what starts the driver is in it, and below it what the browser itself may write."""

    path: Path

    @classmethod
    def make(cls, account: Account) -> BrowserFolder:
        """Make a new folder, whose `temporary` part belongs to the account."""
        folder = cls(Path(tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}{os.getpid()}-")))
        folder.temporary.mkdir(mode=0o700)
        if account.name is not None:
            folder.path.chmod(0o711)
            os.chown(folder.temporary, account.uid, account.gid)
            node, _ = driver_programs()
            become = _BECOME.format(uid=account.uid, gid=account.gid)
            words = shlex.join([sys.executable, "-ISc", become, str(node)])
            folder.launcher.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
            folder.launcher.chmod(0o700)
        return folder

    @property
    def temporary(self) -> Path:
        """For all temporary files of the driver and of Chromium."""
        return self.path / "temporary"

    @property
    def launcher(self) -> Path:
        """The program that takes the place of Node.js, where the driver runs as another user."""
        return self.path / "launcher"

    def remove(self) -> None:
        """Remove it with all that is in it. Blocks."""
        shutil.rmtree(self.path, ignore_errors=True)


async def start_driver(folder: BrowserFolder, account: Account) -> Playwright:
    """Start the driver. Raises `OSError`."""
    from playwright.async_api import async_playwright

    home = str(folder.temporary)
    changes = {"TMPDIR": home}
    if account.name is not None:
        changes |= {NODE: str(folder.launcher), "HOME": home, "USER": account.name, "LOGNAME": account.name}
        changes |= dict.fromkeys(("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"), home)
    async with _turn():
        with _environment(child_environment(**changes)):
            try:
                return await async_playwright().start()
            except Exception as error:  # a driver that ends as it starts is a bare Exception to Playwright
                raise OSError("Playwright's driver did not start") from error


@contextlib.asynccontextmanager
async def _turn() -> AsyncIterator[None]:
    while not _STARTING.acquire(blocking=False):  # noqa: ASYNC110 - an event is of one event loop
        await asyncio.sleep(_POLL_INTERVAL)
    try:
        yield
    finally:
        _STARTING.release()


@contextlib.contextmanager
def _environment(environment: dict[str, str]) -> Iterator[None]:
    # The driver takes a copy of `os.environ` when it starts, and has no option for another. The mapping is exchanged:
    # to change the variables themselves is not safe while other threads read them.
    before = os.environ
    os.environ = environment  # type: ignore[assignment]  # noqa: B003 - for Playwright alone, as said above
    try:
        yield
    finally:
        os.environ = before  # noqa: B003


def remove_stale_folders() -> None:
    """Remove what a worker that was killed left behind."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*-*"):
        owner = folder.name.removeprefix(FOLDER_PREFIX).partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)
