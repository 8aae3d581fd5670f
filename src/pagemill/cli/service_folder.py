"""Finds the data folder of the service on this machine: a key that is made in another folder opens nothing."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

from pagemill.errors import OperatorError


def require_service(folder: Path) -> None:
    """Raise errors.OperatorError for a data folder on which no service has run, naming those of running services."""
    if (folder / "postgres" / "data" / "PG_VERSION").exists():
        return
    found = running_services()
    hint = (
        "A service runs on " + " and on ".join(map(str, found)) + ": name its folder with --data-dir."
        if found
        else "Name the service's folder with --data-dir, or start it there with `pagemill serve` first."
    )
    raise OperatorError(f"No service has run on the data folder {folder}. {hint}")


def running_services() -> list[Path]:
    """Return the data folders of the services that this user runs."""
    folders = set()
    for process in psutil.process_iter():
        try:
            if process.uids().real != os.getuid() or "serve" not in process.cmdline():
                continue
            files = [Path(file.path) for file in process.open_files()]
        except psutil.Error:
            continue
        folders |= {file.parent for file in files if file.name == "lock" and (file.parent / "postgres").exists()}
    return sorted(folders)
