"""The processes of a running service, by kind."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from tests.service.running import RunningService

WEIGHTS = {"worker": 5, "extraction": 8, "extraction-fork-server": 4, "api": 3, "fork-server": 3, "postmaster": 2,
           "backend": 5, "chromium": 4, "renderer": 6, "supervisor": 1}  # fmt: skip
"""Kinds of processes, and how often each is chosen."""


def by_kind(service: RunningService) -> dict[str, list[psutil.Process]]:
    """Find them; Chromium's are there only while pages need it."""
    found: dict[str, list[psutil.Process]] = {kind: [] for kind in WEIGHTS}
    for process in service.processes():
        with contextlib.suppress(psutil.Error):
            kind = _kind(process, service.process.pid)
            if kind:
                found[kind].append(process)
    return found


def _kind(process: psutil.Process, supervisor: int) -> str | None:
    if process.pid == supervisor:
        return "supervisor"
    line = " ".join(process.cmdline()).strip()
    if line.startswith("pagemill "):
        return line.split()[1]
    if "/postgres -D" in line:
        return "postmaster"
    if line.startswith("postgres:"):
        return "backend"
    if "--type=renderer" in line:
        return "renderer"
    return "chromium" if "--remote-debugging-pipe" in line and "--type=" not in line else None
