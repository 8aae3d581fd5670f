"""The scraper's endpoints: submit a URL or a batch, ask for it, or wait for it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response
from starlette.responses import JSONResponse

from pagemill.api.middleware.api_keys import KeyId
from pagemill.api.resources import ApiResources, Resources
from pagemill.api.submission.polling import Fields, Include, poll_response
from pagemill.api.submission.submit import Submission, SubmitEndpoint, checked_webhook, submit
from pagemill.api.submission.waiting import await_end
from pagemill.api.submission.warnings import warnings_of
from pagemill.api.wire import answer_shapes, answers
from pagemill.api.wire.answer_shapes import BatchJob, SingleJob, SubmittedBatch, SubmittedJob
from pagemill.api.wire.request_validation import batch_urls, scrape_options, single_url
from pagemill.api.wire.response import job_response, no_such_job
from pagemill.api.wire.scrape_request import BatchRequest, ScrapeRequest
from pagemill.api.wire.strict_json import StrictJsonRoute

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.api.wire.scrape_request import ScrapeFields

router = APIRouter(prefix="/v1", tags=["URL scraper"], route_class=StrictJsonRoute)

LONGEST_WAIT = 60
_JOB_ID = re.compile(r"(job|batch|map|crawl|bulk)_[0-9a-z]{1,64}")
_SCRAPED = ("job_", "batch_")

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="Chosen by the client. A request with one that came before is answered with the job of then.",
    ),
]
JobIdInPath = Annotated[str, Path(alias="id", description="The id that the submission was answered with.")]
Wait = Annotated[
    float,
    Query(
        ge=0,
        le=LONGEST_WAIT,
        allow_inf_nan=False,
        description="Hold the answer until the job ends, for so many seconds at most.",
    ),
]


@router.post(
    "/url-scraper",
    operation_id="submitUrl",
    summary="Scrape a URL",
    status_code=202,
    response_model=SubmittedJob,
)
async def submit_url(
    body: ScrapeRequest, resources: ApiResources, key_id: KeyId, idempotency_key: IdempotencyKey = None
) -> Response:
    """Queue a URL and answer at once. Then ask `GET /v1/url-scraper/{id}` until the status is final."""
    return await answer_single(resources, key_id, body, body.url, idempotency_key)


@router.post(
    "/url-scraper/batch",
    operation_id="submitBatch",
    summary="Scrape several URLs",
    status_code=202,
    response_model=SubmittedBatch,
)
async def submit_batch(
    body: BatchRequest, resources: ApiResources, key_id: KeyId, idempotency_key: IdempotencyKey = None
) -> Response:
    """Queue a batch of URLs as one job. One bad URL refuses the batch, and nothing is queued."""
    return await answer_batch(resources, key_id, body, body.urls, idempotency_key)


AnyJob = SingleJob | BatchJob | answer_shapes.UnfinishedJob
UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "The job is as the answer with this `ETag` had it."}}

_NOT_ENDED: dict[int | str, dict[str, Any]] = {
    202: {"model": answer_shapes.UnfinishedJob, "description": "Not ended yet: ask for it by its id."}
}


@router.post(
    "/scrape",
    operation_id="scrape",
    summary="The same as /v1/url-scraper/scrape",
    response_model=SingleJob,
    responses=_NOT_ENDED,
)
@router.post(
    "/url-scraper/scrape",
    operation_id="scrapeUrl",
    summary="Scrape a URL and wait for the result",
    response_model=SingleJob,
    responses=_NOT_ENDED,
)
async def scrape_url(
    request: Request,
    body: ScrapeRequest,
    resources: ApiResources,
    key_id: KeyId,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Queue a URL and hold the request until it has ended, failed included, or the time is up."""
    warnings = warnings_of(body)
    submission = await _single(resources, key_id, body, body.url, SubmitEndpoint.INLINE)
    submission = replace(submission, idempotency_key=idempotency_key)
    submitted = await submit(resources, key_id, submission)
    job = await await_end(
        resources, submitted.id, key_id, seconds=resources.settings.requests.inline_wait, receive=request.receive
    )
    if job is None:
        raise no_such_job()
    if not job.status.ended:
        return JSONResponse({**answers.unfinished_job(job), **warnings}, 202)
    pages = await resources.jobs.pages(job.id)
    if not pages:
        raise no_such_job()
    return await job_response(resources.jobs, resources.downloads, job, pages, request.headers, extra=warnings)


@router.get(
    "/url-scraper/batch/{id}",
    operation_id="getBatch",
    summary="The same as /v1/url-scraper/{id}",
    response_model=AnyJob,
    responses=UNCHANGED,
)
@router.get(
    "/url-scraper/{id}",
    operation_id="getJob",
    summary="Get a job or a batch",
    response_model=AnyJob,
    responses=UNCHANGED,
)
async def get_job(  # noqa: PLR0913, PLR0917 - each is a parameter of the request
    request: Request,
    job_id: JobIdInPath,
    resources: ApiResources,
    key_id: KeyId,
    wait: Wait = 0,
    include: Annotated[Include | None, Query(description="`contents`: those of a batch before it has ended.")] = None,
    fields: Annotated[Fields | None, Query(description="`status`: the job's status alone.")] = None,
    index: Annotated[int | None, Query(ge=0, le=2**31 - 1, description="Of a batch: this result alone.")] = None,
    _if_none_match: Annotated[
        str | None, Header(alias="If-None-Match", description="The `ETag` of an earlier answer.")
    ] = None,
) -> Response:
    """Return a job with its status, and its contents once it has ended."""
    job = await await_end(resources, checked_job_id(job_id), key_id, seconds=wait, receive=request.receive)
    if job is None:
        raise no_such_job()
    return await poll_response(
        resources.jobs, resources.downloads, job, request.headers, include=include, fields=fields, index=index
    )


def is_job_id(text: str) -> bool:
    """Whether a job may have this id."""
    return _JOB_ID.fullmatch(text) is not None


def checked_job_id(text: str) -> str:
    """Return an id that can be looked up. Raises errors.NotFoundError for one that no such job has."""
    if not is_job_id(text) or not text.startswith(_SCRAPED):
        raise no_such_job()
    return text


async def answer_single(
    resources: Resources, key_id: str, body: ScrapeFields, url: str, idempotency_key: str | None
) -> Response:
    """Submit a URL, and return the answer."""
    submission = await _single(resources, key_id, body, url, SubmitEndpoint.SINGLE)
    submission = replace(submission, idempotency_key=idempotency_key)
    job = await submit(resources, key_id, submission)
    return JSONResponse({**answers.submitted_job(job, submission.urls[0]), **warnings_of(body)}, 202)


async def answer_batch(
    resources: Resources, key_id: str, body: ScrapeFields, urls: Sequence[str], idempotency_key: str | None
) -> Response:
    """Submit a batch of URLs, and return the answer."""
    checked = batch_urls(urls, resources.settings)
    submission = Submission(
        SubmitEndpoint.BATCH,
        checked,
        await scrape_options(body, resources.settings, resources.schemas, key_id),
        checked_webhook(resources, body),
        batch=True,
        idempotency_key=idempotency_key,
    )
    job = await submit(resources, key_id, submission)
    return JSONResponse({**answers.submitted_batch(job, checked), **warnings_of(body)}, 202)


async def _single(
    resources: Resources,
    key_id: str,
    body: ScrapeFields,
    url: str,
    endpoint: SubmitEndpoint,
) -> Submission:
    return Submission(
        endpoint,
        [single_url(url, resources.settings)],
        await scrape_options(body, resources.settings, resources.schemas, key_id),
        checked_webhook(resources, body),
    )
