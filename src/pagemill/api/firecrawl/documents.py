"""A page as a document, streamed: one part of one body is in memory at a time."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any

import orjson

from pagemill import bodies as packing
from pagemill.api.firecrawl.json_items import first_strings
from pagemill.api.wire import zstd_frame
from pagemill.errors import DamagedResultError
from pagemill.jobs.queue.failures import failure_text
from pagemill.model import Failure, Format

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

    from pagemill.api.wire.json_stream import Packed, Piece
    from pagemill.api.wire.response import Stored
    from pagemill.model import Job, JsonObject, Page

_TEXTS: Mapping[Format, str] = {
    Format.MARKDOWN: "markdown",
    Format.CLEANED_HTML: "html",
    Format.HTML: "rawHtml",
    Format.SUMMARY: "summary",
}
_LISTS: Mapping[Format, str] = {Format.LINKS: "links", Format.IMAGES: "images"}
_SCREENSHOTS = (Format.SCREENSHOT_FULL_PAGE, Format.SCREENSHOT)
_DESCRIBED = {
    "title": "title",
    "description": "description",
    "language": "language",
    "author": "author",
    "published": "publishedTime",
    "modified": "modifiedTime",
    "canonical_url": "canonicalUrl",
    "site_name": "siteName",
}
_OF_LIST = "ogLocaleAlternate"
_IN_GROUPS_OF = 3
"""Bytes that base64 (RFC 4648 section 4) takes together."""


async def document(job: Job, page: Page, stored: Stored, warnings: Iterable[str] = ()) -> AsyncIterator[Piece]:
    """Yield a completed page as a JSON object."""
    yield b'{"metadata":' + orjson.dumps(metadata_of(page, stored.metadata))
    for form, name in _TEXTS.items():
        if form in job.options.formats and form in stored.bodies:
            yield _name(name)
            yield stored.bodies[form]
    for form, name in _LISTS.items():
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


def metadata_of(page: Page, metadata: bytes | None) -> JsonObject:
    """Return what is known of a page: what it says of itself, and how it was had."""
    said = packing.unpack(metadata) if metadata else {}
    fields: JsonObject = {name: said[key] for key, name in _DESCRIBED.items() if said.get(key)}
    for key, value in (said.get("open_graph") or {}).items():
        name = _open_graph_name(key)
        fields[name] = [value] if name == _OF_LIST else value
    known = {
        "sourceURL": page.url,
        "url": page.final_url or page.url,
        "statusCode": page.status_code,
        "cacheState": "hit" if page.cached else "miss",
    }
    return fields | {name: value for name, value in known.items() if value is not None}


async def generated_json(packed: Packed) -> dict[str, Any]:
    """Return the structured JSON of a page with what is known about it."""
    body = b"".join([part async for part in packed.parts()])
    value = await asyncio.to_thread(packing.unpack, body)
    return value if isinstance(value, dict) else {}


def _open_graph_name(key: str) -> str:
    """`locale:alternate` is `ogLocaleAlternate`."""
    return "og" + "".join(word[:1].upper() + word[1:] for part in key.split(":") for word in part.split("_"))


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
