"""Takes an upload in as it comes, in bounded memory: its lines are in the database before its last byte is here."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import tempfile
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

from pagemill.api.uploads.decompression import Decompressor
from pagemill.api.uploads.tables import MAGIC, check_parquet
from pagemill.errors import PayloadTooLargeError, RequestError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from fastapi import Request

    from pagemill.api.batches.requests import LineReader
    from pagemill.api.resources import Resources
    from pagemill.jobs.batches.store import Line

_LINES_AT_ONCE = 2000
_LINES_IN_A_ROW = 200
"""After so many lines other requests have their turn."""
_LINES_A_URL = 2
"""So many lines may there be for each URL that is allowed: the others are blank."""
_BYTES_AT_ONCE = 1024 * 1024
_SPOOLED_AT_ONCE = 1024 * 1024


class Upload:
    """The body of one request. `digest` is SHA-256 of what was read of it so far, decompressed.

    Raises errors.RequestError for a compression that is not known.
    """

    def __init__(self, request: Request, resources: Resources, key_id: str) -> None:
        self._request = request
        self._resources = resources
        self._key_id = key_id
        self._limits = resources.settings.batches
        self._compressed = Decompressor(request.headers.get("Content-Encoding", ""), self._limits.batch_upload_bytes)
        self.digest = hashlib.sha256()

    async def drain(self) -> None:
        """Read it to its end, for its digest alone."""
        async for _ in self._chunks():
            pass

    async def copy(self, batch_id: str, reader: LineReader) -> int:
        """Copy its lines into the database, and return how many. Raises errors.RequestError for the first bad one."""
        count, size = 0, 0
        waiting: list[Line] = []
        async with contextlib.aclosing(self._lines()) as lines:
            most = _LINES_A_URL * self._limits.batch_upload_urls
            async for raw in lines:
                most -= 1
                if most < 0:
                    raise PayloadTooLargeError("The upload has too many blank lines.")
                line = await reader.read(raw)
                if line is None:
                    continue
                waiting.append(line)
                size += len(raw)
                if count + len(waiting) > self._limits.batch_upload_urls:
                    raise PayloadTooLargeError(f"At most {self._limits.batch_upload_urls} URLs make a batch.")
                if len(waiting) >= _LINES_AT_ONCE or size >= _BYTES_AT_ONCE:
                    await self._resources.batches.add(batch_id, count, waiting)
                    count += len(waiting)
                    waiting, size = [], 0
        if waiting:
            await self._resources.batches.add(batch_id, count, waiting)
        elif not count:
            raise RequestError("The upload has no URL.")
        return count + len(waiting)

    async def _chunks(self) -> AsyncGenerator[bytes]:
        try:
            async for chunk in self._request.stream():
                for part in self._compressed.parts(chunk):
                    self.digest.update(part)
                    yield part
                    await asyncio.sleep(0)  # what stands for much takes long
            self._compressed.finish()
        except ClientDisconnect:
            raise RequestError("The upload broke off.") from None

    async def _lines(self) -> AsyncGenerator[bytes]:
        """Yield the lines, without what ends them. Raises errors.RequestError for one that is too long."""
        chunks = self._text()
        rest = b""
        async with contextlib.aclosing(chunks):
            async for chunk in chunks:
                *lines, rest = (rest + chunk).split(b"\n")
                for number, line in enumerate(lines, 1):
                    self._check_length(line)
                    yield line
                    if number % _LINES_IN_A_ROW == 0:
                        await asyncio.sleep(0)  # a compressed upload holds many short ones
                self._check_length(rest)
                await asyncio.sleep(0)  # a body that is here already never waits
        if rest:
            yield rest

    def _check_length(self, line: bytes) -> None:
        if len(line) > self._limits.batch_line_bytes:
            raise PayloadTooLargeError(f"A line is longer than {self._limits.batch_line_bytes} bytes.")

    async def _text(self) -> AsyncGenerator[bytes]:
        """Yield JSON Lines in chunks: the body, or the rows of the table that it is."""
        head = b""
        chunks = self._chunks()
        async for chunk in chunks:
            head += chunk
            if len(head) >= len(MAGIC):
                break
        if not head.startswith(MAGIC):
            yield head
            async for chunk in chunks:
                yield chunk
            return
        check_parquet()
        with tempfile.TemporaryFile() as spool:
            await asyncio.to_thread(spool.write, head)
            waiting = bytearray()
            async for chunk in chunks:
                waiting += chunk
                if len(waiting) >= _SPOOLED_AT_ONCE:
                    await asyncio.to_thread(spool.write, waiting)
                    waiting = bytearray()
            await asyncio.to_thread(spool.write, waiting)
            await asyncio.to_thread(spool.flush)
            spool.seek(0)
            async with contextlib.aclosing(self._resources.tables.lines_of(self._key_id, spool)) as lines:
                async for chunk in lines:
                    yield chunk
