"""Processes whose parent died: they become the supervisor's children (Linux), and are waited for once they end.

So a worker whose fork server was killed stays in sight, with how it ends. What nobody else waits for would be left in
the list of processes until the supervisor ends: parts of a browser whose worker was killed, for example.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Collection

_INTERVAL = 10.0


_END_TIMEOUT = 5.0


def adopt_orphans() -> None:
    """Become the parent of processes below this one whose own parents die (Linux)."""
    if sys.platform != "linux":
        return
    import ctypes

    set_child_subreaper = 36  # PR_SET_CHILD_SUBREAPER, prctl(2)
    ctypes.CDLL(None).prctl(set_child_subreaper, 1)


def child_pids() -> set[int]:
    """The process ids of the children there are."""
    return {child.pid for child in psutil.Process().children()}


def end_orphans(others: Collection[int]) -> None:
    """Kill all children but `others`, and what is below them, and wait for that. Blocks.

    Called once whatever we started has ended: what is left was stopped (SIGSTOP) when its parent was killed, and so did
    not see it.
    """
    left = [child for child in psutil.Process().children() if child.pid not in others]
    for child in left:
        with contextlib.suppress(psutil.Error):
            left = [*left, *child.children(recursive=True)]
    for process in left:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(left, _END_TIMEOUT)


async def reap_orphans() -> None:
    """Wait for the children that ended and that nobody waited for within some seconds. Does not end."""
    before: set[int] = set()
    while True:
        await asyncio.sleep(_INTERVAL)
        before = await asyncio.to_thread(_reap, before)


def _reap(known: set[int]) -> set[int]:
    """Wait for the children that ended and were known to have; return the others that ended."""
    ended = _ended_children()
    for pid in ended & known:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    return ended - known


def _ended_children() -> set[int]:
    found = set()
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            if child.status() == psutil.STATUS_ZOMBIE:
                found.add(child.pid)
    return found
