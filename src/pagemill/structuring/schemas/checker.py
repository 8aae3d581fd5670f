"""Checks the schemas that clients send without holding up the event loop: a cheap check first, then a process.

The process compiles the schema, as that may take long. One that takes longer than the limit is killed, and the schema
is refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import sys
from typing import TYPE_CHECKING

from pagemill.errors import InvalidSchemaError
from pagemill.structuring.schemas import schema
from pagemill.structuring.schemas.compile_process import LENGTH

if TYPE_CHECKING:
    from pagemill.model import JsonObject
    from pagemill.settings import Settings

_PROGRAM = ("-m", "pagemill.structuring.schemas.compile_process")
_MAX_REMEMBERED = 1000
_INHERITED = ("PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LANG", "LC_ALL")
_STARTS = 2


class SchemaChecker:
    """Checks schemas, one at a time. One for each process of the API; its child starts with the first schema."""

    def __init__(self, settings: Settings) -> None:
        self._max_bytes = settings.requests.max_schema_bytes
        self._timeout = settings.requests.schema_check_timeout
        self._memory = settings.requests.schema_check_memory
        self._lock = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._valid: dict[bytes, None] = {}

    async def aclose(self) -> None:
        """End the child."""
        async with self._lock:
            await self._kill()

    async def check(self, value: JsonObject) -> str:
        """Return the JSON text of a schema that can be used.

        Raises errors.InvalidSchemaError, naming the fault.
        """
        text = schema.check_size(value, self._max_bytes)
        digest = hashlib.sha256(text.encode()).digest()
        if digest not in self._valid:
            async with self._lock:
                fault = await self._compile(text.encode())
            if fault:
                raise InvalidSchemaError(fault)
            if len(self._valid) >= _MAX_REMEMBERED:
                self._valid.pop(next(iter(self._valid)))
            self._valid[digest] = None
        return text

    async def _compile(self, text: bytes) -> str:
        """What is wrong with a schema; nothing where it is valid. A child that was killed from outside is replaced."""
        for _ in range(_STARTS):
            process = await self._running()
            try:
                async with asyncio.timeout(self._timeout):
                    return await _ask(process, text)
            except TimeoutError:
                await self._kill()
                return f"compiling it takes longer than {self._timeout:g} seconds"
            except (EOFError, ConnectionError):
                await self._kill()
            except BaseException:
                await self._kill()
                raise
        return "compiling it takes too much memory"

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *(*_PROGRAM, str(self._memory)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env={name: os.environ[name] for name in _INHERITED if name in os.environ},
            )
            # Starting takes a good part of a second, which is not the schema's.
            await _ask(self._process, b"{}")
        return self._process

    async def _kill(self) -> None:
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
