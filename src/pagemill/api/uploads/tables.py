"""Parquet in and out, by processes that can be killed and have little memory: what clients send may be hostile."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import sys
from typing import IO, TYPE_CHECKING

from pagemill.child_environment import child_environment
from pagemill.errors import NotSupportedError, RequestError
from pagemill.fair_semaphore import FairSemaphore

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from pagemill.settings import Settings

MAGIC = b"PAR1"
_PROGRAM = ("-m", "pagemill.api.uploads.table_process")
_CHUNK = 64 * 1024
_LONGEST_FAULT = 300


def check_parquet() -> None:
    """Raise errors.NotSupportedError where the library is missing."""
    if importlib.util.find_spec("pyarrow") is None:
        raise NotSupportedError("Parquet is not supported here: pyarrow is missing, which `pagemill[bulk]` brings.")


class TableProcesses:
    """Starts the processes, a few at a time, and one more for a key that has none: clients may read as slowly as they
    like.
    """

    def __init__(self, settings: Settings) -> None:
        self._memory = settings.batches.batch_table_memory
        self._slots = FairSemaphore(settings.batches.batch_table_processes, spare=1)

    async def lines_of(self, key_id: str, table: IO[bytes]) -> AsyncGenerator[bytes]:
        """Yield the rows of a Parquet file as JSON Lines, in chunks. Raises errors.RequestError where it is none."""
        async with self._slots.slot(key_id), self._process("read", table, asyncio.subprocess.PIPE) as process:
            stdout, stderr = process.stdout, process.stderr
            if stdout is None or stderr is None:
                raise RuntimeError("the process is talked to through pipes")
            while chunk := await stdout.read(_CHUNK):
                yield chunk
            fault = (await stderr.read(_LONGEST_FAULT)).decode("utf-8", "replace").strip()
            if await process.wait():
                raise RequestError(f"The Parquet file cannot be read: {fault or 'it takes too much memory'}")

    async def table_of(self, key_id: str, lines: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
        """Yield JSON Lines, which come in chunks, as a Parquet file in chunks."""
        async with (
            self._slots.slot(key_id),
            self._process("write", asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL) as process,
            contextlib.aclosing(_read_while(process, lines)) as chunks,
        ):
            async for chunk in chunks:
                yield chunk

    @contextlib.asynccontextmanager
    async def _process(
        self, does: str, stdin: IO[bytes] | int, stderr: int
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *(*_PROGRAM, does, str(self._memory), str(os.getpid())),
            stdin=stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            # Others reserve memory that they do not use, which counts against the limit.
            env=child_environment(ARROW_DEFAULT_MEMORY_POOL="system", OMP_NUM_THREADS="1"),
        )
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _read_while(process: asyncio.subprocess.Process, lines: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    stdin, stdout = process.stdin, process.stdout
    if stdin is None or stdout is None:
        raise RuntimeError("the process is talked to through pipes")

    async def write() -> None:
        async for chunk in lines:
            stdin.write(chunk)
            await stdin.drain()
        stdin.close()

    writing = asyncio.create_task(write())
    try:
        while chunk := await stdout.read(_CHUNK):
            yield chunk
        await writing
        if await process.wait():
            raise RuntimeError("the process that writes Parquet failed")
    finally:
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
