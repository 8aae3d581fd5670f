"""`GET /r/{url}`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from starlette.responses import JSONResponse, StreamingResponse

from pagemill.api.middleware.api_keys import KeyId
from pagemill.api.reader.json_string import decoded
from pagemill.api.reader.target_url import target_url
from pagemill.api.resources import ApiResources
from pagemill.api.submission.submit import Submission, SubmitEndpoint, submit
from pagemill.api.submission.waiting import await_end
from pagemill.api.wire import answer_shapes, answers
from pagemill.api.wire.answer_shapes import SingleJob
from pagemill.api.wire.encodings.zstd_frame import text_of
from pagemill.api.wire.error_response import error_body
from pagemill.api.wire.request_validation import scrape_options, single_url
from pagemill.api.wire.response import check_intact, job_response, no_such_job
from pagemill.api.wire.scrape_request import ScrapeRequest
from pagemill.errors import RequestError
from pagemill.model import Format, Status

if TYPE_CHECKING:
    from pagemill.api.resources import Resources
    from pagemill.model import Job, Page

router = APIRouter(tags=["Reader"])

FAILED_STATUS = 422
"""The answer for a page that failed: the service works, so it is no 5xx, which clients repeat and alerts count."""
MARKDOWN_TYPE = "text/markdown; charset=utf-8"
_JSON_TYPE = "application/json"
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The page's Markdown, or the job where `Accept` asks for JSON.",
        "content": {"text/markdown": {"schema": {"type": "string"}}},
    },
    202: {"model": answer_shapes.UnfinishedJob, "description": "Not ended yet: ask for the job by its id."},
    422: {
        "model": answer_shapes.ErrorBody,
        "description": "The page failed, with the code and the sentence of the failure.",
    },
}


@router.get(
    "/r/{url:path}",
    operation_id="readUrl",
    summary="Read a page as Markdown",
    response_model=SingleJob,
    responses=_RESPONSES,
)
async def read_url(
    request: Request,
    _url: Annotated[str, Path(alias="url", description="The URL of the page, as it is or percent-encoded.")],
    resources: ApiResources,
    key_id: KeyId,
) -> Response:
    """Scrape a URL and answer with its Markdown as text; with `Accept: application/json`, with the job.

    Everything after `/r/` is the URL, its query too, as it is or percent-encoded; without a scheme, https is meant.
    """
    asked = target_url(request.scope.get("raw_path") or request.scope["path"].encode(), request.scope["query_string"])
    if not asked:
        raise _no_url()
    wants_json = _prefers_json(request.headers.get("Accept", ""))
    body = ScrapeRequest(url=asked) if wants_json else ScrapeRequest(url=asked, formats=[Format.MARKDOWN])
    submission = Submission(
        SubmitEndpoint.INLINE,
        [single_url(asked, resources.settings)],
        await scrape_options(body, resources.settings, resources.schemas, key_id),
    )
    submitted = await submit(resources, key_id, submission)
    wait = resources.settings.requests.inline_wait
    job = await await_end(resources, submitted.id, key_id, seconds=wait, receive=request.receive)
    if job is None:
        raise no_such_job()
    if not job.status.ended:
        return JSONResponse(answers.unfinished_job(job), 202)
    pages = await resources.jobs.pages(job.id)
    if not pages:
        raise no_such_job()
    if wants_json:
        return await job_response(resources.jobs, resources.downloads, job, pages, request.headers)
    return await _as_text(resources, job, pages[0])


@router.get("/r", include_in_schema=False)
async def read_nothing() -> Response:
    """Raise errors.RequestError."""
    raise _no_url()


def _no_url() -> RequestError:
    return RequestError("Name a page after /r/, such as /r/https://example.com.")


def _prefers_json(accept: str) -> bool:
    """Whether an Accept header names JSON before any text. A client that takes anything gets text."""
    names = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    return next((name == _JSON_TYPE for name in names if name == _JSON_TYPE or name.startswith("text/")), False)


async def _as_text(resources: Resources, job: Job, page: Page) -> Response:
    if page.status is not Status.COMPLETED:
        failure = page.failure
        code, message = (failure.code, failure.message) if failure else ("failed", "The page failed.")
        return JSONResponse(error_body(code, message), FAILED_STATUS)
    headers = {"Content-Location": f"/v1/url-scraper/{job.id}"}
    place = (await resources.jobs.body_places(page.id, [Format.MARKDOWN])).get(Format.MARKDOWN)
    if place is None:
        return Response(b"", media_type=MARKDOWN_TYPE, headers=headers)
    [place] = (await resources.jobs.with_contents({place.name: place})).values()
    await check_intact(resources.jobs, place)
    text = await resources.downloads.begin(job.key_id, decoded(text_of(resources.jobs.body_parts(place))))
    return StreamingResponse(text, media_type=MARKDOWN_TYPE, headers=headers)
