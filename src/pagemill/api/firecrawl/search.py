"""`POST /v2/search`: a search of the web, and what is found scraped while the client waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from pagemill.api.firecrawl.answers import FirecrawlSearch
from pagemill.api.firecrawl.documents import document
from pagemill.api.firecrawl.headers import IdempotencyKey
from pagemill.api.firecrawl.requests.fields import FirecrawlSearchRequest
from pagemill.api.firecrawl.requests.options import asked_options, joined
from pagemill.api.firecrawl.requests.refusals import refuse_unserved, warnings_about
from pagemill.api.middleware.api_keys import KeyId
from pagemill.api.resources import ApiResources
from pagemill.api.search.endpoint import check_searcher, search_and_scrape, search_only
from pagemill.api.search.requests import DEFAULT_LIMIT
from pagemill.api.submission.submit import Submission, SubmitEndpoint
from pagemill.api.submission.waiting import await_end
from pagemill.api.wire.response import no_such_job, stored_of_one_of_many, streamed
from pagemill.api.wire.strict_json import StrictJsonRoute
from pagemill.errors import NotSupportedError, RequestError
from pagemill.jobs.queue.failures import failure_text
from pagemill.model import Status

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from pagemill.api.resources import Resources
    from pagemill.api.wire.json_stream import Piece
    from pagemill.model import Job, JsonObject, Page

router = APIRouter(prefix="/v2", tags=["Firecrawl"], route_class=StrictJsonRoute)

_WEB = "web"
_UNFINISHED = (
    "Pages that had not ended when the time was up come without their contents: ask for the batch of this `id`."
)


@router.post("/search", operation_id="firecrawlSearch", summary="Search the web", response_model=FirecrawlSearch)
async def search(
    request: Request,
    body: FirecrawlSearchRequest,
    resources: ApiResources,
    key_id: KeyId,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Search, and hold the request until what is found is scraped, where that is asked for, or the time is up."""
    check_searcher(resources)
    refuse_unserved(body)
    query, limit, warnings = _query(body), _limit(body, resources), warnings_about(body)
    if body.scrape_options is None or not body.scrape_options.formats:
        answer = await search_only(resources, key_id, query, limit)
        web = [_described(result) for result in answer["results"]]
        return JSONResponse({"success": True, "id": answer["id"], "data": {_WEB: web}, **joined(warnings)})
    asked = await asked_options(body.scrape_options, resources, key_id, "scrapeOptions.")
    submission = Submission(
        SubmitEndpoint.SEARCH,
        (),
        asked.options,
        batch=True,
        idempotency_key=idempotency_key,
        search=(query, limit),
    )
    answer = await search_and_scrape(resources, key_id, submission, query, limit)
    if not answer["results"]:
        return JSONResponse({"success": True, "id": answer["id"], "data": {_WEB: []}, **joined(warnings)})
    wait = resources.settings.requests.inline_wait
    job = await await_end(resources, answer["id"], key_id, seconds=wait, receive=request.receive)
    if job is None:
        raise no_such_job()
    pages = await resources.jobs.pages(job.id)
    warnings = [*warnings, *asked.warnings, *([] if job.status.ended else [_UNFINISHED])]
    pieces = _answer(resources, job, pages, answer["results"], warnings)
    return await streamed(resources.downloads, key_id, pieces, request.headers)


def _query(body: FirecrawlSearchRequest) -> str:
    query = " ".join(body.query.split())
    if not query:
        raise RequestError("The field `query` is not valid: it is empty.")
    if body.sources and {source.type for source in body.sources} != {_WEB}:
        raise NotSupportedError("The field `sources` is not supported by this service but for `web`.")
    return query


def _limit(body: FirecrawlSearchRequest, resources: Resources) -> int:
    """As many as are asked for, and as are allowed."""
    most = min(resources.settings.search.search_max_results, resources.settings.requests.max_batch_urls)
    return min(body.limit or DEFAULT_LIMIT, most)


def _described(result: JsonObject) -> JsonObject:
    return {"url": result["url"], "title": result["title"], "description": result["snippet"]}


async def _answer(
    resources: Resources, job: Job, pages: Sequence[Page], results: Sequence[JsonObject], warnings: Sequence[str]
) -> AsyncIterator[Piece]:
    head = {"success": True, "id": job.id, **joined(warnings)}
    yield orjson.dumps(head).removesuffix(b"}") + b',"data":{"web":['
    for number, (page, result) in enumerate(zip(pages, results, strict=True)):
        if number:
            yield b","
        async for piece in _page(resources, job, page, result):
            yield piece
    yield b"]}}"


async def _page(resources: Resources, job: Job, page: Page, result: JsonObject) -> AsyncIterator[Piece]:
    """Yield a result, with the document of its page where there is one."""
    described = _described(result)
    if page.status is not Status.COMPLETED:
        if page.failure is not None:
            described["metadata"] = {"sourceURL": page.url, "error": failure_text(page.failure)}
        yield orjson.dumps(described)
        return
    stored = await stored_of_one_of_many(resources.jobs, job, page)
    start = orjson.dumps(described | stored.failure).removesuffix(b"}") + b","
    async for piece in document(job, page, stored):
        yield start + piece.removeprefix(b"{") if start and isinstance(piece, bytes) else piece
        start = b""
