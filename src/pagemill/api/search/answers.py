"""The answer to a search: its type, and how it is made. Names are those of the public API."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from pagemill.api.wire.answer_shapes import JobId, JobStatus, Time, Warnings
from pagemill.api.wire.answers import BATCH, time_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pagemill.model import Job, JsonObject
    from pagemill.searching.results import SearchResult

_Day = Annotated[str, Field(json_schema_extra={"format": "date"})]


class FoundPage(TypedDict):
    """A page that was found."""

    url: str
    title: str
    snippet: Annotated[str, Field(description="A part of the page, as the search service gives it.")]
    date: NotRequired[Annotated[_Day, Field(description="When it was published, where the service says so.")]]
    last_updated: NotRequired[Annotated[_Day, Field(description="When it changed last, where the service says so.")]]


class SearchAnswer(TypedDict):
    """What was found. With `scrape`, the fields of the batch that scrapes it."""

    id: Annotated[str, Field(description="With `scrape`, that of the batch.", examples=["search_0123456789abcdef"])]
    results: list[FoundPage]
    jobId: NotRequired[JobId]
    status: NotRequired[JobStatus]
    jobType: NotRequired[Literal["batch_url_scraper"]]
    createdAt: NotRequired[Time]
    warnings: NotRequired[Warnings]


def search_answer(results: Iterable[SearchResult]) -> JsonObject:
    """Return the answer to a search that scrapes nothing."""
    return {"id": f"search_{secrets.token_hex(12)}", "results": [_found_page(result) for result in results]}


def scraped_search_answer(job: Job, urls: Sequence[str], results: Mapping[str, SearchResult]) -> JsonObject:
    """Return the answer to a search whose results a batch scrapes: a result for each of its URLs, in their order."""
    return {
        "id": job.id,
        "jobId": job.id,
        "status": job.status.value,
        "jobType": BATCH,
        "createdAt": time_text(job.created_at),
        "results": [
            _found_page(results[url]) if url in results else {"url": url, "title": "", "snippet": ""} for url in urls
        ],
    }


def _found_page(result: SearchResult) -> JsonObject:
    page: JsonObject = {"url": result.url, "title": result.title, "snippet": result.snippet}
    dates = {"date": result.date, "last_updated": result.last_updated}
    return page | {name: day for name, day in dates.items() if day is not None}
