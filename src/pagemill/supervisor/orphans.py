"""Processes whose parent died: they become the supervisor's children (Linux), and are waited for once they end.

So a worker whose fork server was killed stays in sight, with how it ends. What nobody else waits for would be left in
the list of processes until the supervisor ends: parts of a browser whose worker was killed, for example.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys

import psutil

_INTERVAL = 10.0


async def reap_orphans() -> None:
    """Adopt orphans from now on, and wait for those that nobody waited for within some seconds."""
    if sys.platform != "linux":
        return
    import ctypes

    set_child_subreaper = 36  # PR_SET_CHILD_SUBREAPER, prctl(2)
    ctypes.CDLL(None).prctl(set_child_subreaper, 1)
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
