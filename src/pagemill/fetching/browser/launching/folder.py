"""The folder of one browser, which nothing else writes to, and its removal."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from pagemill.fetching.browser.launching.account import driver_programs

if TYPE_CHECKING:
    from pagemill.fetching.browser.launching.account import Account

FOLDER_PREFIX = "pagemill-browser-"
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

    def environment(self, account: Account) -> dict[str, str]:
        """The variables that a child of this folder has for itself."""
        home = str(self.temporary)
        changes = {"TMPDIR": home}
        if account.name is not None:
            changes |= {"HOME": home, "USER": account.name, "LOGNAME": account.name}
            changes |= dict.fromkeys(("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"), home)
        return changes

    def remove(self) -> None:
        """Remove it with all that is in it. Blocks."""
        shutil.rmtree(self.path, ignore_errors=True)


def remove_stale_folders() -> None:
    """Remove what a worker that was killed left behind, and end what still runs there: a Chromium that hangs."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*-*"):
        owner = folder.name.removeprefix(FOLDER_PREFIX).partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            _kill_orphans(folder)
            shutil.rmtree(folder, ignore_errors=True)


def _kill_orphans(folder: Path) -> None:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if any(word.endswith(f"{folder}/temporary/profile") for word in process.cmdline()):
                for member in (*process.children(recursive=True), process):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        member.kill()
