"""When a process ends: on SIGTERM or SIGINT, or when its parent dies; and what memory it may use and keep.

The supervisor holds the write end of each child's standard input, a pipe. When it dies, however it dies, the child
reads end of file: a parent-death signal that works on every system.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


def stop_on_signals(stop: asyncio.Event, again: Callable[[], None] | None = None) -> None:
    """Set `stop` on SIGTERM and SIGINT. `again` is called where one comes when it is set already."""
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        if stop.is_set() and again:
            again()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)


def watch_parent(on_death: Callable[[], None]) -> None:
    """Call `on_death` when the parent dies. Only for a child of the supervisor."""
    loop, descriptor = asyncio.get_running_loop(), sys.stdin.fileno()

    def read() -> None:
        if not os.read(descriptor, 64):
            loop.remove_reader(descriptor)
            on_death()

    os.set_blocking(descriptor, False)
    loop.add_reader(descriptor, read)


def tell_ready(descriptor: int | None) -> None:
    """Tell the supervisor, at the other end of this pipe, that the process does its work now."""
    if descriptor is not None:
        with contextlib.suppress(BrokenPipeError):
            os.write(descriptor, b"1")
        os.close(descriptor)


def limit_memory(limit: int) -> None:
    """Let this process use at most `limit` bytes of memory."""
    import resource

    # Linux counts private writable memory under RLIMIT_DATA; RLIMIT_AS would count mapped libraries too.
    which = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
    _, hard = resource.getrlimit(which)
    resource.setrlimit(which, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def return_free_memory() -> None:
    """Give memory that was freed back to the system, where the C library can (glibc's malloc_trim(3)). Blocks.

    A process that has handled thousands of pages keeps some of the memory of each, between what is still in use.
    """
    import ctypes

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def die_with_parent(parent: int) -> None:
    """End at once when the parent, by its process id, dies (Linux). Elsewhere the end of standard input does it."""
    if sys.platform == "linux":
        import ctypes

        set_parent_death_signal = 1  # PR_SET_PDEATHSIG, prctl(2)
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)
        if os.getppid() != parent:  # it has died already
            sys.exit(1)


async def first_completed(*work: Awaitable[object], timeout: float | None = None) -> None:
    """Return when one of these is done, or the time is up. Coroutines that are not done are cancelled."""
    futures = {asyncio.ensure_future(each): each for each in work}
    try:
        await asyncio.wait(futures, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for future, given in futures.items():
            if future is not given:
                future.cancel()
