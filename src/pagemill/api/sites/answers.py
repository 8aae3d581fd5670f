"""The answers about maps and crawls: their types, and how they are made."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from pagemill.api.wire.answer_shapes import CancelledAt, ContentFields, JobStatus, Milliseconds, Time, Warnings
from pagemill.api.wire.answers import batch_result, job_times, time_text
from pagemill.jobs.queue.failures import failure_text
from pagemill.model import Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pagemill.jobs.crawls.store import CrawledPage, Progress
    from pagemill.model import Job, JsonObject, Page

MapId = Annotated[str, Field(examples=["map_0123456789abcdef01234567"])]
CrawlId = Annotated[str, Field(examples=["crawl_0123456789abcdef01234567"])]


class SubmittedMap(TypedDict):
    """A map that was just taken."""

    id: MapId
    jobId: MapId
    status: Literal["pending"]
    url: str
    jobType: Literal["map"]
    createdAt: Time
    warnings: NotRequired[Warnings]


class SubmittedCrawl(TypedDict):
    """A crawl that was just taken."""

    id: CrawlId
    jobId: CrawlId
    status: Literal["pending"]
    url: str
    jobType: Literal["crawl"]
    createdAt: Time
    warnings: NotRequired[Warnings]


class MappedPage(TypedDict):
    """A page of a map."""

    url: str
    title: NotRequired[Annotated[str, Field(description="Of the page, its sitemap, or the link to it.")]]
    lastModified: NotRequired[Annotated[str, Field(description="ISO 8601, as the sitemap or the feed has it.")]]
    source: Literal["sitemap", "feed", "link"]
    depth: Annotated[int, Field(ge=0, description="How many links lead to it; 1 where a sitemap names it.")]


class Map(TypedDict):
    """A map. What it found is there once it is completed."""

    id: MapId
    status: JobStatus
    url: str
    jobType: Literal["map"]
    links: NotRequired[list[str]]
    totalLinks: NotRequired[int]
    externalLinks: NotRequired[list[str]]
    totalExternalLinks: NotRequired[int]
    pages: NotRequired[list[MappedPage]]
    complete: NotRequired[Annotated[bool, Field(description="False where the time was up before all was looked at.")]]
    limitReached: NotRequired[
        Annotated[bool, Field(description="True where `limit` URLs were found, so that the site may have more.")]
    ]
    error: Annotated[str | None, Field(description="Why it failed, and the error's code in parentheses.")]
    createdAt: Time
    completedAt: NotRequired[Time]
    cancelledAt: NotRequired[CancelledAt]
    durationMs: NotRequired[Milliseconds]


class CrawlResult(ContentFields):
    """A page of a crawl."""

    number: NotRequired[Annotated[int, Field(ge=1, description="Its place in the order of completion: see `after`.")]]
    url: str
    status: JobStatus
    depth: NotRequired[Annotated[int, Field(ge=0, description="How many links led to it.")]]
    parent: NotRequired[Annotated[str, Field(description="The page that named it; none for what a sitemap names.")]]
    duplicateOf: NotRequired[Annotated[str, Field(description="A page of the same crawl that is the same.")]]  # noqa: N815
    unchanged: NotRequired[
        Annotated[bool, Field(description="It did not change since `since`, or since `monitorId` saw it: no contents.")]
    ]


class Crawl(TypedDict):
    """A crawl, with pages that ended, in the order of completion: twice the same, as clients read either."""

    id: CrawlId
    status: JobStatus
    url: str
    jobType: Literal["crawl"]
    country: str
    totalPages: Annotated[int, Field(ge=1, description="Pages that were begun, or will be by what is known now.")]
    completedPages: Annotated[int, Field(ge=0)]
    failedPages: Annotated[int, Field(ge=0)]
    error: Annotated[str | None, Field(description="Why it failed: why its first page did.")]
    createdAt: Time
    completedAt: NotRequired[Time]
    cancelledAt: NotRequired[CancelledAt]
    durationMs: NotRequired[Milliseconds]
    next: NotRequired[Annotated[int, Field(description="There are more pages: ask again with `after` set to this.")]]
    results: list[CrawlResult]
    pages: list[CrawlResult]


class ListedCrawl(TypedDict):
    """A crawl as it stands in a list."""

    id: CrawlId
    status: JobStatus
    url: str
    jobType: Literal["crawl"]
    country: str
    totalPages: int
    completedPages: int
    failedPages: int
    createdAt: Time
    completedAt: NotRequired[Time]
    cancelledAt: NotRequired[CancelledAt]
    durationMs: NotRequired[Milliseconds]


class CrawlList(TypedDict):
    """Crawls, newest first."""

    crawls: list[ListedCrawl]
    next: NotRequired[Annotated[str, Field(description="There are more: ask again with `before` set to this.")]]


class CancelledMap(TypedDict):
    """A map after it was cancelled."""

    id: MapId
    jobId: MapId
    status: JobStatus
    cancelled: Annotated[int, Field(ge=0, le=1, description="1 where it had not begun, and is failed now.")]


class StoppedCrawl(TypedDict):
    """A crawl after it was stopped."""

    id: CrawlId
    jobId: CrawlId
    status: JobStatus
    cancelled: Annotated[int, Field(ge=0, description="How many of its pages were queued, and are failed now.")]


def submitted(job: Job, url: str) -> JsonObject:
    """Return the fields of `SubmittedMap` or `SubmittedCrawl`."""
    return {
        "id": job.id,
        "jobId": job.id,
        "status": "pending",
        "url": url,
        "jobType": job.kind.value,
        "createdAt": time_text(job.created_at),
    }


def is_limit_reached(job: Job, found: Mapping[str, Any]) -> bool:
    """Return whether a map found as many URLs as it may, so that the site may have more."""
    return job.site is not None and len(found["links"]) >= job.site.limit


def map_answer(job: Job, page: Page, found: Mapping[str, Any] | None) -> JsonObject:
    """Return the fields of `Map`. `found`: what it found, once it is completed."""
    results: JsonObject = {}
    if job.status is Status.COMPLETED and found is not None:
        results = {
            "links": found["links"],
            "totalLinks": len(found["links"]),
            "externalLinks": found["externalLinks"],
            "totalExternalLinks": len(found["externalLinks"]),
            "pages": found["pages"],
            "complete": found["complete"],
            "limitReached": is_limit_reached(job, found),
        }
    return {
        "id": job.id,
        "status": job.status.value,
        "url": page.url,
        "jobType": "map",
        **results,
        "error": failure_text(page.failure) if page.failure and job.status is Status.FAILED else None,
        **_times(job),
    }


def crawl_head(job: Job, progress: Progress, error: str | None, following: int | None) -> JsonObject:
    """Return the fields of `Crawl` but for its pages."""
    return {
        **_listed(job, progress),
        "error": error,
        **({"next": following} if following is not None else {}),
    }


def crawl_result(
    job: Job, crawled: CrawledPage, bodies: Mapping[str, Any], metadata: bytes | None = None
) -> JsonObject:
    """Return the fields of `CrawlResult`, contents as `Packed`, or as they are."""
    fields = batch_result(job, crawled.page, bodies, metadata)
    del fields["index"]
    return {
        "number": crawled.number,
        **fields,
        "depth": crawled.depth,
        **({"parent": crawled.parent} if crawled.parent is not None else {}),
        **({"duplicateOf": crawled.duplicate_of} if crawled.duplicate_of is not None else {}),
        **({"unchanged": True} if crawled.unchanged else {}),
    }


def crawl_list(crawls: Sequence[tuple[Job, Progress]], *, more: bool) -> JsonObject:
    """Return the fields of `CrawlList`."""
    listed: JsonObject = {"crawls": [_listed(job, progress) for job, progress in crawls]}
    return listed | ({"next": crawls[-1][0].id} if more else {})


def _listed(job: Job, progress: Progress) -> JsonObject:
    return {
        "id": job.id,
        "status": job.status.value,
        "url": progress.url,
        "jobType": "crawl",
        "country": job.options.country,
        "totalPages": progress.pages,
        "completedPages": progress.completed,
        "failedPages": progress.ended - progress.completed,
        **_times(job),
    }


def _times(job: Job) -> JsonObject:
    if job.completed_at is None:
        return dict(job_times(job))
    return {**job_times(job), "durationMs": max(0, (job.completed_at - job.created_at) // timedelta(milliseconds=1))}
