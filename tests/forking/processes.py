"""Processes that may end while they are looked at."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterable


def runs(process: psutil.Process) -> bool:
    """Whether it has not ended; one that nobody has waited for yet has."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def command_line(process: psutil.Process) -> str:
    """Its words or its title; nothing where it has ended."""
    try:
        return " ".join(process.cmdline()).strip()
    except psutil.Error:
        return ""


async def left_of(processes: Iterable[psutil.Process], seconds: float = 20) -> list[psutil.Process]:
    """Those that still run after so many seconds."""
    waited_for = [process for process in processes if runs(process)]
    deadline = asyncio.get_running_loop().time() + seconds
    while waited_for and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.02)
        waited_for = [process for process in waited_for if runs(process)]
    return waited_for
