"""What happens to the service: one fault after another, chosen by a seed."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
from collections import Counter
from typing import TYPE_CHECKING

import psutil

from tests.chaos.victims import WEIGHTS, by_kind

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from tests.chaos.clock import Clock
    from tests.chaos.site import ChaosSite
    from tests.service.running import RunningService

HOUR = 3600.0
_KINDS = {"kill": 60, "stop": 12, "network": 15, "disk": 3, "clock": 4}
_BLOCK = b"\0" * (1 << 20)


class Faults:
    """Inflicts faults. `done` counts them by what they were."""

    def __init__(
        self, service: RunningService, site: ChaosSite, random: Random, *, clock: Clock, disk: Path | None
    ) -> None:
        self.done: Counter[str] = Counter()
        self._service = service
        self._site = site
        self._random = random
        self._clock = clock
        self._disk = disk
        self._stopped: set[psutil.Process] = set()

    async def inflict(self) -> None:
        """One fault of any kind."""
        kind = self._random.choices(list(_KINDS), list(_KINDS.values()))[0]
        if kind == "kill":
            await self.kill()
        elif kind == "stop":
            await self._stop()
        elif kind == "network":
            await self._break_network()
        elif kind == "disk" and self._disk is not None:
            await self._fill_disk(self._disk)
        elif kind == "clock" and self._clock:
            self._set_clock()

    async def kill(self) -> None:
        """End one process with SIGKILL. A supervisor is started again."""
        kind, victim = self._choose()
        with contextlib.suppress(psutil.NoSuchProcess):
            victim.kill()
            self.done[f"kill {kind}"] += 1
        if kind == "supervisor":
            await self._service.process.wait()
            await asyncio.sleep(self._random.uniform(0, 1))
            await self._service.start()

    async def heal(self) -> None:
        """Let everything go on, with the right time."""
        self._site.network = "fine"
        self._clock.set(0)
        for process in self._stopped:
            _send(process, signal.SIGCONT)
        if self._disk is not None:
            (self._disk / "filler").unlink(missing_ok=True)

    def _choose(self) -> tuple[str, psutil.Process]:
        found = {kind: processes for kind, processes in by_kind(self._service).items() if processes}
        kind = self._random.choices(list(found), [WEIGHTS[kind] for kind in found])[0]
        return kind, self._random.choice(found[kind])

    async def _stop(self) -> None:
        kind, victim = self._choose()
        self._stopped.add(victim)
        _send(victim, signal.SIGSTOP)
        self.done[f"stop {kind}"] += 1
        await asyncio.sleep(self._random.choice([0.5, 2, 8]))
        _send(victim, signal.SIGCONT)
        self._stopped.discard(victim)

    async def _break_network(self) -> None:
        self._site.network = self._random.choice(["stalls", "resets"])
        self.done[f"network {self._site.network}"] += 1
        await asyncio.sleep(self._random.uniform(0.5, 3))
        self._site.network = "fine"

    async def _fill_disk(self, disk: Path) -> None:
        filler = disk / "filler"
        self.done["disk full"] += 1
        try:
            await asyncio.to_thread(_fill, filler)
            await asyncio.sleep(self._random.uniform(1, 5))
        finally:
            filler.unlink(missing_ok=True)

    def _set_clock(self) -> None:
        offset = self._random.choice([-HOUR, 0, HOUR])
        self._clock.set(offset)
        self.done["clock set"] += 1


def _fill(filler: Path) -> None:
    """Write until the disk is full: in large pieces, then in small ones."""
    for block in (_BLOCK, _BLOCK[:4096]):
        with filler.open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(block)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


def _send(process: psutil.Process, number: signal.Signals) -> None:
    with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
        if process.is_running():
            os.kill(process.pid, number)
