"""A crawl's pages on the wire: in one answer, or as they end, as server-sent events or JSON Lines.

Contents are streamed as they are stored, one part of one body in memory at a time.
"""

from __future__ import annotations

import contextlib
from enum import Enum
from typing import TYPE_CHECKING

import orjson

from pagemill.api.sites.answers import crawl_head, crawl_result
from pagemill.api.submission.waiting import RECHECK_INTERVAL
from pagemill.api.wire.json_stream import encode, pieces_of
from pagemill.api.wire.response import stored_of_one_of_many, streamed
from pagemill.jobs.queue.failures import failure_text
from pagemill.model import Status
from pagemill.process_lifetime import first_completed

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncGenerator, AsyncIterator, Sequence

    from starlette.datastructures import Headers
    from starlette.responses import Response

    from pagemill.api.resources import Resources
    from pagemill.api.wire.json_stream import Piece
    from pagemill.jobs.crawls.store import CrawledPage, Progress
    from pagemill.model import Job

_READ_AT_ONCE = 50
_ALIVE_INTERVAL = 15.0


class StreamFormat(Enum):
    """How a stream is written."""

    EVENTS = "text/event-stream"
    LINES = "application/x-ndjson"


async def crawl_error(resources: Resources, job: Job) -> str | None:
    """Why a crawl failed: the failure of the first of its pages that ended."""
    if job.status is not Status.FAILED:
        return None
    ended = await resources.crawls.ended_pages(job.id, 0, 1)
    failure = ended[0].page.failure if ended else None
    return failure_text(failure) if failure else "The crawl was stopped before any page completed. (cancelled)"


async def crawl_response(  # noqa: PLR0913 - each says something else of the answer
    resources: Resources,
    job: Job,
    head: dict[str, object],
    pages: Sequence[CrawledPage],
    headers: Headers,
    *,
    contents: bool,
) -> Response:
    """Return a crawl with these pages, under both names that clients read; `contents`: with what was made of them."""
    pieces = _answer(resources, job, head, pages, contents=contents)
    return await streamed(resources.downloads, job.key_id, pieces, headers)


async def _answer(
    resources: Resources, job: Job, head: dict[str, object], pages: Sequence[CrawledPage], *, contents: bool
) -> AsyncIterator[Piece]:
    yield orjson.dumps(head).removesuffix(b"}")
    for name in (b"results", b"pages"):
        yield b',"' + name + b'":['
        for place, crawled in enumerate(pages):
            if place:
                yield b","
            async for piece in _page(resources, job, crawled, contents=contents):
                yield piece
        yield b"]"
    yield b"}"


async def _page(resources: Resources, job: Job, crawled: CrawledPage, *, contents: bool) -> AsyncIterator[Piece]:
    if not contents:
        yield orjson.dumps(crawl_result(job, crawled, {}))
        return
    stored = await stored_of_one_of_many(resources.jobs, job, crawled.page)
    for piece in pieces_of(crawl_result(job, crawled, stored.bodies, stored.metadata) | stored.failure):
        yield piece


async def stream(resources: Resources, job: Job, after: int, form: StreamFormat) -> AsyncGenerator[bytes]:
    """Yield each page of a crawl as it ends, from the one after this number on; at last the crawl without pages."""
    alive = b": waiting\n\n" if form is StreamFormat.EVENTS else b"\n"
    idle = 0.0
    async with resources.ended.subscribed(job.id) as notice:
        while True:
            notice.clear()
            # The status first: pages that ended before it was final are there when they are read.
            current = await resources.jobs.get(job.id, job.key_id)
            pages = await resources.crawls.ended_pages(job.id, after, _READ_AT_ONCE)
            for crawled in pages:
                # A place is held for a page, and not while there is none to send.
                page = encode(_framed(resources, job, crawled, form), None)
                chunks = resources.streamed_pages.in_turn(job.key_id, page)
                async with contextlib.aclosing(chunks):
                    async for chunk in chunks:
                        yield chunk
                after, idle = crawled.number, 0.0
            if pages:
                continue
            if current is None or current.status.ended:
                break
            if not await _wait(resources, notice):
                return
            idle += RECHECK_INTERVAL
            if idle >= _ALIVE_INTERVAL:
                idle = 0.0
                yield alive
        progress = await resources.crawls.progress(job.id)
        if current is not None and progress is not None:
            yield _last(current, progress, await crawl_error(resources, current), form)


async def _framed(resources: Resources, job: Job, crawled: CrawledPage, form: StreamFormat) -> AsyncIterator[Piece]:
    if form is StreamFormat.EVENTS:
        yield b"id: %d\nevent: page\ndata: " % crawled.number
    async for piece in _page(resources, job, crawled, contents=True):
        yield piece
    yield b"\n\n" if form is StreamFormat.EVENTS else b"\n"


def _last(job: Job, progress: Progress, error: str | None, form: StreamFormat) -> bytes:
    head = orjson.dumps(crawl_head(job, progress, error, None))
    return b"event: end\ndata: " + head + b"\n\n" if form is StreamFormat.EVENTS else head + b"\n"


async def _wait(resources: Resources, notice: asyncio.Event) -> bool:
    """Wait for a notice, not for long as it may be lost. Returns False where the API stops."""
    await first_completed(notice.wait(), resources.stopping.wait(), timeout=RECHECK_INTERVAL)
    return not resources.stopping.is_set()
