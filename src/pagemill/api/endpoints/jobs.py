"""The endpoints that list, cancel and retry jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Response
from starlette.responses import JSONResponse

from pagemill.api.endpoints.url_scraper import IdempotencyKey, JobIdInPath, checked_job_id, is_job_id
from pagemill.api.middleware.api_keys import KeyId
from pagemill.api.resources import ApiResources, Resources
from pagemill.api.submission.submit import Submission, SubmitEndpoint, submit
from pagemill.api.wire import answer_shapes, answers
from pagemill.api.wire.answer_shapes import CancelledJob, JobList, SubmittedBatch, SubmittedJob
from pagemill.api.wire.response import no_such_job
from pagemill.api.wire.strict_json import StrictJsonRoute
from pagemill.errors import ConflictError, RequestError
from pagemill.model import Status

if TYPE_CHECKING:
    from pagemill.model import Job

router = APIRouter(prefix="/v1", tags=["Jobs"], route_class=StrictJsonRoute)

MAX_LISTED = 100
ListLimit = Annotated[int, Query(ge=1, le=MAX_LISTED, description="How many at most.")]


@router.get("/jobs", operation_id="listJobs", summary="List jobs", response_model=JobList)
async def list_jobs(
    resources: ApiResources,
    key_id: KeyId,
    status: Annotated[Status | None, Query(description="Only those that stand so.")] = None,
    before: Annotated[str | None, Query(description="Only those older than the job of this id.")] = None,
    limit: ListLimit = 20,
) -> Response:
    """Return the key's own jobs, newest first, without their contents. `next` leads to older ones."""
    last = await listed_before(resources, key_id, before)
    found = await resources.jobs.jobs_of(key_id, status=status, before=last, limit=limit + 1)
    return JSONResponse(answers.job_list(found[:limit], more=len(found) > limit))


@router.delete("/url-scraper/{id}", operation_id="cancelJob", summary="Cancel a job", response_model=CancelledJob)
async def cancel_job(job_id: JobIdInPath, resources: ApiResources, key_id: KeyId) -> Response:
    """Cancel what has not begun. URLs that are being worked on end as they would have; an ended job stays as it is."""
    cancelled = await resources.jobs.cancel(checked_job_id(job_id), key_id)
    job = await resources.jobs.get(job_id, key_id)
    if job is None:
        raise no_such_job()
    return JSONResponse(answers.cancelled_job(job, cancelled))


@router.post(
    "/url-scraper/{id}/retry",
    operation_id="retryJob",
    summary="Try again what failed",
    status_code=202,
    response_model=SubmittedJob | SubmittedBatch,
    responses={
        409: {"model": answer_shapes.ErrorBody, "description": "The job has not ended, or nothing of it failed."}
    },
)
async def retry_job(
    job_id: JobIdInPath, resources: ApiResources, key_id: KeyId, idempotency_key: IdempotencyKey = None
) -> Response:
    """Submit the URLs of an ended job that failed as a new job, with the options of the old one."""
    job = await resources.jobs.get(checked_job_id(job_id), key_id)
    if job is None:
        raise no_such_job()
    if not job.status.ended:
        raise ConflictError("The job has not ended yet.")
    urls = [page.url for page in await resources.jobs.pages(job_id) if page.status is Status.FAILED]
    if not urls:
        raise ConflictError("Nothing of this job failed.")
    submission = Submission(
        SubmitEndpoint.RETRY,
        urls,
        job.options,
        job.webhook_url,
        batch=job.batch,
        idempotency_key=idempotency_key,
        retry_of=job.id,
    )
    new = await submit(resources, key_id, submission)
    fields = answers.submitted_batch(new, urls) if new.batch else answers.submitted_job(new, urls[0])
    return JSONResponse(fields, 202)


async def listed_before(resources: Resources, key_id: str, before: str | None, prefix: str = "") -> Job | None:
    """Return the job that a list goes on after, whose id has this prefix. Raises errors.RequestError if none is so."""
    if before is None:
        return None
    known = is_job_id(before) and before.startswith(prefix)
    job = await resources.jobs.get(before, key_id) if known else None
    if job is None:
        raise RequestError("The parameter `before` is not valid: there is no such job.")
    return job
