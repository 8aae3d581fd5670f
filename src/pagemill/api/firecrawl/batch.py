"""`/v2/batch/scrape`: several URLs as one job."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Request, Response
from starlette.responses import JSONResponse

from pagemill.api.firecrawl.headers import IdempotencyKey
from pagemill.api.firecrawl.requests.fields import BatchRequest
from pagemill.api.firecrawl.requests.options import asked_options, joined
from pagemill.api.firecrawl.requests.urls import parted_urls
from pagemill.api.firecrawl.requests.webhook import checked_webhook
from pagemill.api.firecrawl.status import (
    HOLD,
    MAX_PAGES,
    EndedPage,
    JobState,
    Limit,
    Skip,
    errors_answer,
    job_url,
    status_of,
    status_response,
)
from pagemill.api.middleware.api_keys import KeyId
from pagemill.api.resources import ApiResources
from pagemill.api.submission.submit import Submission, SubmitEndpoint, submit
from pagemill.api.submission.waiting import await_end
from pagemill.api.wire.response import no_such_job
from pagemill.api.wire.strict_json import StrictJsonRoute
from pagemill.errors import CancelledPageError, ConflictError
from pagemill.jobs.queue.failures import batch_error
from pagemill.model import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.api.resources import Resources
    from pagemill.model import Job, Page

router = APIRouter(prefix="/v2/batch/scrape", route_class=StrictJsonRoute, include_in_schema=False)

_BATCH_ID = re.compile(r"batch_[0-9a-z]{1,64}")

BatchIdInPath = Annotated[str, Path(alias="id")]


@router.post("")
async def submit_batch(
    request: Request,
    body: BatchRequest,
    resources: ApiResources,
    key_id: KeyId,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Queue a batch of URLs as one job, without those that are not valid."""
    asked = await asked_options(body, resources, key_id)
    urls, invalid = parted_urls(body.urls, resources.settings, ignore_invalid=body.ignore_invalid_urls is not False)
    webhook, warnings = checked_webhook(body.webhook, resources)
    submission = Submission(
        SubmitEndpoint.BATCH, urls, asked.options, webhook, batch=True, idempotency_key=idempotency_key
    )
    job = await submit(resources, key_id, submission)
    return JSONResponse(
        {
            "success": True,
            "id": job.id,
            "url": job_url(resources, request, f"/v2/batch/scrape/{job.id}"),
            **({"invalidURLs": invalid} if body.ignore_invalid_urls is not False else {}),
            **joined([*asked.warnings, *warnings]),
        }
    )


@router.get("/{id}")
async def get_batch(  # noqa: PLR0913, PLR0917 - each is a parameter of the request
    request: Request,
    batch_id: BatchIdInPath,
    resources: ApiResources,
    key_id: KeyId,
    skip: Skip = None,
    limit: Limit = None,
) -> Response:
    """Return a batch with its documents in the order of its URLs; while it runs, up to the first that has not ended."""
    job, pages = await found_batch(resources, batch_id, key_id)
    first, count = skip or 0, min(limit or MAX_PAGES, MAX_PAGES)
    if skip is not None and not job.status.ended and not _ended_from(pages, first):
        await await_end(resources, job.id, key_id, seconds=HOLD, receive=request.receive)
        job, pages = await found_batch(resources, batch_id, key_id)
    ended = [EndedPage(page, page.index + 1) for page in _ended_from(pages, first)[: count + 1]]
    return await status_response(resources, request, job, _state(job, pages), ended, skip=first, limit=count)


@router.get("/{id}/errors")
async def get_errors(batch_id: BatchIdInPath, resources: ApiResources, key_id: KeyId) -> Response:
    """Return which URLs of a batch failed."""
    job, pages = await found_batch(resources, batch_id, key_id)
    return JSONResponse(errors_answer(job, pages))


@router.delete("/{id}")
async def cancel_batch(batch_id: BatchIdInPath, resources: ApiResources, key_id: KeyId) -> Response:
    """Cancel what has not begun. URLs that are being worked on end as they would have."""
    job, pages = await found_batch(resources, batch_id, key_id)
    if job.status.ended and not was_cancelled(pages):
        raise ConflictError("The batch has ended already.")
    await resources.jobs.cancel(job.id, key_id)
    job, pages = await found_batch(resources, batch_id, key_id)
    return JSONResponse({"success": True, "status": _state(job, pages).status})


async def found_batch(resources: Resources, batch_id: str, key_id: str) -> tuple[Job, list[Page]]:
    """Return a batch of this key with its pages. Raises errors.NotFoundError."""
    job = await resources.jobs.get(batch_id, key_id) if _BATCH_ID.fullmatch(batch_id) else None
    # The status first: pages that ended before it was final are there when they are read.
    pages = await resources.jobs.pages(job.id) if job else []
    if job is None or not pages:
        raise no_such_job()
    return job, pages


def was_cancelled(pages: Sequence[Page]) -> bool:
    """Whether a batch with these pages was cancelled."""
    return any(page.failure is not None and page.failure.code == CancelledPageError.code for page in pages)


def _state(job: Job, pages: Sequence[Page]) -> JobState:
    completed = sum(page.status is Status.COMPLETED for page in pages)
    status = status_of(job, cancelled=was_cancelled(pages))
    return JobState(status, len(pages), completed, batch_error(pages) if status == "failed" else None)


def _ended_from(pages: Sequence[Page], first: int) -> list[Page]:
    """Return the pages from this one on, up to the first that has not ended. So no page comes before one is passed."""
    found = []
    for page in pages[first:]:
        if not page.status.ended:
            break
        found.append(page)
    return found
