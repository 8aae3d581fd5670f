"""`/v2/crawl`: the pages of a site."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Request, Response, WebSocket
from starlette.responses import JSONResponse

from pagemill.api.firecrawl.answers import (
    FirecrawlActiveCrawls,
    FirecrawlCancelled,
    FirecrawlFailures,
    FirecrawlJob,
    FirecrawlSubmitted,
)
from pagemill.api.firecrawl.headers import IdempotencyKey
from pagemill.api.firecrawl.jobs.status import (
    MAX_PAGES,
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
from pagemill.api.firecrawl.requests.fields import FirecrawlCrawlRequest
from pagemill.api.firecrawl.requests.options import asked_options, joined
from pagemill.api.firecrawl.requests.sites import asked_crawl
from pagemill.api.firecrawl.requests.webhook import checked_webhook
from pagemill.api.middleware.api_keys import KeyId
from pagemill.api.resources import ApiResources
from pagemill.api.sites.crawl_stream import crawl_error
from pagemill.api.submission.submit import Submission, SubmitEndpoint, submit
from pagemill.api.wire.answers import time_text
from pagemill.api.wire.response import no_such_job
from pagemill.api.wire.strict_json import StrictJsonRoute
from pagemill.model import Status

if TYPE_CHECKING:
    from pagemill.api.resources import Resources
    from pagemill.jobs.crawls.store import Progress
    from pagemill.model import Job, JsonObject

router = APIRouter(prefix="/v2/crawl", tags=["Firecrawl"], route_class=StrictJsonRoute)

MAX_ACTIVE = 1000
_READ_AT_ONCE = 500
_CRAWL_ID = re.compile(r"crawl_[0-9a-z]{1,64}")

CrawlIdInPath = Annotated[str, Path(alias="id")]


@router.post("", operation_id="firecrawlSubmitCrawl", summary="Crawl a site", response_model=FirecrawlSubmitted)
async def submit_crawl(
    request: Request,
    body: FirecrawlCrawlRequest,
    resources: ApiResources,
    key_id: KeyId,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Queue a crawl and answer at once."""
    asked = asked_crawl(body, resources.settings)
    options = await asked_options(body.scrape_options, resources, key_id, "scrapeOptions.")
    told = checked_webhook(body.webhook, "crawl", resources)
    submission = Submission(
        SubmitEndpoint.CRAWL,
        [asked.site.options.url],
        options.options,
        told.url,
        told.webhook,
        batch=True,
        idempotency_key=idempotency_key,
        site=asked.site,
    )
    job = await submit(resources, key_id, submission)
    return submitted_response(resources, request, job, **joined([*asked.warnings, *options.warnings]))


@router.get(
    "/active",
    operation_id="firecrawlListActiveCrawls",
    summary="List the crawls that run",
    response_model=FirecrawlActiveCrawls,
)
@router.get("/ongoing", include_in_schema=False)
async def list_active(resources: ApiResources, key_id: KeyId) -> Response:
    """Return the key's crawls that run, newest first."""
    found = await resources.crawls.running(key_id, MAX_ACTIVE)
    return JSONResponse({"success": True, "crawls": [_active(job, progress) for job, progress in found]})


@router.get("/{id}", operation_id="firecrawlGetCrawl", summary="Read a crawl", response_model=FirecrawlJob)
async def get_crawl(  # noqa: PLR0913, PLR0917 - each is a parameter of the request
    request: Request,
    crawl_id: CrawlIdInPath,
    resources: ApiResources,
    key_id: KeyId,
    skip: Skip = None,
    limit: Limit = None,
) -> Response:
    """Return a crawl with its documents, in the order of completion."""

    async def read(first: int, count: int) -> Snapshot:
        return await _snapshot(resources, crawl_id, key_id, first, count)

    return await status_response(resources, request, read, skip, limit)


@router.websocket("/{id}")
async def watch_crawl(websocket: WebSocket) -> None:
    """Send each document of a crawl as it is there, as the watchers of Firecrawl's clients read them."""
    resources, key_id = websocket.app.state.resources, websocket.state.key_id
    job = await _found(resources, websocket.path_params["id"], key_id)
    after = 0

    async def read() -> Snapshot:
        nonlocal after
        found = await _snapshot(resources, job.id, key_id, after, MAX_PAGES)
        after = found.ended[-1].place if found.ended else after
        return found

    await watch(websocket, resources, job, read)


@router.get(
    "/{id}/errors",
    operation_id="firecrawlGetCrawlErrors",
    summary="List what failed of a crawl",
    response_model=FirecrawlFailures,
)
async def get_errors(crawl_id: CrawlIdInPath, resources: ApiResources, key_id: KeyId) -> Response:
    """Return which pages of a crawl failed."""
    job = await _found(resources, crawl_id, key_id)
    failed, after = [], 0
    while pages := await resources.crawls.ended_pages(job.id, after, _READ_AT_ONCE):
        failed += [crawled.page for crawled in pages if crawled.page.status is Status.FAILED]
        after = pages[-1].number
    return errors_response(job, failed)


@router.delete(
    "/{id}", operation_id="firecrawlCancelCrawl", summary="Cancel a crawl", response_model=FirecrawlCancelled
)
async def cancel_crawl(crawl_id: CrawlIdInPath, resources: ApiResources, key_id: KeyId) -> Response:
    """Begin no more pages of a crawl. Those that are being worked on end as they would have."""
    job = await _found(resources, crawl_id, key_id)
    await resources.crawls.stop(job.id, key_id)
    return cancelled_response(await _found(resources, crawl_id, key_id))


async def _found(resources: Resources, crawl_id: str, key_id: str) -> Job:
    job = await resources.jobs.get(crawl_id, key_id) if _CRAWL_ID.fullmatch(crawl_id) else None
    if job is None:
        raise no_such_job()
    return job


async def _snapshot(resources: Resources, crawl_id: str, key_id: str, after: int, count: int) -> Snapshot:
    # The status first: pages that ended before it was final are there when they are read.
    job = await _found(resources, crawl_id, key_id)
    pages = await resources.crawls.ended_pages(job.id, after, count)
    progress = await resources.crawls.progress(job.id)
    if progress is None:
        raise no_such_job()
    status = status_of(job)
    error = await crawl_error(resources, job) if status == "failed" else None
    state = JobState(status, progress.pages, progress.completed, error)
    return Snapshot(job, state, [EndedPage(crawled.page, crawled.number) for crawled in pages])


def _active(job: Job, progress: Progress) -> JsonObject:
    site = job.site
    return {
        "id": job.id,
        "teamId": job.key_id,
        "url": progress.url,
        "created_at": time_text(job.created_at),
        "options": {"limit": site.limit, "maxDiscoveryDepth": site.depth} if site else {},
    }
