"""Processes that extract. One can die or hang without an effect on any other page.

API keys are served in turn. A page whose process dies is tried again in another one; a page that ends two processes
fails. A process that SIGKILL ended was killed from outside: that says little of the page, which is tried more often.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, cast

import orjson
import structlog

from pagemill import bodies
from pagemill.errors import (
    DocumentWithoutTextError,
    EncryptedDocumentError,
    ExtractionCrashedError,
    ExtractionTimeoutError,
    InternalPageError,
    InvalidDocumentError,
)
from pagemill.fair_semaphore import FairSemaphore, current_key
from pagemill.fetching.verdict import Kind, Verdict
from pagemill.model import METADATA, Format, Refresh, ScrapeOptions
from pagemill.observability.metrics import EXTRACTION_PROCESSES, EXTRACTION_RESTARTS
from pagemill.observability.stages import Stage
from pagemill.scraping.extraction_messages import EXTRACTED, LENGTHS, READY, start_of
from pagemill.scraping.processes.extraction_starter import ExtractionStarter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from pagemill.model import FetchedPage, JsonObject, MarkdownOptions
    from pagemill.scraping.processes.extraction_starter import StartedProcess
    from pagemill.settings import Settings

log = structlog.get_logger(__name__)

_DEFAULTS = ScrapeOptions()
MAX_CRASHES = 2
"""How many processes a page may end before it fails."""
_DOCUMENT_ERRORS = {
    error.code: error for error in (InvalidDocumentError, EncryptedDocumentError, DocumentWithoutTextError)
}


@dataclass(frozen=True, slots=True)
class Extracted:
    """What extraction made of a page: its values by format and its `metadata`, packed as in `pagemill.bodies`."""

    bodies: dict[str, bytes]
    verdict: Verdict
    has_scripts: bool = False
    empty: bool = False
    """Whether it is next to empty, with scripts that may yet fill it."""
    words: int | None = None
    """Words of the whole page; None for what is no HTML."""
    refresh: Refresh | None = None
    """Where it leads by itself."""
    quality: float | None = None
    """How good the choice of content is expected to be, from 0 to 1."""


class ExtractorPool:
    """At most `extraction_processes` processes, and `extraction_spare_processes` for keys that have none at work.

    They come and go with the load: each ends once it was idle for `extraction_idle_time`, with all the memory that it
    has gathered. `prepare` starts one while the page is fetched that needs it. A page that finds none takes the first
    that is free: the one that is started for it, or one that another page gives back.

    A page that outlasts `settings.extraction_timeout` has its process killed, and another takes its place.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        extraction = settings.extraction
        self._starter = ExtractionStarter()
        self._slots = FairSemaphore(extraction.extraction_processes, extraction.extraction_spare_processes)
        self._idle: list[_Process] = []
        self._waiting: deque[asyncio.Future[_Process]] = deque()
        self._starting: set[asyncio.Task[None]] = set()
        """At least as many as wait."""
        self._reaper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        try:
            self._idle.append(_Process(await self._starter.start(self._settings.extraction.extraction_memory)))
        except BaseException:  # who opens it may give up while its fork server starts
            await self._starter.end()
            raise
        self._reaper = asyncio.create_task(self._end_idle(), name="end idle extraction processes")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._reaper:
            self._reaper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reaper
        for starting in list(self._starting):
            starting.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        for process in self._idle:
            await process.end()
        self._idle.clear()
        await self._starter.end()

    def prepare(self) -> None:
        """Start a process where there is none, for a page that will be here soon. Loading takes a part of a second."""
        if self._slots.idle and not self._idle:
            self._start_for(pages=1)

    async def extract(self, page: FetchedPage, formats: Sequence[str], options: ScrapeOptions = _DEFAULTS) -> Extracted:
        """Return the page's values in these formats, and the verdict on it. Pictures are not made here.

        Raises errors.ExtractionTimeoutError, errors.ExtractionCrashedError or errors.InternalPageError.
        """
        request = {
            "url": page.final_url,
            "content_type": page.content_type,
            "status": page.status_code,
            "headers": page.headers,
            "largest": self._settings.fetching.max_body_bytes,
            "formats": [name for name in formats if name in EXTRACTED],
            "only_main_content": options.only_main_content,
            "include_tags": options.include_tags,
            "exclude_tags": options.exclude_tags,
            "include_comments": options.include_comments,
            "corrections": options.corrections,
        }
        with Stage("extraction", "extract", attributes={"pagemill.body.size": len(page.body)}):
            reply, body = await self._request(request, page.body)
        values, start = {}, 0
        for name, length in reply["lengths"].items():
            values[name] = body[start : start + length]
            start += length
        kind, vendor = reply["verdict"]
        refresh = Refresh(*reply["refresh"]) if reply["refresh"] else None
        return Extracted(
            values,
            Verdict(Kind(kind), vendor),
            has_scripts=reply["has_scripts"],
            empty=reply["empty"],
            words=reply["words"],
            refresh=refresh,
            quality=reply["quality"],
        )

    async def structure(self, request: JsonObject, bodies: Mapping[str, bytes]) -> JsonObject:
        """Have a task of `structuring.tasks` carried out on a page, given as its packed `html`, `markdown`, `metadata`.

        Raises what `extract` does.
        """
        parts = [bodies[Format.HTML], bodies[Format.MARKDOWN], bodies[METADATA]]
        reply, _ = await self._request({**request, "lengths": [len(part) for part in parts]}, b"".join(parts))
        return reply

    async def finish_markdown(
        self, url: str, source: bytes, metadata: bytes, options: MarkdownOptions
    ) -> tuple[bytes, bool]:
        """Return a page's Markdown as the options want it, and whether it was cut.

        `source` is its Markdown, or its cleaned HTML where `options.rewrites`, packed like the rest. Raises what
        `extract` does.
        """
        wanted = {
            "links": options.links,
            "images": options.images,
            "front_matter": options.front_matter,
            "max_tokens": options.max_tokens,
        }
        request = {"url": url, "markdown_options": wanted, "lengths": [len(source), len(metadata)]}
        reply, body = await self._request(request, source + metadata)
        return body, reply["is_cut"]

    async def annotate(self, url: str, html: bytes, options: ScrapeOptions, max_blocks: int) -> JsonObject | None:
        """Return what was made of each block of a page: see `extraction.annotation`.

        `html`: the page's HTML, packed. None where it has more than `max_blocks` blocks. Raises what `extract` does.
        """
        request = {
            "url": url,
            "annotation": {
                "only_main_content": options.only_main_content,
                "include_tags": options.include_tags,
                "exclude_tags": options.exclude_tags,
                "include_comments": options.include_comments,
                "max_blocks": max_blocks,
            },
            "corrections": options.corrections,
        }
        _, body = await self._request(request, html)
        found: JsonObject | None = await asyncio.to_thread(bodies.unpack, body)
        return found

    async def read_site(self, request: JsonObject, body: bytes) -> JsonObject:
        """Have a task of `sites.tasks` carried out on what a site sent.

        Raises what `extract` does, and errors.DocumentError.
        """
        reply, _ = await self._request(request, body)
        return reply

    async def compare(self, request: JsonObject, body: bytes) -> JsonObject:
        """Have two versions of a page compared, as `comparison.tasks` does. Raises what `extract` does."""
        reply, _ = await self._request(request, body)
        return reply

    async def _request(self, request: JsonObject, body: bytes) -> tuple[JsonObject, bytes]:
        async with self._slots.slot(current_key.get()):
            crashes = kills = 0
            while crashes < MAX_CRASHES and kills <= self._settings.extraction.extraction_kills:
                process = await self._checkout()
                try:
                    reply, made = await self._exchange(process, request, body)
                except (EOFError, ConnectionError):
                    EXTRACTION_RESTARTS.add("crashed")
                    log.warning("an extraction process ended while it read a page", url=request["url"])
                    kills, crashes = (kills + 1, crashes) if process.was_killed else (kills, crashes + 1)
                    continue
                await self._check_reply(process, request["url"], reply)
                return reply, made
        raise ExtractionCrashedError("Reading the page ended the process that did it.")

    async def _exchange(self, process: _Process, request: JsonObject, body: bytes) -> tuple[JsonObject, bytes]:
        """Send a request and wait for the reply. A process that fails to give it is killed."""
        try:
            async with asyncio.timeout(self._settings.extraction.extraction_timeout):
                return await process.ask(request, body)
        except TimeoutError:
            EXTRACTION_RESTARTS.add("timeout")
            await process.kill()
            limit = f"{self._settings.extraction.extraction_timeout:g} seconds"
            raise ExtractionTimeoutError(f"Reading the page took longer than {limit}.") from None
        except BaseException as error:
            if isinstance(error, asyncio.CancelledError):
                EXTRACTION_RESTARTS.add("cancelled")
            await process.kill()
            raise

    async def _check_reply(self, process: _Process, url: str, reply: JsonObject) -> None:
        """Keep the process for the next page, unless it ran out of memory; raise what went wrong."""
        fault = reply.get("fault")
        if fault == "memory":
            EXTRACTION_RESTARTS.add("memory")
            await process.kill()
            limit = f"{self._settings.extraction.extraction_memory // (1024 * 1024)} MB"
            raise ExtractionCrashedError(f"Reading the page needed more than the {limit} of memory allowed.")
        self._give(process)
        if fault == "document":
            raise _DOCUMENT_ERRORS[reply["code"]](reply["message"])
        if fault == "exception":
            log.error("extraction failed", url=url, exception=reply["exception"])
            raise InternalPageError("The page could not be read because of a fault in extraction.")

    async def _checkout(self) -> _Process:
        while self._idle:
            process = self._idle.pop()
            if process.alive:
                return process
            await process.kill()
        waiter: asyncio.Future[_Process] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        self._start_for(pages=len(self._waiting))
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter in self._waiting:
                self._waiting.remove(waiter)
            elif not waiter.cancelled() and waiter.exception() is None:
                self._give(waiter.result())
            raise

    def _start_for(self, *, pages: int) -> None:
        if len(self._starting) < pages:
            self._starting.add(asyncio.create_task(self._start(), name="start an extraction process"))

    async def _start(self) -> None:
        """Start a process, and give it away once it can read a page: that takes seconds where the machine is busy."""
        try:
            process = await self._started()
        except OSError as error:  # the system starts no more
            log.warning("an extraction process could not be started", error=repr(error))
            self._refuse(error)
            return
        finally:
            self._starting.discard(cast("asyncio.Task[None]", asyncio.current_task()))
        self._give(process)

    async def _started(self) -> _Process:
        memory, longest = self._settings.extraction.extraction_memory, self._settings.extraction.extraction_timeout
        try:
            async with asyncio.timeout(longest):
                process = _Process(await self._starter.start(memory))
        except TimeoutError:
            await self._starter.end()  # it hangs: another one starts
            process = _Process(await self._starter.start(memory))
        try:
            async with asyncio.timeout(longest):
                await process.ready()
        except (EOFError, OSError):
            await process.kill()  # the page that gets it counts that
        except BaseException:
            await process.kill()
            raise
        return process

    def _give(self, process: _Process) -> None:
        """Give a process to the page that waits longest, or keep it for the next one."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(process)
                return
        self._idle.append(process)

    def _refuse(self, error: OSError) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_exception(error)
                return

    async def _end_idle(self) -> None:
        loop, longest = asyncio.get_running_loop(), self._settings.extraction.extraction_idle_time
        while True:
            await asyncio.sleep(longest / 4)
            while self._idle and loop.time() - self._idle[0].used_at > longest:
                await self._idle.pop(0).end()
                if self._slots.idle and not self._idle and not self._starting:
                    await self._starter.end_idle()


class _Process:
    """One extraction process that takes requests."""

    def __init__(self, started: StartedProcess) -> None:
        self._started = started
        self._process = started.process
        self._input, self._output = started.requests, started.replies
        self._counted = True
        self._is_ready = False
        EXTRACTION_PROCESSES.add()
        self.used_at = asyncio.get_running_loop().time()

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        if self._process.returncode is not None or self._input.is_closing() or self._output.at_eof():
            return False
        return self._started.runs

    @property
    def was_killed(self) -> bool:
        """Whether SIGKILL ended it, which no page can bring about by itself. Known once `kill` has returned."""
        return self._process.returncode == -signal.SIGKILL

    async def ready(self) -> None:
        """Wait until it can read a page. Raises EOFError where it ends before."""
        if not self._is_ready:
            await self._output.readexactly(len(READY))
            self._is_ready = True

    async def ask(self, header: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        if self._input.is_closing():
            raise ConnectionResetError
        await self.ready()
        self._input.write(start_of(header, len(body)))
        self._input.write(body)
        await self._input.drain()
        header_length, body_length = LENGTHS.unpack(await self._output.readexactly(LENGTHS.size))
        reply = orjson.loads(await self._output.readexactly(header_length))
        result = await self._output.readexactly(body_length)
        self.used_at = asyncio.get_running_loop().time()
        return reply, result

    async def end(self) -> None:
        self._uncount()
        self._input.close()
        try:
            async with asyncio.timeout(1):
                await self._process.wait()
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        self._uncount()
        if self._process.returncode is None and self._started.runs:  # else `kill` would take away how it ended
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        self._input.close()
        await self._process.wait()

    def _uncount(self) -> None:
        if self._counted:
            self._counted = False
            EXTRACTION_PROCESSES.add(amount=-1)
