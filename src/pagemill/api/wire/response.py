"""The answer that holds a job: streamed, one page's bodies in memory at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from starlette.responses import Response, StreamingResponse

from pagemill.api.wire import answers
from pagemill.api.wire.encoding_negotiation import ZSTD, preferred
from pagemill.api.wire.json_stream import Packed, encode, pieces_of
from pagemill.errors import NotFoundError
from pagemill.model import Status

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from starlette.datastructures import Headers

    from pagemill.api.wire.json_stream import Piece
    from pagemill.jobs.queue.store import JobStore
    from pagemill.model import Job, JsonObject, Page

MEDIA_TYPE = "application/json"


def no_such_job() -> NotFoundError:
    """Return the error for a job that is not there, or not this key's: nobody can tell which."""
    return NotFoundError("There is no such job.")


async def job_response(  # noqa: PLR0913 - each says something else of the answer
    jobs: JobStore,
    job: Job,
    pages: Sequence[Page],
    headers: Headers,
    *,
    contents: bool = True,
    extra: JsonObject | None = None,
) -> Response:
    """Return a job with its pages: in zstd where a request with these headers prefers it; gzip is left to the layers.

    `contents`: with what was made of the pages, where there is something. `extra`: fields to add.
    """
    extra = extra or {}
    if not contents or not any(page.status is Status.COMPLETED for page in pages):
        return Response(orjson.dumps(answers.job_without_contents(job, pages) | extra), media_type=MEDIA_TYPE)
    # What can fail before the answer begins, fails before: the first bodies are read here.
    first = await _bodies(jobs, pages[0])
    pieces = _batch(jobs, job, pages, first, extra) if job.batch else _single(job, pages[0], first, extra)
    encoding = preferred(headers)
    return StreamingResponse(
        encode(pieces, encoding),
        media_type=MEDIA_TYPE,
        headers={"Content-Encoding": ZSTD, "Vary": "Accept-Encoding"} if encoding == ZSTD else None,
    )


async def _single(job: Job, page: Page, bodies: Mapping[str, bytes], extra: JsonObject) -> AsyncIterator[Piece]:
    for piece in pieces_of({**answers.single_job(job, page, bodies), **extra}):
        yield piece


async def _batch(
    jobs: JobStore, job: Job, pages: Sequence[Page], first: Mapping[str, bytes], extra: JsonObject
) -> AsyncIterator[Piece]:
    head = orjson.dumps(answers.batch_job(job, pages) | extra)
    text = head.removesuffix(b"}") + b',"results":['
    for page in pages:
        bodies = first if page is pages[0] else await _bodies(jobs, page)
        for piece in pieces_of(answers.batch_result(job, page, bodies)):
            if isinstance(piece, Packed):
                yield text
                yield piece
                text = b""
            else:
                text += piece
        text += b"]}" if page is pages[-1] else b","
    yield text


async def _bodies(jobs: JobStore, page: Page) -> Mapping[str, bytes]:
    return await jobs.bodies(page.id) if page.status is Status.COMPLETED else {}
