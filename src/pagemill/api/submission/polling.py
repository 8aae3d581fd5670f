"""The answer to a poll: as little as tells what changed since the client asked last."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import TYPE_CHECKING

import orjson
from starlette.responses import JSONResponse, Response

from pagemill import __version__
from pagemill.api.wire import answers
from pagemill.api.wire.response import job_response, no_such_job

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.datastructures import Headers

    from pagemill.api.downloads import Downloads
    from pagemill.jobs.queue.store import JobStore
    from pagemill.model import Job, Page

_CACHING = {"Cache-Control": "private, no-cache"}


class Include(StrEnum):
    """What a client can have early."""

    CONTENTS = "contents"


class Fields(StrEnum):
    """What a client can have alone."""

    STATUS = "status"


async def poll_response(  # noqa: PLR0913 - each says something else of the answer
    jobs: JobStore,
    downloads: Downloads,
    job: Job,
    headers: Headers,
    *,
    include: Include | None,
    fields: Fields | None,
    index: int | None = None,
    pages: Sequence[Page] = (),
) -> Response:
    """Return a job as it is, or 304 where the client has just that: by the ETag that it sends.

    A batch that runs comes without contents, unless they are included. With an `index`, a batch comes with that result
    alone. Its `pages` are read where they are not given.
    Raises errors.NotFoundError where the job was deleted meanwhile.
    """
    if fields is Fields.STATUS:
        return JSONResponse(answers.unfinished_job(job))
    pages = pages or await jobs.pages(job.id)
    if not pages:
        raise no_such_job()
    contents = job.status.ended or include is Include.CONTENTS
    tag = _entity_tag(job, pages, contents=contents, index=index)
    if _has(headers, tag):
        response = Response(status_code=304, headers={"Vary": "Accept-Encoding"})  # what encodes others says so itself
    else:
        response = await job_response(jobs, downloads, job, pages, headers, contents=contents, index=index)
    response.headers.update({"ETag": tag, **_CACHING})
    return response


def _entity_tag(job: Job, pages: Sequence[Page], *, contents: bool, index: int | None) -> str:
    """Return a weak entity tag (RFC 9110 section 8.8.3). A page's contents never change once it has ended."""
    shown = answers.job_without_contents(job, pages)
    digest = hashlib.sha256(orjson.dumps([__version__, contents, index, shown])).hexdigest()
    return f'W/"{digest[:32]}"'


def _has(headers: Headers, tag: str) -> bool:
    """Whether the request says that the client has this (RFC 9110 section 13.1.2, weak comparison)."""
    opaque = tag.removeprefix("W/")
    sent = [part.strip() for value in headers.getlist("If-None-Match") for part in value.split(",")]
    return any(part == "*" or part.removeprefix("W/") == opaque for part in sent)
