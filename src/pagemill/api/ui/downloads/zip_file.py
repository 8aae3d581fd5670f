"""A job as a ZIP file: a folder's worth of files, a few for each page, and a list of all pages.

The file is written as it is sent, so that its index alone is in memory: some hundred bytes for each file in it.
"""

from __future__ import annotations

import asyncio
import re
import zipfile
from typing import TYPE_CHECKING

import orjson

from pagemill.api.reader.json_string import decoded
from pagemill.api.ui.downloads.stored_pages import pages_of, stored_pages_of
from pagemill.api.wire.encodings.zstd_frame import text_of
from pagemill.bodies import unpack
from pagemill.jobs.queue.store import PICTURES
from pagemill.redaction import mask_credentials

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from pagemill.api.resources import Resources
    from pagemill.api.wire.json_stream import Packed
    from pagemill.model import Job, JsonObject, Page

INDEX = "pages.jsonl"
_LEVEL = 1  # a third of the time of the default, for a file that is a tenth larger
_LONGEST_NAME = 100
_SENT_AT_ONCE = 64 * 1024
_SUFFIXES: Mapping[str, str] = {
    "markdown": ".md",
    "cleanedHtml": ".html",
    "html": ".original.html",
    "summary": ".summary.txt",
    "screenshot": ".png",
    "screenshotFullPage": ".full-page.png",
}
"""Texts and pictures. All else is JSON."""
_OWN_SUFFIX = re.compile(r"(?<=[\w-])\.(?:x?html?|md)$", re.IGNORECASE)
"""What a URL may end in as the files of its page do: `a.html.html` would say nothing more."""
_TEXTS = ("markdown", "cleanedHtml", "html", "summary")


class _Sink:
    """What the file is written to: it holds what was not sent yet. It has no `seek`, so nothing is written twice."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.size = 0

    def write(self, part: bytes, /) -> int:
        """Take a part."""
        self._parts.append(bytes(part))
        self.size += len(part)
        return len(part)

    def flush(self) -> None:
        """Do nothing: it is kept until it is taken."""

    def close(self) -> None:
        """Do nothing: what was written is still to be taken."""

    def take(self) -> bytes:
        """Return what was written since the last time."""
        taken = b"".join(self._parts)
        self._parts, self.size = [], 0
        return taken


async def zip_file(resources: Resources, job: Job) -> AsyncIterator[bytes]:
    """Yield the file in chunks."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        async for chunk in _member(archive, sink, INDEX, _index(resources, job)):
            yield chunk
        async for _, page, stored in stored_pages_of(resources, job):
            name = file_name(page)
            for body, packed in stored.bodies.items():
                suffix = _SUFFIXES.get(body, f".{body}.json")
                async for chunk in _member(archive, sink, name + suffix, _contents(body, packed)):
                    yield chunk
            if stored.metadata is not None:
                text = orjson.dumps(unpack(stored.metadata), option=orjson.OPT_INDENT_2)
                async for chunk in _member(archive, sink, f"{name}.metadata.json", _single(text)):
                    yield chunk
    yield sink.take()


def file_name(page: Page) -> str:
    """Return a name that says which page it is, and is one page's alone: `0001-example.com-docs-intro`."""
    plain = re.sub(r"[^\w.]+", "-", re.sub(r"^\w+://(?:[^/?#]*@)?", "", page.url))
    short = _OWN_SUFFIX.sub("", plain.encode()[:_LONGEST_NAME].decode(errors="ignore"))
    return f"{page.index + 1:04}-{short.strip('-.')}"


async def _member(
    archive: zipfile.ZipFile, sink: _Sink, name: str, contents: AsyncIterator[bytes]
) -> AsyncIterator[bytes]:
    """Write one file of the archive. Yields to the event loop between parts, since compressing never waits."""
    with archive.open(name, "w", force_zip64=True) as file:
        async for part in contents:
            file.write(part)
            if sink.size >= _SENT_AT_ONCE:
                yield sink.take()
            await asyncio.sleep(0)
    if sink.size >= _SENT_AT_ONCE:
        yield sink.take()


def _contents(body: str, packed: Packed) -> AsyncIterator[bytes]:
    if body in PICTURES:
        return packed.parts()
    text = text_of(packed.parts())
    return decoded(text) if body in _TEXTS else text


async def _single(text: bytes) -> AsyncIterator[bytes]:
    yield text


async def _index(resources: Resources, job: Job) -> AsyncIterator[bytes]:
    async for _, page in pages_of(resources, job):
        yield orjson.dumps(_entry(page)) + b"\n"


def _entry(page: Page) -> JsonObject:
    return {
        "index": page.index,
        "url": mask_credentials(page.url),
        "file": file_name(page),
        "status": page.status.value,
        "statusCode": page.status_code,
        "finalUrl": mask_credentials(page.final_url) if page.final_url else None,
        "error": page.failure.code if page.failure else None,
    }
