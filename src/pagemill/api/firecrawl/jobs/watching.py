"""Batches and crawls over a WebSocket, as the watchers of Firecrawl's clients read them.

Messages are JSON texts: `catchup` with the job's state, a `document` for each page that completed, and at last `done`,
or the state of a job that failed or was cancelled. Contents are streamed as they are stored, one part of one body in
memory at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import TYPE_CHECKING

import orjson
import structlog
from starlette.websockets import WebSocketDisconnect

from pagemill.api.firecrawl.documents import document
from pagemill.api.firecrawl.jobs.status import head_of
from pagemill.api.submission.waiting import RECHECK_INTERVAL
from pagemill.api.websocket_protocol import part_of_message
from pagemill.api.wire.json_stream import encode
from pagemill.api.wire.response import stored_of_one_of_many
from pagemill.errors import RequestError
from pagemill.model import Status
from pagemill.process_lifetime import first_completed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

    from starlette.websockets import WebSocket

    from pagemill.api.firecrawl.jobs.status import Snapshot
    from pagemill.api.resources import Resources
    from pagemill.api.wire.json_stream import Piece
    from pagemill.model import Job, Page

log = structlog.get_logger(__name__)

PATHS = re.compile(rb"/v2/(?:crawl|batch/scrape)/[^/?#]+/?(?:\?.*)?")
"""Where a WebSocket is taken."""
_END = b""
"""Stands for the end of a message."""
_RUNNING = "scraping"

# RFC 6455 section 7.4.1, and the registry that it founds.
_DONE = 1000
_SERVICE_RESTART = 1012
_TRY_AGAIN_LATER = 1013


async def watch(websocket: WebSocket, resources: Resources, job: Job, read: Callable[[], Awaitable[Snapshot]]) -> None:
    """Send a job's documents until it has ended, the client has gone, or the API stops; then the clients poll.

    `read` gives the job as it is, with the pages that have ended since it was called before.
    """
    # Browsers send the key as a subprotocol, and take only a connection for which one that they named is chosen.
    await websocket.accept(subprotocol=next(iter(websocket.scope["subprotocols"]), None))
    gone = asyncio.ensure_future(_disconnected(websocket))
    sending = asyncio.ensure_future(_send(websocket, resources, job, read))
    try:
        await first_completed(sending, gone, resources.stopping.wait())
        code = await sending if sending.done() else _SERVICE_RESTART
        if not gone.done():
            await websocket.close(code)
    except WebSocketDisconnect:
        pass
    finally:
        for task in (gone, sending):
            task.cancel()
        await asyncio.gather(gone, sending, return_exceptions=True)


async def _disconnected(websocket: WebSocket) -> None:
    """Return when the client has gone. What it sends is not read."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


async def _send(websocket: WebSocket, resources: Resources, job: Job, read: Callable[[], Awaitable[Snapshot]]) -> int:
    """Send all messages, and return the code to close with."""
    try:
        parts = resources.streams.in_turn(job.key_id, _parts(resources, job, read))
        async with contextlib.aclosing(parts):
            async for part in parts:
                await websocket.send(part_of_message(part, more=part is not _END))
    except RequestError as error:
        log.info("watching ended", job=job.id, error=error.code)
        return _TRY_AGAIN_LATER
    return _DONE


async def _parts(resources: Resources, job: Job, read: Callable[[], Awaitable[Snapshot]]) -> AsyncGenerator[bytes]:
    """Yield the messages in parts, each with `_END` after it."""
    begun = False
    async with resources.ended.subscribed(job.id) as notice:
        while True:
            notice.clear()
            found = await read()
            if not begun:
                begun = True
                yield _message(
                    "catchup", {**head_of(resources, found.job, found.state), "status": _RUNNING, "data": []}
                )
                yield _END
            for one in found.ended:
                if one.page.status is Status.COMPLETED:
                    # A place is held for a page, and not while there is none to send.
                    page = encode(_document(resources, found.job, one.page), None)
                    chunks = resources.streamed_pages.in_turn(job.key_id, page)
                    async with contextlib.aclosing(chunks):
                        async for chunk in chunks:
                            yield chunk
                    yield _END
            if found.ended:
                continue
            if found.state.status != _RUNNING:
                break
            await first_completed(notice.wait(), timeout=RECHECK_INTERVAL)
    last = head_of(resources, found.job, found.state)
    yield _message("done" if found.state.status == Status.COMPLETED.value else "status", last)
    yield _END


async def _document(resources: Resources, job: Job, page: Page) -> AsyncIterator[Piece]:
    stored = await stored_of_one_of_many(resources.jobs, job, page)
    yield b'{"type":"document","data":'
    async for piece in document(job, page, stored, stored.failure.values()):
        yield piece
    yield b"}"


def _message(kind: str, data: object) -> bytes:
    return orjson.dumps({"type": kind, "data": data})
