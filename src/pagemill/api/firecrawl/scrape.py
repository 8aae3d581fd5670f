"""`POST /v2/scrape`: a URL, scraped while the client waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from pagemill.api.firecrawl.answers import FirecrawlScraped
from pagemill.api.firecrawl.documents import document
from pagemill.api.firecrawl.failures import failed_response, unfinished_response
from pagemill.api.firecrawl.headers import IdempotencyKey
from pagemill.api.firecrawl.requests.fields import FirecrawlScrapeRequest
from pagemill.api.firecrawl.requests.options import asked_options
from pagemill.api.middleware.api_keys import KeyId
from pagemill.api.resources import ApiResources
from pagemill.api.submission.submit import Submission, SubmitEndpoint, submit
from pagemill.api.submission.waiting import await_end
from pagemill.api.wire.request_validation import single_url
from pagemill.api.wire.response import no_such_job, stored_of, streamed
from pagemill.api.wire.strict_json import StrictJsonRoute
from pagemill.model import Status

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from pagemill.api.resources import Resources
    from pagemill.api.wire.json_stream import Piece
    from pagemill.model import Job, Page

router = APIRouter(prefix="/v2", tags=["Firecrawl"], route_class=StrictJsonRoute)


@router.post("/scrape", operation_id="firecrawlScrape", summary="Scrape a URL", response_model=FirecrawlScraped)
async def scrape(
    request: Request,
    body: FirecrawlScrapeRequest,
    resources: ApiResources,
    key_id: KeyId,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Queue a URL and hold the request until it has ended, or the time is up."""
    asked = await asked_options(body, resources, key_id)
    submission = Submission(
        SubmitEndpoint.INLINE,
        [single_url(body.url, resources.settings)],
        asked.options,
        idempotency_key=idempotency_key,
    )
    submitted = await submit(resources, key_id, submission)
    wait = resources.settings.requests.inline_wait
    job = await await_end(resources, submitted.id, key_id, seconds=wait, receive=request.receive)
    if job is None:
        raise no_such_job()
    if not job.status.ended:
        return unfinished_response(resources, job.id)
    pages = await resources.jobs.pages(job.id)
    if not pages:
        raise no_such_job()
    if pages[0].status is not Status.COMPLETED:
        return failed_response(pages[0].failure)
    pieces = _answer(resources, job, pages[0], asked.warnings)
    return await streamed(resources.downloads, key_id, pieces, request.headers)


async def _answer(resources: Resources, job: Job, page: Page, warnings: Sequence[str]) -> AsyncIterator[Piece]:
    yield b'{"success":true,"data":'
    stored = await stored_of(resources.jobs, job, page)
    async for piece in document(job, page, stored, [*warnings, *stored.failure.values()]):
        yield piece
    yield b"}"
