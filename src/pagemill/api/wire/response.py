"""The response with a job: streamed, with one part of one body in memory at a time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import orjson
import structlog
from starlette.responses import Response, StreamingResponse
from zstandard import ZstdError

from pagemill.api.wire import answers
from pagemill.api.wire.encodings.accept_encoding import GZIP, preferred
from pagemill.api.wire.encodings.zstd_frame import text_of
from pagemill.api.wire.json_stream import Packed, encode, gzipped, merged, pieces_of
from pagemill.errors import DamagedResultError, NotFoundError
from pagemill.jobs.queue.failures import failure_text
from pagemill.jobs.queue.store import PICTURES
from pagemill.model import Failure, Status

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from starlette.datastructures import Headers

    from pagemill.api.downloads import Downloads
    from pagemill.api.wire.json_stream import Piece
    from pagemill.jobs.queue.store import BodyPlace, JobStore
    from pagemill.model import Job, JsonObject, Page

log = structlog.get_logger(__name__)

_ALONGSIDE = ("summary_source", "markdown_truncated", "markdown_error", "session", "metadata")

MEDIA_TYPE = "application/json"


def no_such_job() -> NotFoundError:
    """Return the error for a job that is not there, or not this key's: nobody can tell which."""
    return NotFoundError("There is no such job.")


async def job_response(  # noqa: PLR0913 - each says something else of the answer
    jobs: JobStore,
    downloads: Downloads,
    job: Job,
    pages: Sequence[Page],
    headers: Headers,
    *,
    contents: bool = True,
    index: int | None = None,
    extra: JsonObject | None = None,
) -> Response:
    """Return a job with its pages, in the encoding that a request with these headers prefers.

    `contents`: with what was made of the pages, where there is something. `index`: of a batch, that result alone.
    `extra`: fields to add.
    """
    extra = extra or {}
    shown = pages if index is None or not job.batch else pages[index : index + 1]
    if not contents or not any(page.status is Status.COMPLETED for page in shown):
        return Response(orjson.dumps(answers.job_without_contents(job, pages, shown) | extra), media_type=MEDIA_TYPE)
    pieces = _batch(jobs, job, pages, shown, extra) if job.batch else _single(jobs, job, pages[0], extra)
    return await streamed(downloads, job.key_id, pieces, headers)


async def streamed(
    downloads: Downloads,
    key_id: str,
    pieces: AsyncIterator[Piece],
    headers: Headers,
    media_type: str = MEDIA_TYPE,
) -> Response:
    """Return the response with a JSON text in pieces, in the encoding that a request with these headers prefers.

    It waits for its turn. What fails before the first stored value is known is raised, and so answered with an error.
    """
    encoding = preferred(headers)
    chunks = encode(merged(pieces), encoding)
    return StreamingResponse(
        await downloads.begin(key_id, gzipped(chunks) if encoding == GZIP else chunks),
        media_type=media_type,
        headers={"Content-Encoding": encoding, "Vary": "Accept-Encoding"} if encoding else None,
    )


async def _single(jobs: JobStore, job: Job, page: Page, extra: JsonObject) -> AsyncIterator[Piece]:
    stored = await stored_of(jobs, job, page)
    for piece in pieces_of(
        {**answers.single_job(job, page, stored.bodies, stored.metadata), **stored.failure, **extra}
    ):
        yield piece


async def _batch(
    jobs: JobStore, job: Job, pages: Sequence[Page], shown: Sequence[Page], extra: JsonObject
) -> AsyncIterator[Piece]:
    yield orjson.dumps(answers.batch_job(job, pages) | extra).removesuffix(b"}") + b',"results":['
    for page in shown:
        stored = await stored_of_one_of_many(jobs, job, page)
        for piece in pieces_of(answers.batch_result(job, page, stored.bodies, stored.metadata) | stored.failure):
            yield piece
        yield b"]}" if page is shown[-1] else b","


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of a page: its bodies, to be read when they are sent, and its metadata."""

    bodies: Mapping[str, Packed]
    metadata: bytes | None
    size: int = 0
    """Of the bodies, in bytes as they are stored."""
    failure: JsonObject = field(default_factory=dict)
    """The field that says why something is not there that was."""


async def stored_of(jobs: JobStore, job: Job, page: Page) -> Stored:
    """Return what is stored of a page: nothing where it did not complete, and nothing that is damaged."""
    if page.status is not Status.COMPLETED:
        return Stored({}, None)
    places = await jobs.with_contents(await jobs.body_places(page.id, (*job.options.formats, *_ALONGSIDE)))
    damaged = [name for name, place in places.items() if not await _is_intact(jobs, place)]
    for name in damaged:
        log.warning("an object is damaged", object=places.pop(name).object, format=name)
    metadata = None
    if "metadata" in places:
        metadata = b"".join([part async for part in jobs.body_parts(places.pop("metadata"))])
    bodies = {name: Packed(partial(jobs.body_parts, place)) for name, place in places.items()}
    size = sum(place.size for place in places.values())
    return Stored(bodies, metadata, size, _damage(damaged) if damaged else {})


async def _is_intact(jobs: JobStore, place: BodyPlace) -> bool:
    """Whether a body can be sent to its end. Only what is in an object is looked at: it is read once more for that."""
    if place.object is None or place.name in PICTURES:
        return True
    try:
        async for _ in text_of(jobs.body_parts(place)):
            await asyncio.sleep(0)
    except (DamagedResultError, ValueError, ZstdError):
        return False
    return True


def _damage(names: Sequence[str]) -> JsonObject:
    error = DamagedResultError(
        f"What is stored of these is damaged: {', '.join(sorted(names))}. Scrape the page again."
    )
    return {"error": failure_text(Failure(error.code, error.message))}


async def check_intact(jobs: JobStore, place: BodyPlace) -> None:
    """Raise errors.DamagedResultError where a body that is an answer by itself is damaged."""
    if not await _is_intact(jobs, place):
        log.warning("an object is damaged", object=place.object, format=place.name)
        raise DamagedResultError


async def stored_of_one_of_many(jobs: JobStore, job: Job, page: Page) -> Stored:
    """Return what is stored of a page of a batch or a crawl. What was deleted keeps nobody from the other pages."""
    try:
        return await stored_of(jobs, job, page)
    except NotFoundError as error:
        return Stored({}, None, failure={"error": failure_text(Failure(error.code, error.message))})
