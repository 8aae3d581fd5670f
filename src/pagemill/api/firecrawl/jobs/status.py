"""The status of a batch or a crawl, with its documents: as many as fit, and where the next ones are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

import orjson
from fastapi import Query
from starlette.responses import JSONResponse

from pagemill.api.firecrawl.documents import document
from pagemill.api.firecrawl.failures import code_of
from pagemill.api.submission.waiting import await_end
from pagemill.api.wire.answers import time_text
from pagemill.api.wire.response import stored_of_one_of_many, streamed
from pagemill.errors import ConflictError, RobotsDisallowedError
from pagemill.model import Status

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from fastapi import Request, Response

    from pagemill.api.resources import Resources
    from pagemill.api.wire.json_stream import Piece
    from pagemill.model import Job, JsonObject, Page

MAX_PAGES = 100
"""Pages in one answer."""
MAX_STORED_BYTES = 4 * 1024 * 1024
"""Bytes of stored bodies in one answer, beyond which no page begins: some 10 MB of JSON, as Firecrawl has it."""
MAX_SKIP = 2**31 - 1
HOLD = 1.0
"""Seconds that a client waits which asks for more of a running job than there is: some ask again without a pause."""

Skip = Annotated[int | None, Query(ge=0, le=MAX_SKIP, description="How many of the job's ended pages to pass over.")]
Limit = Annotated[int | None, Query(ge=1, description="How many pages at most.")]


@dataclass(frozen=True, slots=True)
class EndedPage:
    """A page that ended, and what `skip` is to pass over all up to it."""

    page: Page
    place: int


@dataclass(frozen=True, slots=True)
class JobState:
    """How far a job is, in Firecrawl's terms."""

    status: str
    total: int
    completed: int
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A job as it was read, with pages of it that had ended."""

    job: Job
    state: JobState
    ended: Sequence[EndedPage]


def status_of(job: Job) -> str:
    """Return what Firecrawl calls a job's status."""
    if job.cancelled_at is not None:
        return "cancelled"
    return job.status.value if job.status.ended else "scraping"


def submitted_response(resources: Resources, request: Request, job: Job, **fields: Any) -> JSONResponse:
    """Return the answer to a submission."""
    url = job_url(resources, request, f"{request.url.path.rstrip('/')}/{job.id}")
    return JSONResponse({"success": True, "id": job.id, "url": url, **fields})


async def status_response(
    resources: Resources,
    request: Request,
    read: Callable[[int, int], Awaitable[Snapshot]],
    skip: int | None,
    limit: int | None,
) -> Response:
    """Return a job's status with the documents of the pages after `skip`.

    `read` gives the pages after the first so many, at most so many. `next` leads to the following ones, as long as
    there may be any.
    """
    first, count = skip or 0, min(limit or MAX_PAGES, MAX_PAGES)
    # One page more than are shown says that there are more.
    found = await read(first, count + 1)
    if skip is not None and not found.job.status.ended and not found.ended:
        await await_end(resources, found.job.id, found.job.key_id, seconds=HOLD, receive=request.receive)
        found = await read(first, count + 1)
    pieces = _answer(resources, request, found, first, count)
    return await streamed(resources.downloads, found.job.key_id, pieces, request.headers)


def cancelled_response(job: Job) -> JSONResponse:
    """Return the answer for a job that was to be cancelled. Raises errors.ConflictError where it had ended before."""
    if job.cancelled_at is None:
        raise ConflictError("The job has ended already.")
    return JSONResponse({"success": True, "status": status_of(job)})


async def _answer(
    resources: Resources, request: Request, found: Snapshot, place: int, limit: int
) -> AsyncIterator[Piece]:
    job = found.job
    yield orjson.dumps(head_of(resources, job, found.state)).removesuffix(b"}") + b',"data":['
    documents = size = 0
    more = len(found.ended) > limit
    for one in found.ended[:limit]:
        if one.page.status is Status.COMPLETED:
            stored = await stored_of_one_of_many(resources.jobs, job, one.page)
            if documents and size + stored.size > MAX_STORED_BYTES:
                more = True
                break
            if documents:
                yield b","
            async for piece in document(job, one.page, stored, stored.failure.values()):
                yield piece
            documents += 1
            size += stored.size
        place = one.place
    yield b"]"
    if more or not job.status.ended:
        yield b',"next":' + orjson.dumps(_next_url(resources, request, place))
    yield b"}"


def head_of(resources: Resources, job: Job, state: JobState) -> JsonObject:
    """Return what there is to say of a job besides its documents."""
    return {
        "success": True,
        "status": state.status,
        "total": state.total,
        "completed": state.completed,
        "creditsUsed": state.completed,
        "expiresAt": expiry(resources, job),
        **({"error": state.error} if state.error else {}),
    }


def expiry(resources: Resources, job: Job) -> str:
    """Return when a job is deleted: counted from its end, or from its submission while it runs."""
    kept = timedelta(days=resources.settings.jobs.retention_days)
    return time_text((job.completed_at or job.created_at) + kept)


def job_url(resources: Resources, request: Request, path: str) -> str:
    """Return the address of a path as clients reach it."""
    base = resources.settings.service.public_url or str(request.base_url)
    return f"{base.rstrip('/')}{path}"


def _next_url(resources: Resources, request: Request, place: int) -> str:
    asked: dict[str, Any] = {"skip": place}
    if "limit" in request.query_params:
        asked["limit"] = request.query_params["limit"]
    return job_url(resources, request, f"{request.url.path}?{urlencode(asked)}")


def errors_response(job: Job, pages: Sequence[Page]) -> JSONResponse:
    """Return which pages failed, and which ones robots.txt keeps crawlers away from."""
    failed = [(page, page.failure) for page in pages if page.status is Status.FAILED and page.failure]
    return JSONResponse(
        {
            "success": True,
            "errors": [
                {
                    "id": f"{job.id}-{page.index}",
                    "timestamp": time_text(page.completed_at) if page.completed_at else None,
                    "url": page.url,
                    "code": code_of(failure),
                    "error": failure.message,
                }
                for page, failure in failed
                if failure.code != RobotsDisallowedError.code
            ],
            "robotsBlocked": [page.url for page, failure in failed if failure.code == RobotsDisallowedError.code],
        }
    )
