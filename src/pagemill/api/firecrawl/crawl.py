"""`/v2/crawl`: the pages of a site."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Request, Response
from starlette.responses import JSONResponse

from pagemill.api.firecrawl.headers import IdempotencyKey
from pagemill.api.firecrawl.requests.fields import CrawlRequest
from pagemill.api.firecrawl.requests.options import asked_options, joined
from pagemill.api.firecrawl.requests.sites import asked_crawl
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
from pagemill.api.sites.crawl_stream import crawl_error
from pagemill.api.submission.submit import Submission, SubmitEndpoint, submit
from pagemill.api.submission.waiting import await_end
from pagemill.api.wire.answers import time_text
from pagemill.api.wire.response import no_such_job
from pagemill.api.wire.strict_json import StrictJsonRoute
from pagemill.errors import ConflictError
from pagemill.model import Status

if TYPE_CHECKING:
    from pagemill.api.resources import Resources
    from pagemill.jobs.crawls.store import Progress
    from pagemill.model import Job, JsonObject

router = APIRouter(prefix="/v2/crawl", route_class=StrictJsonRoute, include_in_schema=False)

MAX_ACTIVE = 1000
_READ_AT_ONCE = 500
_CRAWL_ID = re.compile(r"crawl_[0-9a-z]{1,64}")

CrawlIdInPath = Annotated[str, Path(alias="id")]


@router.post("")
async def submit_crawl(
    request: Request,
    body: CrawlRequest,
    resources: ApiResources,
    key_id: KeyId,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Queue a crawl and answer at once."""
    asked = asked_crawl(body, resources.settings)
    options = await asked_options(body.scrape_options, resources, key_id, "scrapeOptions.")
    webhook, warnings = checked_webhook(body.webhook, resources)
    submission = Submission(
        SubmitEndpoint.CRAWL,
        [asked.site.options.url],
        options.options,
        webhook,
        batch=True,
        idempotency_key=idempotency_key,
        site=asked.site,
    )
    job = await submit(resources, key_id, submission)
    return JSONResponse(
        {
            "success": True,
            "id": job.id,
            "url": job_url(resources, request, f"/v2/crawl/{job.id}"),
            **joined([*asked.warnings, *options.warnings, *warnings]),
        }
    )


@router.get("/active")
@router.get("/ongoing")
async def list_active(resources: ApiResources, key_id: KeyId) -> Response:
    """Return the key's crawls that run, newest first."""
    found = await resources.crawls.running(key_id, MAX_ACTIVE)
    return JSONResponse({"success": True, "crawls": [_active(job, progress) for job, progress in found]})


@router.get("/{id}")
async def get_crawl(  # noqa: PLR0913, PLR0917 - each is a parameter of the request
    request: Request,
    crawl_id: CrawlIdInPath,
    resources: ApiResources,
    key_id: KeyId,
    skip: Skip = None,
    limit: Limit = None,
) -> Response:
    """Return a crawl with its documents, in the order of completion."""
    job = await _found(resources, crawl_id, key_id)
    first, count = skip or 0, min(limit or MAX_PAGES, MAX_PAGES)
    pages = await resources.crawls.ended_pages(job.id, first, count + 1)
    if skip is not None and not job.status.ended and not pages:
        await await_end(resources, job.id, key_id, seconds=HOLD, receive=request.receive)
        job = await _found(resources, crawl_id, key_id)
        pages = await resources.crawls.ended_pages(job.id, first, count + 1)
    ended = [EndedPage(crawled.page, crawled.number) for crawled in pages]
    state = await _state(resources, job)
    return await status_response(resources, request, job, state, ended, skip=first, limit=count)


@router.get("/{id}/errors")
async def get_errors(crawl_id: CrawlIdInPath, resources: ApiResources, key_id: KeyId) -> Response:
    """Return which pages of a crawl failed."""
    job = await _found(resources, crawl_id, key_id)
    failed, after = [], 0
    while pages := await resources.crawls.ended_pages(job.id, after, _READ_AT_ONCE):
        failed += [crawled.page for crawled in pages if crawled.page.status is Status.FAILED]
        after = pages[-1].number
    return JSONResponse(errors_answer(job, failed))


@router.delete("/{id}")
async def cancel_crawl(crawl_id: CrawlIdInPath, resources: ApiResources, key_id: KeyId) -> Response:
    """Begin no more pages of a crawl. Those that are being worked on end as they would have."""
    job = await _found(resources, crawl_id, key_id)
    if job.status.ended and not await resources.crawls.was_stopped(job.id):
        raise ConflictError("The crawl has ended already.")
    await resources.crawls.stop(job.id, key_id)
    return JSONResponse({"success": True, "status": "cancelled"})


async def _found(resources: Resources, crawl_id: str, key_id: str) -> Job:
    job = await resources.jobs.get(crawl_id, key_id) if _CRAWL_ID.fullmatch(crawl_id) else None
    if job is None:
        raise no_such_job()
    return job


async def _state(resources: Resources, job: Job) -> JobState:
    progress = await resources.crawls.progress(job.id)
    if progress is None:
        raise no_such_job()
    status = status_of(job, cancelled=await resources.crawls.was_stopped(job.id))
    error = await crawl_error(resources, job) if status == "failed" else None
    return JobState(status, progress.pages, progress.completed, error)


def _active(job: Job, progress: Progress) -> JsonObject:
    site = job.site
    return {
        "id": job.id,
        "teamId": job.key_id,
        "url": progress.url,
        "created_at": time_text(job.created_at),
        "options": {"limit": site.limit, "maxDiscoveryDepth": site.depth} if site else {},
    }
