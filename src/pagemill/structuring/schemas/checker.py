"""Checks the schemas that clients send without holding up the event loop: a cheap check first, then a process.

Processes compile the schemas, as that may take long. One that takes longer than the limit is killed, and the schema is
refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pagemill.child_environment import SERVICE_ENVIRONMENT
from pagemill.errors import InvalidSchemaError
from pagemill.structuring.schemas import schema
from pagemill.structuring.schemas.compile_process import LENGTH

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pagemill.model import JsonObject
    from pagemill.settings import Settings

_PROGRAM = ("-m", "pagemill.structuring.schemas.compile_process")
_MAX_REMEMBERED = 1000
_INHERITED = ("PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LANG", "LC_ALL")
_STARTS = 2
_PROCESSES = 2


class SchemaChecker:
    """Checks schemas: one at a time for each API key, and a few at a time in all.

    So a key whose schemas take long holds up its own alone. One for each process of the API; its children start with
    the first schemas.
    """

    def __init__(self, settings: Settings) -> None:
        self._max_bytes = settings.requests.max_schema_bytes
        self._compilers = [_Compiler(settings) for _ in range(_PROCESSES)]
        self._idle = list(self._compilers)
        self._slots = asyncio.Semaphore(_PROCESSES)
        self._turns: dict[str, _Turn] = {}
        self._valid: dict[bytes, None] = {}

    async def aclose(self) -> None:
        """End the children."""
        for compiler in self._compilers:
            await compiler.kill()

    async def check(self, value: JsonObject, key_id: str = "") -> str:
        """Return the JSON text of a schema that can be used, sent with an API key.

        Raises errors.InvalidSchemaError, naming the fault.
        """
        text = schema.check_size(value, self._max_bytes)
        digest = hashlib.sha256(text.encode()).digest()
        if digest not in self._valid:
            async with self._turn(key_id):
                fault = "" if digest in self._valid else await self._compile(text.encode())
            if fault:
                raise InvalidSchemaError(fault)
            if len(self._valid) >= _MAX_REMEMBERED:
                self._valid.pop(next(iter(self._valid)))
            self._valid[digest] = None
        return text

    @contextlib.asynccontextmanager
    async def _turn(self, key_id: str) -> AsyncIterator[None]:
        turn = self._turns.setdefault(key_id, _Turn())
        turn.users += 1
        try:
            async with turn.lock:
                yield
        finally:
            turn.users -= 1
            if not turn.users:
                del self._turns[key_id]

    async def _compile(self, text: bytes) -> str:
        async with self._slots:
            compiler = self._idle.pop()
            try:
                return await compiler.compile(text)
            finally:
                self._idle.append(compiler)


@dataclass(slots=True)
class _Turn:
    """Whose schema of one key is compiled, and how many are or wait."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class _Compiler:
    """A process that compiles one schema at a time."""

    def __init__(self, settings: Settings) -> None:
        self._timeout = settings.requests.schema_check_timeout
        self._memory = settings.requests.schema_check_memory
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The child's process id, once it started."""
        return self._process.pid if self._process else None

    async def compile(self, text: bytes) -> str:
        """Return what is wrong with a schema; nothing where it is valid.

        A child that was killed from outside is replaced.
        """
        for _ in range(_STARTS):
            try:
                process = await self._running()
                async with asyncio.timeout(self._timeout):
                    return await _ask(process, text)
            except TimeoutError:
                await self.kill()
                return f"compiling it takes longer than {self._timeout:g} seconds"
            except (EOFError, ConnectionError):
                await self.kill()
            except BaseException:
                await self.kill()
                raise
        return "compiling it takes too much memory"

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *(*_PROGRAM, str(self._memory), str(os.getpid())),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env={name: SERVICE_ENVIRONMENT[name] for name in _INHERITED if name in SERVICE_ENVIRONMENT},
            )
            # Starting takes a good part of a second, which is not the schema's.
            await _ask(self._process, b"{}")
        return self._process

    async def kill(self) -> None:
        """End the child."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()
        self._process = None


async def _ask(process: asyncio.subprocess.Process, text: bytes) -> str:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the schema process is talked to through pipes")
    process.stdin.write(LENGTH.pack(len(text)) + text)
    await process.stdin.drain()
    line = await process.stdout.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    return line.decode("utf-8", "replace").strip()
