"""The endpoints of crawls: submit one, read its pages, stream them, stop it, list all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Header, Path, Query, Request, Response
from starlette.responses import JSONResponse, StreamingResponse

from pagemill.api.endpoints.jobs import ListLimit, listed_before
from pagemill.api.endpoints.url_scraper import IdempotencyKey, Wait
from pagemill.api.middleware.api_keys import KeyId
from pagemill.api.resources import ApiResources, Resources
from pagemill.api.sites import answers
from pagemill.api.sites.answers import Crawl, CrawlList, StoppedCrawl, SubmittedCrawl
from pagemill.api.sites.crawl_stream import StreamFormat, crawl_error, crawl_response, stream
from pagemill.api.sites.requests import CrawlRequest, crawl_site
from pagemill.api.sites.submit_site import submit_site
from pagemill.api.submission.submit import SubmitEndpoint
from pagemill.api.submission.waiting import await_end
from pagemill.api.wire.request_validation import scrape_options
from pagemill.api.wire.response import no_such_job
from pagemill.api.wire.strict_json import StrictJsonRoute
from pagemill.errors import RequestError
from pagemill.model import Format, JobKind

if TYPE_CHECKING:
    from pagemill.model import Job

router = APIRouter(prefix="/v1", tags=["Sites"], route_class=StrictJsonRoute)

MAX_PAGES = 1000
MAX_NUMBER = 2**31 - 1
"""More than any page's `number`, which is an integer of four bytes."""
_EVENT_ID = re.compile(r"[0-9]{1,10}")
_CRAWL_ID = re.compile(r"crawl_[0-9a-z]{1,64}")

CrawlIdInPath = Annotated[str, Path(alias="id", description="The id that the submission was answered with.")]
After = Annotated[int | None, Query(ge=0, le=MAX_NUMBER, description="Only pages after the one with this `number`.")]


@router.post(
    "/crawl", operation_id="submitCrawl", summary="Crawl a site", status_code=202, response_model=SubmittedCrawl
)
async def submit_crawl(
    body: CrawlRequest, resources: ApiResources, key_id: KeyId, idempotency_key: IdempotencyKey = None
) -> Response:
    """Queue a crawl and answer at once. Then ask `GET /v1/crawl/{id}`, or stream its pages as they end."""
    site = crawl_site(body, resources.settings)
    if site.options.monitor_id is not None:
        await _check_monitor(resources, site.options.monitor_id, key_id)
    options = await scrape_options(body, resources.settings, resources.schemas, key_id)
    return await submit_site(resources, key_id, SubmitEndpoint.CRAWL, site, options, body, idempotency_key)


@router.get("/crawls", operation_id="listCrawls", summary="List crawls", response_model=CrawlList)
async def list_crawls(
    resources: ApiResources,
    key_id: KeyId,
    before: Annotated[str | None, Query(description="Only those older than the crawl of this id.")] = None,
    limit: ListLimit = 20,
) -> Response:
    """Return the key's own crawls, newest first, without their pages. `next` leads to older ones."""
    last = await listed_before(resources, key_id, before, "crawl_")
    found = await resources.crawls.site_jobs(key_id, JobKind.CRAWL, before=last, limit=limit + 1)
    return JSONResponse(answers.crawl_list(found[:limit], more=len(found) > limit))


@router.get("/crawl/{id}", operation_id="getCrawl", summary="Get a crawl", response_model=Crawl)
async def get_crawl(  # noqa: PLR0913, PLR0917 - each is a parameter of the request
    request: Request,
    crawl_id: CrawlIdInPath,
    resources: ApiResources,
    key_id: KeyId,
    after: After = None,
    limit: Annotated[int | None, Query(ge=1, le=MAX_PAGES, description="How many pages at most.")] = None,
    wait: Wait = 0,
) -> Response:
    """Return a crawl with pages that ended, in the order of completion.

    While it runs, their contents come only where `after` or `limit` is given.
    """
    await _crawl(resources, crawl_id, key_id)
    job = await await_end(resources, crawl_id, key_id, seconds=wait, receive=request.receive)
    progress = await resources.crawls.progress(crawl_id)
    if job is None or progress is None:
        raise no_such_job()
    count = MAX_PAGES if limit is None else limit
    pages = await resources.crawls.ended_pages(job.id, after or 0, count + 1)
    following = pages[count - 1].number if len(pages) > count else None
    head = answers.crawl_head(job, progress, await crawl_error(resources, job), following)
    contents = job.status.ended or after is not None or limit is not None
    return await crawl_response(resources, job, head, pages[:count], request.headers, contents=contents)


@router.get(
    "/crawl/{id}/stream",
    operation_id="streamCrawl",
    summary="Stream a crawl's pages",
    response_class=Response,
    responses={200: {"content": {form.value: {} for form in StreamFormat}}},
)
async def stream_crawl(  # noqa: PLR0913, PLR0917 - each is a parameter of the request
    request: Request,
    crawl_id: CrawlIdInPath,
    resources: ApiResources,
    key_id: KeyId,
    after: After = None,
    last_event_id: Annotated[
        str | None,
        Header(alias="Last-Event-ID", description="The `id` of the last event: the stream goes on after it."),
    ] = None,
) -> Response:
    """Send each page as it ends: as server-sent events, or as JSON Lines where `Accept` asks for them."""
    job = await _crawl(resources, crawl_id, key_id)
    lines = StreamFormat.LINES.value in request.headers.get("accept", "")
    form = StreamFormat.LINES if lines else StreamFormat.EVENTS
    start = int(last_event_id) if last_event_id and _EVENT_ID.fullmatch(last_event_id) else after or 0
    return StreamingResponse(
        resources.streams.in_turn(key_id, stream(resources, job, min(start, MAX_NUMBER), form)),
        media_type=form.value,
        # Compression would hold pages back until its buffer is full.
        headers={"Cache-Control": "no-cache", "Content-Encoding": "identity", "X-Accel-Buffering": "no"},
    )


@router.delete("/crawl/{id}", operation_id="stopCrawl", summary="Stop a crawl", response_model=StoppedCrawl)
async def stop_crawl(crawl_id: CrawlIdInPath, resources: ApiResources, key_id: KeyId) -> Response:
    """Begin no more pages of a crawl. Those that are being worked on end as they would have."""
    await _crawl(resources, crawl_id, key_id)
    cancelled = await resources.crawls.stop(crawl_id, key_id)
    job = await _crawl(resources, crawl_id, key_id)
    return JSONResponse({"id": job.id, "jobId": job.id, "status": job.status.value, "cancelled": cancelled})


async def _check_monitor(resources: Resources, monitor_id: str, key_id: str) -> None:
    found = await resources.monitors.get(key_id, monitor_id)
    if found is None:
        raise RequestError("The field `monitorId` is not valid: there is no such monitor.", "monitorId")
    if found.text_format is not Format.MARKDOWN:
        raise RequestError("The field `monitorId` is not valid: this monitor does not compare Markdown.", "monitorId")


async def _crawl(resources: Resources, crawl_id: str, key_id: str) -> Job:
    job = await resources.jobs.get(crawl_id, key_id) if _CRAWL_ID.fullmatch(crawl_id) else None
    if job is None:
        raise no_such_job()
    return job
