"""`/v2/batch/scrape`: several URLs as one job."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Request, Response, WebSocket

from pagemill.api.firecrawl.answers import FirecrawlCancelled, FirecrawlFailures, FirecrawlJob, FirecrawlSubmitted
from pagemill.api.firecrawl.headers import IdempotencyKey
from pagemill.api.firecrawl.jobs.status import (
    EndedPage,
    JobState,
    Limit,
    Skip,
    Snapshot,
    cancelled_response,
    errors_response,
    status_of,
    status_response,
    submitted_response,
)
from pagemill.api.firecrawl.jobs.watching import watch
from pagemill.api.firecrawl.requests.fields import FirecrawlBatchRequest
from pagemill.api.firecrawl.requests.options import asked_options, joined
from pagemill.api.firecrawl.requests.urls import parted_urls
from pagemill.api.firecrawl.requests.webhook import checked_webhook
from pagemill.api.middleware.api_keys import KeyId
from pagemill.api.resources import ApiResources
from pagemill.api.submission.submit import Submission, SubmitEndpoint, submit
from pagemill.api.wire.response import no_such_job
from pagemill.api.wire.strict_json import StrictJsonRoute
from pagemill.jobs.queue.failures import batch_error
from pagemill.model import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.api.resources import Resources
    from pagemill.model import Job, Page

router = APIRouter(prefix="/v2/batch/scrape", tags=["Firecrawl"], route_class=StrictJsonRoute)

_BATCH_ID = re.compile(r"batch_[0-9a-z]{1,64}")

BatchIdInPath = Annotated[str, Path(alias="id")]


@router.post("", operation_id="firecrawlSubmitBatch", summary="Scrape several URLs", response_model=FirecrawlSubmitted)
async def submit_batch(
    request: Request,
    body: FirecrawlBatchRequest,
    resources: ApiResources,
    key_id: KeyId,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Queue a batch of URLs as one job, without those that are not valid."""
    asked = await asked_options(body, resources, key_id)
    urls, invalid = parted_urls(body.urls, resources.settings, ignore_invalid=body.ignore_invalid_urls is not False)
    told = checked_webhook(body.webhook, "batch_scrape", resources)
    submission = Submission(
        SubmitEndpoint.BATCH, urls, asked.options, told.url, told.webhook, batch=True, idempotency_key=idempotency_key
    )
    job = await submit(resources, key_id, submission)
    parted = {"invalidURLs": invalid} if body.ignore_invalid_urls is not False else {}
    return submitted_response(resources, request, job, **parted, **joined(asked.warnings))


@router.get("/{id}", operation_id="firecrawlGetBatch", summary="Read a batch", response_model=FirecrawlJob)
async def get_batch(  # noqa: PLR0913, PLR0917 - each is a parameter of the request
    request: Request,
    batch_id: BatchIdInPath,
    resources: ApiResources,
    key_id: KeyId,
    skip: Skip = None,
    limit: Limit = None,
) -> Response:
    """Return a batch with its documents in the order of its URLs; while it runs, up to the first that has not ended."""

    async def read(first: int, count: int) -> Snapshot:
        job, pages = await found_batch(resources, batch_id, key_id)
        ended = [EndedPage(page, page.index + 1) for page in _ended_from(pages, first)[:count]]
        return Snapshot(job, _state(job, pages), ended)

    return await status_response(resources, request, read, skip, limit)


@router.websocket("/{id}")
async def watch_batch(websocket: WebSocket) -> None:
    """Send each document of a batch as it is there, as the watchers of Firecrawl's clients read them."""
    resources, key_id = websocket.app.state.resources, websocket.state.key_id
    job, _ = await found_batch(resources, websocket.path_params["id"], key_id)
    sent: set[int] = set()

    async def read() -> Snapshot:
        current, pages = await found_batch(resources, job.id, key_id)
        fresh = [page for page in pages if page.status.ended and page.index not in sent]
        sent.update(page.index for page in fresh)
        return Snapshot(current, _state(current, pages), [EndedPage(page, page.index) for page in fresh])

    await watch(websocket, resources, job, read)


@router.get(
    "/{id}/errors",
    operation_id="firecrawlGetBatchErrors",
    summary="List what failed of a batch",
    response_model=FirecrawlFailures,
)
async def get_errors(batch_id: BatchIdInPath, resources: ApiResources, key_id: KeyId) -> Response:
    """Return which URLs of a batch failed."""
    return errors_response(*await found_batch(resources, batch_id, key_id))


@router.delete(
    "/{id}", operation_id="firecrawlCancelBatch", summary="Cancel a batch", response_model=FirecrawlCancelled
)
async def cancel_batch(batch_id: BatchIdInPath, resources: ApiResources, key_id: KeyId) -> Response:
    """Cancel what has not begun. URLs that are being worked on end as they would have."""
    job, _ = await found_batch(resources, batch_id, key_id)
    await resources.jobs.cancel(job.id, key_id)
    job, _ = await found_batch(resources, batch_id, key_id)
    return cancelled_response(job)


async def found_batch(resources: Resources, batch_id: str, key_id: str) -> tuple[Job, list[Page]]:
    """Return a batch of this key with its pages. Raises errors.NotFoundError."""
    job = await resources.jobs.get(batch_id, key_id) if _BATCH_ID.fullmatch(batch_id) else None
    # The status first: pages that ended before it was final are there when they are read.
    pages = await resources.jobs.pages(job.id) if job else []
    if job is None or not pages:
        raise no_such_job()
    return job, pages


def _state(job: Job, pages: Sequence[Page]) -> JobState:
    completed = sum(page.status is Status.COMPLETED for page in pages)
    status = status_of(job)
    return JobState(status, len(pages), completed, batch_error(pages) if status == "failed" else None)


def _ended_from(pages: Sequence[Page], first: int) -> list[Page]:
    """Return the pages from this one on, up to the first that has not ended. So no page comes before one is passed."""
    found = []
    for page in pages[first:]:
        if not page.status.ended:
            break
        found.append(page)
    return found
