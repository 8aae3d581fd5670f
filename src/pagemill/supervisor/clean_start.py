"""How `pagemill serve` starts, so that it shares its memory with the processes that it starts.

It executes itself anew with a clean environment, under the same process id. What it imports then has no secret beside
it, so its fork server can be forked off it. Only after that it takes its own environment back, from a file in memory.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import sys

from pagemill.child_environment import fork_server_environment
from pagemill.forking.fork_server import can_fork

_DESCRIPTOR = "PAGEMILL_ENVIRONMENT_DESCRIPTOR"


def start_clean() -> None:
    """Execute this program anew where that is possible. In the new one, have a fork server and the environment.

    Only for a process that was started for this alone and has one thread.
    """
    if not can_fork():
        return
    given = os.environ.pop(_DESCRIPTOR, None)
    if given is not None:
        _fork_server()
        with os.fdopen(int(given), "rb") as file:
            os.environ.clear()
            os.environ.update(json.load(file))
        return
    _open_standard_streams()
    with contextlib.suppress(OSError), os.fdopen(os.memfd_create("environment"), "wb") as file:
        file.write(json.dumps(dict(os.environ)).encode())
        file.flush()
        file.seek(0)
        os.set_inheritable(file.fileno(), True)
        clean = fork_server_environment(**{_DESCRIPTOR: str(file.fileno())})
        os.execve(sys.executable, sys.orig_argv, clean)  # noqa: S606 - ourselves


def _open_standard_streams() -> None:
    """Open those that were closed as we started, or another file would get the number of one, and be taken for it."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest free number: this one


def _fork_server() -> None:
    from pagemill.forking.server import branch, data_size
    from pagemill.supervisor.fork_server_keeper import MODULES, TITLE, ForkServerKeeper

    before = data_size()
    gc.disable()
    importlib.import_module("pagemill.supervisor.supervisor")
    gc.collect()
    gc.freeze()
    with contextlib.suppress(OSError):
        ForkServerKeeper.branch = branch(TITLE, MODULES, together=False, foreign=data_size() - before)
    gc.enable()
