"""A page as a document, streamed: one part of one body is in memory at a time."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any

import orjson

from pagemill import bodies as packing
from pagemill.api.firecrawl.json_items import first_strings
from pagemill.api.wire.encodings import zstd_frame
from pagemill.errors import DamagedResultError
from pagemill.jobs.queue.failures import failure_text
from pagemill.jobs.webhooks.firecrawl_payload import LISTS, TEXTS, metadata_of
from pagemill.model import Failure, Format

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from pagemill.api.wire.json_stream import Packed, Piece
    from pagemill.api.wire.response import Stored
    from pagemill.model import Job, Page

_SCREENSHOTS = (Format.SCREENSHOT_FULL_PAGE, Format.SCREENSHOT)
_IN_GROUPS_OF = 3
"""Bytes that base64 (RFC 4648 section 4) takes together."""


async def document(job: Job, page: Page, stored: Stored, warnings: Iterable[str] = ()) -> AsyncIterator[Piece]:
    """Yield a completed page as a JSON object."""
    yield b'{"metadata":' + orjson.dumps(metadata_of(page, packing.unpack(stored.metadata) if stored.metadata else {}))
    for form, name in TEXTS.items():
        if form in job.options.formats and form in stored.bodies:
            yield _name(name)
            yield stored.bodies[form]
    for form, name in LISTS.items():
        if form in job.options.formats and form in stored.bodies:
            yield _name(name)
            async for piece in first_strings(zstd_frame.text_of(stored.bodies[form].parts())):
                yield piece
    found = list(warnings)
    if Format.JSON in job.options.formats and Format.JSON in stored.bodies:
        generated = await generated_json(stored.bodies[Format.JSON])
        yield _name("json") + orjson.dumps(generated.get("data"))
        found += [generated[name] for name in ("error", "warning") if generated.get(name)]
    screenshot = next((form for form in _SCREENSHOTS if form in job.options.formats and form in stored.bodies), None)
    if screenshot is not None:
        yield _name("screenshot") + b'"data:image/png;base64,'
        try:
            async for piece in _base64(stored.bodies[screenshot]):
                yield piece
        except DamagedResultError as error:
            found.append(failure_text(Failure(error.code, error.message)))
        yield b'"'
    if found:
        yield _name("warning") + orjson.dumps(" ".join(found))
    yield b"}"


async def generated_json(packed: Packed) -> dict[str, Any]:
    """Return the structured JSON of a page with what is known about it."""
    body = b"".join([part async for part in packed.parts()])
    value = await asyncio.to_thread(packing.unpack, body)
    return value if isinstance(value, dict) else {}


def _name(name: str) -> bytes:
    return b"," + orjson.dumps(name) + b":"


async def _base64(packed: Packed) -> AsyncIterator[bytes]:
    held = b""
    async for part in packed.parts():
        held += part
        whole = len(held) - len(held) % _IN_GROUPS_OF
        yield base64.b64encode(held[:whole])
        held = held[whole:]
    yield base64.b64encode(held)
