"""The processes of a browser: which they are, what memory they take, and their end.

All of it reads /proc or waits, and runs in threads.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import structlog

from pagemill.child_environment import child_environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pagemill.fetching.browser.launching.account import Account

log = structlog.get_logger(__name__)

_CLOSE_TIMEOUT = 5.0


# Without the capability CAP_SYS_RESOURCE even root may limit the processes of its own user alone.
_LIMIT = """
import os, resource, sys
uid, gid, limit, *pids = map(int, sys.argv[1:])
if os.geteuid() != uid:
    os.setgroups([]); os.setgid(gid); os.setuid(uid)
for pid in pids:
    resource.prlimit(pid, resource.RLIMIT_DATA, (limit, limit))
"""


def limit_tabs(processes: Sequence[psutil.Process], limit: int, account: Account) -> None:
    """Have the kernel refuse more than `limit` bytes of memory of its own to each tab's process (Linux).

    The processes of tabs come of a zygote, whose limit they inherit. One that is refused memory ends, while it grows.
    """
    if sys.platform != "linux":
        return
    pids = []
    for process in processes:
        with contextlib.suppress(psutil.Error):
            if _type(process) in ("zygote", "renderer"):
                pids.append(str(process.pid))
    words = [sys.executable, "-ISc", _LIMIT, str(account.uid), str(account.gid), str(limit), *pids]
    done = subprocess.run(  # noqa: S603 - a program of ours, with numbers
        words, env=child_environment(), stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if done.returncode:
        log.warning("the memory of tabs could not be limited", error=done.stderr.decode("utf-8", "replace")[-200:])


def kill_largest(folder: Path) -> None:
    """Kill the process with the most memory, but not the driver."""
    sizes: dict[psutil.Process, int] = {}
    for process in of(folder):
        with contextlib.suppress(psutil.Error):
            if not _is_driver(process):
                sizes[process] = process.memory_full_info().pss
    if sizes:
        largest = max(sizes, key=lambda process: sizes[process])
        with contextlib.suppress(psutil.Error):
            log.error("the browser grew too large; its largest process is killed",
                      type=_type(largest) or "browser", bytes=sizes[largest])  # fmt: skip
            largest.kill()


def _type(process: psutil.Process) -> str | None:
    """Chromium's type of a process; None for the browser's own."""
    prefix = "--type="
    return next((word.removeprefix(prefix) for word in process.cmdline() if word.startswith(prefix)), None)


def of(folder: Path) -> list[psutil.Process]:
    """What was started with this folder for its temporary files, and all processes below it."""
    own = psutil.Process()
    found: list[psutil.Process] = []
    pids: set[int] = set()
    for process in own.children(recursive=True):  # parents before their children; it reads all of /proc, so once
        with contextlib.suppress(psutil.Error):
            parent = process.ppid()
            if parent in pids or (parent == own.pid and process.environ().get("TMPDIR") == str(folder)):
                found.append(process)
                pids.add(process.pid)
    return found


def memory(folder: Path) -> int:
    """The memory of all processes, in bytes; shared pages count for each of them in part."""
    _reap_orphans()
    size = 0
    for process in of(folder):
        with contextlib.suppress(psutil.Error):
            size += process.memory_full_info().pss
    return size


def memory_bound(folder: Path) -> int:
    """A number of bytes that `memory` does not exceed, at an eighth of its cost, which is the kernel's (Linux).

    Memory of a process's own counts whole, though some of it is shared. All run the same program: what they share of
    it is taken to be no more than twice what one of them has.
    """
    if sys.platform != "linux":
        return memory(folder)
    own = 0
    files = []
    for process in of(folder):
        with contextlib.suppress(OSError, ValueError):
            fields = dict(
                line.split(":", 1)
                for line in Path(f"/proc/{process.pid}/status").read_text(errors="replace").splitlines()
                if line.startswith("Rss")
            )
            kilobytes = {name: int(value.split()[0]) for name, value in fields.items()}
            own += kilobytes.get("RssAnon", 0) + kilobytes.get("RssShmem", 0)
            files.append(kilobytes.get("RssFile", 0))
    return (own + min(sum(files), 2 * max(files, default=0))) << 10


def kill_chromium(folder: Path, known: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Kill Chromium, but not the driver, which ends in order once its browser is gone. Return what was killed."""
    processes = _related([*known, *of(folder)])
    _kill(process for process in processes if not _is_driver(process))
    return processes


def kill_rest(folder: Path, known: Sequence[psutil.Process]) -> None:
    """Kill whatever is left."""
    _kill(_related([*known, *of(folder)]))
    _reap_orphans()


def _related(known: Sequence[psutil.Process]) -> list[psutil.Process]:
    """The processes, and those that were adopted from them: the driver makes Chromium the leader of a session."""
    sessions = {process.pid for process in known}
    adopted = [child for child in psutil.Process().children() if _session(child) in sessions]
    return list({*known, *adopted})


def _is_driver(process: psutil.Process) -> bool:
    try:
        return "run-driver" in process.cmdline()
    except psutil.Error:
        return False


def _kill(processes: Iterable[psutil.Process]) -> None:
    """Kill processes and wait until they are gone."""
    left = set(processes)
    drivers = {process.pid for process in left if _is_driver(process)}
    for process in left:
        with contextlib.suppress(psutil.Error):
            process.kill()
    deadline = time.monotonic() + _CLOSE_TIMEOUT
    while left and time.monotonic() < deadline:
        for process in left:
            if process.pid not in drivers:  # the event loop waits for its own child
                _reap(process.pid)
        left = {process for process in left if process.is_running()}
        time.sleep(0.005)


def _reap_orphans() -> None:
    """Wait for dead processes of browsers that were adopted before anything was known of them: they died as they began.

    What this process starts itself is in its own session.
    """
    own = os.getsid(0)
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            is_browsers = "chrom" in child.name() or "headless" in child.name()
            if is_browsers and child.status() == psutil.STATUS_ZOMBIE and _session(child) != own:
                _reap(child.pid)


def _reap(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):  # not ours: its parent lived long enough to wait for it
        os.waitpid(pid, os.WNOHANG)


def _session(process: psutil.Process) -> int | None:
    try:
        return os.getsid(process.pid)
    except OSError:
        return None


def become_subreaper() -> None:
    """Have processes whose parents were killed become our children (Linux), as nobody else may wait for them."""
    if sys.platform == "linux":
        import ctypes

        set_child_subreaper = 36  # PR_SET_CHILD_SUBREAPER, prctl(2)
        ctypes.CDLL(None).prctl(set_child_subreaper, 1)
