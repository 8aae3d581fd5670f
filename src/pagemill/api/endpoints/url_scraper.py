"""The scraper's endpoints: submit a URL or a batch, ask for it, or wait for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response
from starlette.responses import JSONResponse

from pagemill.api.endpoints.admission import Submission, SubmitEndpoint, checked_webhook, submit
from pagemill.api.endpoints.waiting import await_end
from pagemill.api.middleware.api_keys import KeyId
from pagemill.api.resources import ApiResources, Resources
from pagemill.api.wire import answers
from pagemill.api.wire.answers import BatchJob, SingleJob, SubmittedBatch, SubmittedJob
from pagemill.api.wire.response import job_response, no_such_job
from pagemill.api.wire.scrape_request import BatchRequest, ScrapeRequest
from pagemill.api.wire.strict_json import StrictJsonRoute
from pagemill.api.wire.submission import batch_urls, scrape_options, single_url

if TYPE_CHECKING:
    from pagemill.model import Job

router = APIRouter(prefix="/v1", tags=["URL scraper"], route_class=StrictJsonRoute)

LONGEST_WAIT = 60
_JOB_ID = re.compile(r"(job|batch)_[0-9a-z]{1,64}")

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
    job, url = await _submit_url(resources, key_id, body, SubmitEndpoint.SINGLE, idempotency_key)
    return JSONResponse(answers.submitted_job(job, url), 202)


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
    urls = batch_urls(body, resources.settings)
    submission = Submission(
        SubmitEndpoint.BATCH,
        urls,
        await scrape_options(body, resources.settings, resources.schemas),
        checked_webhook(resources, body),
        batch=True,
        idempotency_key=idempotency_key,
    )
    job = await submit(resources, key_id, submission)
    return JSONResponse(answers.submitted_batch(job, urls), 202)


_NOT_ENDED: dict[int | str, dict[str, Any]] = {
    202: {"model": answers.UnfinishedJob, "description": "Not ended yet: ask for it by its id."}
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
    submitted, _ = await _submit_url(resources, key_id, body, SubmitEndpoint.INLINE, idempotency_key)
    job = await await_end(
        resources, submitted.id, key_id, seconds=resources.settings.requests.inline_wait, receive=request.receive
    )
    if job is None:
        raise no_such_job()
    if not job.status.ended:
        return JSONResponse(answers.unfinished_job(job), 202)
    return await job_response(resources.jobs, job, request.headers)


@router.get(
    "/url-scraper/batch/{id}",
    operation_id="getBatch",
    summary="The same as /v1/url-scraper/{id}",
    response_model=SingleJob | BatchJob,
)
@router.get(
    "/url-scraper/{id}", operation_id="getJob", summary="Get a job or a batch", response_model=SingleJob | BatchJob
)
async def get_job(
    request: Request, job_id: JobIdInPath, resources: ApiResources, key_id: KeyId, wait: Wait = 0
) -> Response:
    """Return a job with its status, and its contents once they are there."""
    job = await await_end(resources, checked_job_id(job_id), key_id, seconds=wait, receive=request.receive)
    if job is None:
        raise no_such_job()
    return await job_response(resources.jobs, job, request.headers)


def is_job_id(text: str) -> bool:
    """Whether a job may have this id."""
    return _JOB_ID.fullmatch(text) is not None


def checked_job_id(text: str) -> str:
    """Return an id that can be looked up. Raises errors.NotFoundError for one that no job has."""
    if not is_job_id(text):
        raise no_such_job()
    return text


async def _submit_url(
    resources: Resources, key_id: str, body: ScrapeRequest, endpoint: SubmitEndpoint, idempotency_key: str | None
) -> tuple[Job, str]:
    url = single_url(body, resources.settings)
    submission = Submission(
        endpoint,
        [url],
        await scrape_options(body, resources.settings, resources.schemas),
        checked_webhook(resources, body),
        idempotency_key=idempotency_key,
    )
    return await submit(resources, key_id, submission), url
