"""A child process of the supervisor: how it is started, how it says that it is ready, and how it is ended.

It is forked by a fork server where there is one, and executed elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pagemill.forking.fork_server import ForkServer
    from pagemill.forking.forked_process import ForkedProcess

    Process = asyncio.subprocess.Process | ForkedProcess

log = structlog.get_logger(__name__)

_KILL_AFTER_GRACE = 3.0
_STANDARD_ERROR = 2
_PROGRAM = "pagemill.cli.forked:run"


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


@dataclass(frozen=True, slots=True)
class Start:
    """How a child is started this time."""

    worker_id: str | None
    """The id that it has as a worker; None where it is none."""
    environment: Mapping[str, str]
    metrics_name: str
    relay_log: Callable[[asyncio.StreamReader], None] | None = None
    """Takes what it logs. Without it, it logs where we do."""

    def words(self, child: Child, ready: int) -> tuple[str, ...]:
        """Return its command line; `ready` is the descriptor on which it says that it is ready."""
        named = ("--supervised", "--ready-fd", str(ready), "--name", self.metrics_name)
        return (*child.arguments, *named, *(("--id", self.worker_id) if self.worker_id else ()))


class ChildProcess:
    """One process that runs a child. Made by `start`."""

    def __init__(self, process: Process, worker_id: str | None, ready: asyncio.Future[bool], metrics_name: str) -> None:
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
    async def start(cls, child: Child, start: Start, fork_server: ForkServer | None = None) -> Self:
        """Start a process of this program. Raises OSError, and ConnectionError where the fork server is gone."""
        with contextlib.ExitStack() as theirs, contextlib.ExitStack() as ours:
            stdin, held = _pipe(reader=theirs, writer=ours)
            ready, tells_ready = _pipe(reader=ours, writer=theirs)
            log_lines, stderr = _pipe(reader=ours, writer=theirs) if start.relay_log else (None, _STANDARD_ERROR)
            descriptors = {0: stdin, 1: 1, 2: stderr, **{each: each for each in (*child.inherited, tells_ready)}}
            words = start.words(child, tells_ready)
            if fork_server is None:
                process: Process = await _execute(words, descriptors, start.environment)
            else:
                process = await _fork(fork_server, child, words, descriptors, start.environment)
            ours.pop_all()
        log.debug("process started", process=child.name, pid=process.pid, forked=fork_server is not None)
        if start.relay_log and log_lines is not None:
            start.relay_log(await _reader(log_lines))
        started = cls(process, start.worker_id, _first_byte(ready), start.metrics_name)
        started.ended.add_done_callback(lambda _: os.close(held))
        return started

    @property
    def is_ready(self) -> bool:
        """Whether it has said so. It may have ended since."""
        return self.ready.done() and not self.ready.cancelled() and self.ready.result()

    def kill(self) -> None:
        """End it at once; `ended` tells when."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

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
                self.kill()
                await self.ended


async def _execute(
    words: Sequence[str], descriptors: Mapping[int, int], environment: Mapping[str, str]
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pagemill", *words),
        stdin=descriptors[0],
        stderr=descriptors[2],
        pass_fds=[number for number in descriptors if number > _STANDARD_ERROR],
        process_group=0,  # Ctrl-C in the terminal is for us; the children are told
        env=environment,
    )


async def _fork(
    fork_server: ForkServer,
    child: Child,
    words: Sequence[str],
    descriptors: Mapping[int, int],
    environment: Mapping[str, str],
) -> ForkedProcess:
    """Have a process forked, and give it its environment, which the fork server does not get to know."""
    with contextlib.ExitStack() as theirs, contextlib.ExitStack() as ours:
        reading, writing = _pipe(reader=theirs, writer=ours)
        process = await fork_server.fork(
            _PROGRAM,
            (str(reading), *words),
            f"pagemill {child.name}",
            {**descriptors, reading: reading},
            own_group=True,
        )
        theirs.close()
        with contextlib.suppress(BrokenPipeError):  # it has ended
            await asyncio.to_thread(_write, writing, json.dumps(dict(environment)).encode())
    return process


def _write(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


def _pipe(*, reader: contextlib.ExitStack, writer: contextlib.ExitStack) -> tuple[int, int]:
    """Return the ends of a new pipe. Each is closed with its stack."""
    reading, writing = os.pipe()
    reader.callback(os.close, reading)
    writer.callback(os.close, writing)
    return reading, writing


async def _reader(descriptor: int) -> asyncio.StreamReader:
    """Read lines from a pipe."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", buffering=0)
    )
    return reader


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
