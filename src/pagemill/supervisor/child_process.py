"""A child process of the supervisor: how it is started, how it says that it is ready, and how it is ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log = structlog.get_logger(__name__)

_KILL_AFTER_GRACE = 3.0


@dataclass(frozen=True, slots=True)
class Child:
    """What is to run: its name, its command line arguments and the file descriptors that it inherits."""

    name: str
    arguments: tuple[str, ...]
    inherited: tuple[int, ...] = ()

    @property
    def metrics_name(self) -> str:
        """What its metrics go by: the same for the process that is started in its place."""
        return self.name.replace(" ", "-")


class ChildProcess:
    """One process that runs a child. Made by `start`."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        worker_id: str | None,
        ready: asyncio.Future[bool],
        metrics_name: str,
    ) -> None:
        self._process = process
        self.metrics_name = metrics_name
        self.worker_id = worker_id
        """The id that it has as a worker; None where it is none."""
        self.ended = asyncio.ensure_future(process.wait())
        """Done once the process ended, with its code."""
        self.ready = ready
        """Done once the process said that it is ready (True), or ended before (False)."""
        self.replaced = asyncio.Event()
        """Set when another process takes its place."""

    @classmethod
    async def start(
        cls,
        child: Child,
        worker_id: str | None,
        environment: Mapping[str, str],
        metrics_name: str,
        relay_log: Callable[[asyncio.StreamReader], None] | None = None,
    ) -> Self:
        """Start a process of this program. `relay_log` takes what it logs; without it, it logs where we do."""
        reading, writing = os.pipe()
        words = (*child.arguments, "--supervised", "--ready-fd", str(writing), "--name", metrics_name)
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "pagemill", *words, *(("--id", worker_id) if worker_id else ())),
                stdin=asyncio.subprocess.PIPE,
                pass_fds=(*child.inherited, writing),
                process_group=0,  # Ctrl-C in the terminal is for us; the children are told
                env=environment,
                stderr=asyncio.subprocess.PIPE if relay_log else None,
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        log.debug("process started", process=child.name, pid=process.pid)
        if relay_log and process.stderr:
            relay_log(process.stderr)
        return cls(process, worker_id, _first_byte(reading), metrics_name)

    async def end(self, grace_period: float, kill: asyncio.Event) -> None:
        """Ask the process to end, and wait; end it at once after the grace period, or when `kill` is set."""
        if not self.ended.done():
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            killing = asyncio.ensure_future(kill.wait())
            longest = grace_period + _KILL_AFTER_GRACE
            await asyncio.wait((self.ended, killing), timeout=longest, return_when=asyncio.FIRST_COMPLETED)
            killing.cancel()
            if not self.ended.done():
                with contextlib.suppress(ProcessLookupError):
                    self._process.kill()
                await self.ended


def _first_byte(descriptor: int) -> asyncio.Future[bool]:
    """Whether a byte comes through a pipe before its other end is closed."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[bool] = loop.create_future()

    def read() -> None:
        loop.remove_reader(descriptor)
        said = bool(os.read(descriptor, 1))
        os.close(descriptor)
        if not ready.done():
            ready.set_result(said)

    loop.add_reader(descriptor, read)
    return ready
