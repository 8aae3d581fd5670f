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
    from pagemill.model import Job, Page

MEDIA_TYPE = "application/json"


def no_such_job() -> NotFoundError:
    """Return the error for a job that is not there, or not this key's: nobody can tell which."""
    return NotFoundError("There is no such job.")


async def job_response(jobs: JobStore, job: Job, headers: Headers) -> Response:
    """Return the whole of a job: in zstd where a request with these headers prefers it; gzip is left to the layers.

    Raises errors.NotFoundError where the job was deleted meanwhile.
    """
    pages = await jobs.pages(job.id)
    if not pages:
        raise no_such_job()
    if not any(page.status is Status.COMPLETED for page in pages):
        return _without_content(job, pages)
    # What can fail before the answer begins, fails before: the first bodies are read here.
    first = await _bodies(jobs, pages[0])
    pieces = _batch(jobs, job, pages, first) if job.batch else _single(job, pages[0], first)
    encoding = preferred(headers)
    return StreamingResponse(
        encode(pieces, encoding),
        media_type=MEDIA_TYPE,
        headers={"Content-Encoding": ZSTD, "Vary": "Accept-Encoding"} if encoding == ZSTD else None,
    )


def _without_content(job: Job, pages: Sequence[Page]) -> Response:
    if job.batch:
        fields = answers.batch_job(job, pages) | {"results": [answers.batch_result(job, page, {}) for page in pages]}
    else:
        fields = answers.single_job(job, pages[0], {})
    return Response(orjson.dumps(fields), media_type=MEDIA_TYPE)


async def _single(job: Job, page: Page, bodies: Mapping[str, bytes]) -> AsyncIterator[Piece]:
    for piece in pieces_of(answers.single_job(job, page, bodies)):
        yield piece


async def _batch(jobs: JobStore, job: Job, pages: Sequence[Page], first: Mapping[str, bytes]) -> AsyncIterator[Piece]:
    head = orjson.dumps(answers.batch_job(job, pages))
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
