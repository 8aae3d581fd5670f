"""`POST /v1/search`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi import APIRouter, Response
from starlette.responses import JSONResponse

from pagemill.api.endpoints.url_scraper import IdempotencyKey
from pagemill.api.middleware.api_keys import KeyId
from pagemill.api.resources import ApiResources, Resources
from pagemill.api.search.answers import SearchAnswer, scraped_search_answer, search_answer
from pagemill.api.search.requests import SearchRequest, search_limit, search_prompt
from pagemill.api.submission.submit import (
    Submission,
    SubmitEndpoint,
    admit,
    check_session,
    checked_webhook,
    earlier_job,
    store,
)
from pagemill.api.submission.warnings import warnings_of
from pagemill.api.wire.request_validation import checked_url, scrape_options
from pagemill.api.wire.strict_json import StrictJsonRoute
from pagemill.errors import InvalidUrlError, NotServedError, SearchError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pagemill.model import Job, JsonObject
    from pagemill.searching.results import SearchResult

router = APIRouter(prefix="/v1", tags=["Search"], route_class=StrictJsonRoute)


@router.post("/search", operation_id="search", summary="Search the web", response_model=SearchAnswer)
async def search(
    body: SearchRequest, resources: ApiResources, key_id: KeyId, idempotency_key: IdempotencyKey = None
) -> Response:
    """Return what the operator's search service finds. With `scrape`, the pages are scraped too: as a batch.

    Then ask `GET /v1/url-scraper/{id}` for the batch until its status is final.
    """
    check_searcher(resources)
    prompt, limit = search_prompt(body), search_limit(body, resources.settings)
    if body.scrape:
        submission = Submission(
            SubmitEndpoint.SEARCH,
            (),
            await scrape_options(body, resources.settings, resources.schemas, key_id),
            checked_webhook(resources, body),
            batch=True,
            idempotency_key=idempotency_key,
            search=(prompt, limit),
        )
        answer = await search_and_scrape(resources, key_id, submission, prompt, limit)
    else:
        answer = await search_only(resources, key_id, prompt, limit)
    return JSONResponse({**answer, **warnings_of(body)})


def check_searcher(resources: Resources) -> None:
    """Raise errors.NotServedError where no search service is named."""
    if not resources.searcher:
        raise NotServedError(
            "Searching the web is not set up here. The operator names a search service with PAGEMILL_SEARCH_SERVICE, "
            "and PAGEMILL_SEARCH_URL or PAGEMILL_SEARCH_API_KEY."
        )


async def search_only(resources: Resources, key_id: str, prompt: str, limit: int) -> JsonObject:
    """Search, and return the answer. Raises errors.RateLimitError and errors.SearchError."""
    if resources.limits:
        await resources.limits.admit(key_id, SubmitEndpoint.SEARCH, 0)
    return search_answer(await _found(resources, key_id, prompt, limit))


async def search_and_scrape(
    resources: Resources, key_id: str, submission: Submission, prompt: str, limit: int
) -> JsonObject:
    """Search, submit a batch of what is found, and return the answer.

    A request that repeats an earlier one is answered with the batch of that one, and with what is found now of its
    pages.
    """
    saved_at = await check_session(resources, key_id, submission.options)
    submission = replace(submission, session_saved_at=saved_at)
    earlier = await earlier_job(resources, key_id, submission)
    if earlier is None:
        await admit(resources, key_id, submission)
    try:
        found = await _found(resources, key_id, prompt, limit)
    except SearchError:
        if earlier is None:
            raise
        found = []
    job: Job | None = earlier
    if job is None and found:
        job = await store(resources, key_id, replace(submission, urls=[result.url for result in found]))
    if job is None:
        return search_answer(())
    urls = [page.url for page in await resources.jobs.pages(job.id)]
    return scraped_search_answer(job, urls, {result.url: result for result in found})


async def _found(resources: Resources, key_id: str, prompt: str, limit: int) -> list[SearchResult]:
    """Return the results whose URLs could be submitted, each URL once."""
    results = await resources.searcher.search(prompt, limit, key_id)
    return list(_with_valid_urls(results, resources.settings.requests.max_url_length))[:limit]


def _with_valid_urls(results: Iterable[SearchResult], max_length: int) -> Iterable[SearchResult]:
    seen: set[str] = set()
    for result in results:
        try:
            url = checked_url(result.url, "url", max_length)
        except InvalidUrlError:
            continue
        if url not in seen:
            seen.add(url)
            yield replace(result, url=url)
