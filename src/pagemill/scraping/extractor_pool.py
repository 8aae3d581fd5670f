"""Processes that extract, of which one can die or hang without anything else noticing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any, Self

import orjson
import structlog

from pagemill.errors import ExtractionCrashedError, ExtractionTimeoutError, InternalPageError
from pagemill.scraping.extraction_process import LENGTHS, start_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from pagemill.model import FetchedPage
    from pagemill.settings import Settings

log = structlog.get_logger(__name__)

_PROGRAM = ("-m", "pagemill.scraping.extraction_process")
_IDLE_BEFORE_END = 60.0


class ExtractorPool:
    """At most `settings.extraction_processes` processes: the first lives on, the others come and go with the load.

    A page that outlasts `settings.extraction_timeout` has its process killed, and another takes its place.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._slots = asyncio.Semaphore(settings.extraction_processes)
        self._idle: list[_Process] = []
        self._reaper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._idle.append(await _Process.start(self._settings.extraction_memory))
        self._reaper = asyncio.create_task(self._end_idle(), name="end idle extraction processes")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._reaper:
            self._reaper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reaper
        for process in self._idle:
            await process.end()
        self._idle.clear()

    async def extract(self, page: FetchedPage, formats: Sequence[str]) -> dict[str, bytes]:
        """Return the page's values in these formats, and its metadata, each packed as in `pagemill.bodies`.

        Raises errors.ExtractionTimeoutError, errors.ExtractionCrashedError or errors.InternalPageError.
        """
        request = {"url": page.final_url, "content_type": page.content_type, "formats": list(formats)}
        async with self._slots:
            process = await self._take()
            try:
                async with asyncio.timeout(self._settings.extraction_timeout):
                    reply, body = await process.ask(request, page.body)
            except TimeoutError:
                await process.kill()
                limit = f"{self._settings.extraction_timeout:g} seconds"
                raise ExtractionTimeoutError(f"Reading the page took longer than {limit}.") from None
            except (asyncio.IncompleteReadError, ConnectionError):
                await process.kill()
                raise ExtractionCrashedError("Reading the page ended the process that did it.") from None
            except BaseException:
                await process.kill()
                raise
            return await self._read(process, page, reply, body)

    async def _read(self, process: _Process, page: FetchedPage, reply: dict[str, Any], body: bytes) -> dict[str, bytes]:
        fault = reply.get("fault")
        if fault == "memory":
            await process.kill()
            limit = f"{self._settings.extraction_memory // (1024 * 1024)} MB"
            raise ExtractionCrashedError(f"Reading the page needed more than the {limit} of memory allowed.")
        self._idle.append(process)
        if fault == "exception":
            log.error("extraction failed", url=page.url, exception=reply["exception"])
            raise InternalPageError("The page could not be read because of a fault in extraction.")
        values, start = {}, 0
        for name, length in reply["lengths"].items():
            values[name] = body[start : start + length]
            start += length
        return values

    async def _take(self) -> _Process:
        while self._idle:
            process = self._idle.pop()
            if process.alive:
                return process
            await process.kill()
        return await _Process.start(self._settings.extraction_memory)

    async def _end_idle(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_IDLE_BEFORE_END / 4)
            while len(self._idle) > 1 and loop.time() - self._idle[0].used_at > _IDLE_BEFORE_END:
                await self._idle.pop(0).end()


class _Process:
    """One extraction process and the pipes to it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("an extraction process is talked to through pipes")
        self._process = process
        self._input, self._output = process.stdin, process.stdout
        self.used_at = asyncio.get_running_loop().time()

    @classmethod
    async def start(cls, memory: int) -> _Process:
        # -I would lose PYTHONPATH; the environment is ours. No settings pass on: extraction reads none.
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PAGEMILL_")}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *(*_PROGRAM, str(memory)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment,
            limit=1024 * 1024,
        )
        return cls(process)

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    async def ask(self, header: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        self._input.write(start_of(header, len(body)))
        self._input.write(body)
        await self._input.drain()
        header_length, body_length = LENGTHS.unpack(await self._output.readexactly(LENGTHS.size))
        reply = orjson.loads(await self._output.readexactly(header_length))
        result = await self._output.readexactly(body_length)
        self.used_at = asyncio.get_running_loop().time()
        return reply, result

    async def end(self) -> None:
        self._input.close()
        try:
            async with asyncio.timeout(1):
                await self._process.wait()
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._input.close()
        await self._process.wait()
