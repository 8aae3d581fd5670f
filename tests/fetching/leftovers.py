"""What browsers leave behind: processes, zombies, folders. It should be nothing."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

import psutil


def chromium_processes():
    """Everything that belongs to browsers of this process: drivers, Chromium, zombies."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            name = process.name()
        except psutil.Error:
            continue
        if "chrom" in name or "headless" in name or name == "node":
            found.append(process)
    return found


def browser_folders():
    return list(Path(tempfile.gettempdir()).glob(f"pagemill-browser-{os.getpid()}-*"))


async def nothing_left():
    """Nothing is there any more, soon."""
    for _ in range(50):
        if not chromium_processes() and not browser_folders():
            return
        await asyncio.sleep(0.1)
    assert (chromium_processes(), browser_folders()) == ([], [])
