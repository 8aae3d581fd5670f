"""The processor time and the memory of a running service, by the kind of its processes."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

import psutil

_KINDS = {"api": "api", "worker": "worker", "serve": "serve", "fork-server": "fork server", "extraction": "extraction",
          "extraction-fork-server": "fork server"}  # fmt: skip
"""Kinds of processes by the word after `pagemill` in their command line, or in their title."""
_TICK = 1 / os.sysconf("SC_CLK_TCK")


def processes() -> dict[str, list[psutil.Process]]:
    """Return the processes of the service that this process started, by kind."""
    found: dict[str, list[psutil.Process]] = defaultdict(list)
    for root in psutil.Process().children():
        for process in (root, *root.children(recursive=True)):
            kind = _kind(process)
            if kind is not None:
                found[kind].append(process)
    return found


def seconds_by_kind() -> dict[str, float]:
    """Return the seconds of processor time that the processes of each kind have used, ended children included."""
    return {kind: sum(map(seconds, members)) for kind, members in processes().items()}


def memory_by_kind() -> dict[str, int]:
    """Return the proportional set size of the processes of each kind, in bytes."""
    return {kind: sum(map(proportional_set_size, members)) for kind, members in processes().items()}


def seconds(process: psutil.Process) -> float:
    """Return the seconds of processor time of one process: from the scheduler, in nanoseconds, where it tells."""
    try:
        threads = Path(f"/proc/{process.pid}/task").glob("*/schedstat")
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9
    except (OSError, ValueError):
        return sum(process.cpu_times()[:2])


def proportional_set_size(process: psutil.Process) -> int:
    """Return the bytes of a process, each shared page divided among those who share it."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


def _kind(process: psutil.Process) -> str | None:
    try:
        # A title is one word of the command line, with what it overwrote behind it.
        command, name = " ".join(process.cmdline()).split(), process.name()
    except psutil.Error:
        return None
    if "postgres" in name:
        return "PostgreSQL"
    if "pagemill" in command:
        return next((_KINDS[word] for word in command if word in _KINDS), None)
    return "extraction" if any("extraction" in part for part in command) else None
