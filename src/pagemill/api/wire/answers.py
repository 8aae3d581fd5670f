"""The response bodies: their types, and how they are made from jobs. Requests are in `scrape_request`.

A field that a strict client may not take as null is left out where there is nothing to say (`NotRequired`).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, NotRequired

from pydantic import Field
from pydantic.alias_generators import to_camel
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from pagemill import bodies as packing
from pagemill.jobs.queue.failures import batch_error, failed_urls, failure_text
from pagemill.model import DEFAULT_FORMATS, Format, JobKind, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pagemill.model import Attempt, Job, JobSummary, JsonObject, Page

SINGLE: Final = "url_scraper"
BATCH: Final = "batch_url_scraper"
BULK: Final = "bulk_url_scraper"

_KEYS: Mapping[Format, str] = {
    Format.HTML: "html",
    Format.CLEANED_HTML: "cleanedHtml",
    Format.MARKDOWN: "markdown",
    Format.JSON: "generatedJson",
    Format.LINKS: "links",
    Format.IMAGES: "images",
    Format.SUMMARY: "summary",
}
"""The field of each format that is stored as a body."""


JobId = Annotated[str, Field(examples=["job_0123456789abcdef01234567"])]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"}, description="RFC 3339, UTC, with milliseconds.")]
CancelledAt = Annotated[
    str,
    Field(json_schema_extra={"format": "date-time"}, description="When a client cancelled it, before it had ended."),
]
Milliseconds = Annotated[int, Field(ge=0, description="Milliseconds.")]
JobStatus = Annotated[
    Literal["pending", "processing", "completed", "failed"],
    Field(description="`completed` and `failed` are final. A batch fails only when every URL failed."),
]


class ErrorBody(TypedDict):
    """Why a request was refused, or could not be served."""

    error: Annotated[str, Field(description="What happened, for programs.", examples=["invalid_request"])]
    code: Annotated[str, Field(description="The same as `error`.", examples=["invalid_request"])]
    message: Annotated[str, Field(description="What happened, for a person.")]


Warnings = Annotated[
    list[str], Field(description="What of the request was ignored: fields that are not known. Only where there are.")
]


class FirecrawlErrorDetails(TypedDict):
    """What goes on after an error."""

    state: str
    retryAfterSeconds: int


class FirecrawlErrorBody(TypedDict):
    """The body of every error below `/v2`: a sentence and its code."""

    success: Literal[False]
    error: str
    code: str
    details: NotRequired[FirecrawlErrorDetails]


class SubmittedJob(TypedDict):
    """A job for one URL that was just taken."""

    id: JobId
    jobId: JobId
    status: Literal["pending"]
    url: str
    jobType: Literal["url_scraper"]
    createdAt: Time
    warnings: NotRequired[Warnings]


class SubmittedBatch(TypedDict):
    """A batch that was just taken."""

    id: JobId
    jobId: JobId
    status: Literal["pending"]
    urls: list[str]
    jobType: Literal["batch_url_scraper"]
    createdAt: Time
    warnings: NotRequired[Warnings]


class UnfinishedJob(TypedDict):
    """A job that did not end while the request waited: ask for it by its id."""

    id: JobId
    jobId: JobId
    status: JobStatus
    warnings: NotRequired[Warnings]


class LinkFields(TypedDict):
    """A hyperlink."""

    href: str
    text: str


class ImageFields(TypedDict):
    """An image."""

    src: str
    alt: str


class MetadataFields(TypedDict):
    """What a page says of itself. What it does not say is left out."""

    title: NotRequired[str]
    author: NotRequired[str]
    published: NotRequired[Annotated[str, Field(description="ISO 8601, as far as the page gives it.")]]
    modified: NotRequired[Annotated[str, Field(description="ISO 8601, as far as the page gives it.")]]
    description: NotRequired[str]
    language: NotRequired[str]
    canonicalUrl: NotRequired[str]
    siteName: NotRequired[str]
    openGraph: NotRequired[Annotated[dict[str, str], Field(description="Open Graph properties, without `og:`.")]]


class AttemptFields(TypedDict):
    """One step on the way to a page."""

    fetchedWith: Literal["http", "browser"]
    outcome: Annotated[str, Field(description="`ok`, `javascript_shell`, `blocked`, or an error's code.")]
    durationMs: Milliseconds
    statusCode: NotRequired[int]
    vendor: NotRequired[Annotated[str, Field(description="Who blocked it, where that is known.")]]


class Evidence(TypedDict):
    """Where a value stands on the page."""

    quote: str
    start: NotRequired[Annotated[int, Field(description="Its offset in the Markdown, in characters.")]]
    end: NotRequired[Annotated[int, Field(description="Where it ends there.")]]
    markup: NotRequired[Annotated[Literal[True], Field(description="The page's markup alone declares it.")]]


class UnsupportedValue(TypedDict):
    """A value that the page does not say."""

    pointer: str
    value: Any


class GeneratedJson(TypedDict):
    """Structured data, and what is known about it. Keys of `evidence`, `inferred` and `missing` are JSON pointers."""

    status: Literal["success", "failed"]
    data: Annotated[Any, Field(description="By `outputSchema`, where it was given; `{}` where it failed.")]
    error: NotRequired[Annotated[str, Field(description="Why it failed, and the error's code in parentheses.")]]
    source: NotRequired[Literal["model", "learned", "markup"]]
    evidence: NotRequired[dict[str, Evidence]]
    unsupported: NotRequired[list[UnsupportedValue]]
    inferred: NotRequired[Annotated[list[str], Field(description="Judgements, which no quote can show.")]]
    missing: NotRequired[Annotated[list[str], Field(description="What could not be filled.")]]
    warning: NotRequired[
        Annotated[str, Field(description="That values are lacking because no language model is set up.")]
    ]
    truncated: NotRequired[Annotated[bool, Field(description="Whether the page was too long to be read whole.")]]


class SavedSession(TypedDict):
    """What became of the session that was to be saved."""

    name: str
    saved: bool
    id: NotRequired[Annotated[str, Field(description="Once it is saved.")]]
    error: NotRequired[Annotated[str, Field(description="Why it is not, and the error's code in parentheses.")]]


class ContentFields(TypedDict):
    """What was made of a page: null where it was not asked for, or is not there (yet)."""

    html: Annotated[str | None, Field(description="The page as it came.")]
    cleanedHtml: Annotated[str | None, Field(description="The content alone, as HTML.")]
    markdown: Annotated[str | None, Field(description="The content as Markdown.")]
    markdownTruncated: NotRequired[
        Annotated[Literal[True], Field(description="The Markdown had more than `maxTokens`, and was cut.")]
    ]
    markdownError: NotRequired[
        Annotated[str, Field(description="Why the Markdown is the plain one, although it was asked for otherwise.")]
    ]
    links: NotRequired[Annotated[list[LinkFields], Field(description="Only where asked for.")]]
    images: NotRequired[Annotated[list[ImageFields], Field(description="Only where asked for.")]]
    generatedJson: NotRequired[Annotated[GeneratedJson, Field(description="Only where asked for.")]]
    summary: NotRequired[Annotated[str, Field(description="Two to four sentences; only where asked for.")]]
    summarySource: NotRequired[
        Annotated[
            Literal["model", "description", "text"],
            Field(
                description="Who made the summary: a model, or the page itself by its description or first sentences."
            ),
        ]
    ]
    session: NotRequired[Annotated[SavedSession, Field(description="Only where `saveSession` asked for it.")]]
    error: Annotated[str | None, Field(description="Why the page failed, and the error's code in parentheses.")]
    cached: NotRequired[Annotated[bool, Field(description="Whether a cached copy was served; once it is known.")]]
    durationMs: NotRequired[Milliseconds]
    screenshotUrl: NotRequired[Annotated[str, Field(description="The path of the PNG, where it was asked for.")]]
    fullPageScreenshotUrl: NotRequired[Annotated[str, Field(description="The same of the whole page.")]]
    metadata: NotRequired[Annotated[MetadataFields, Field(description="Of a completed page.")]]
    fetchedWith: NotRequired[Annotated[Literal["http", "browser", "cache"], Field(description="Once it is known.")]]
    statusCode: NotRequired[Annotated[int, Field(description="The HTTP status of the page, once it is known.")]]
    finalUrl: NotRequired[Annotated[str, Field(description="The address that answered, after redirects.")]]
    attempts: NotRequired[Annotated[list[AttemptFields], Field(description="The steps that were tried, in order.")]]


class SingleJob(ContentFields):
    """A job for one URL."""

    id: JobId
    status: JobStatus
    url: str
    jobType: Literal["url_scraper"]
    country: str
    createdAt: Time
    completedAt: NotRequired[Time]
    cancelledAt: NotRequired[CancelledAt]
    warnings: NotRequired[Annotated[Warnings, Field(description="As a submission has them; when scraped inline.")]]


class BatchResult(ContentFields):
    """One URL of a batch."""

    index: Annotated[int, Field(ge=0, description="The URL's place in the batch, from 0.")]
    url: str
    status: JobStatus


class BatchJob(TypedDict):
    """A batch. `results` holds every URL, in the order of `urls`, from the start."""

    id: JobId
    status: JobStatus
    jobType: Literal["batch_url_scraper"]
    country: str
    urls: list[str]
    createdAt: Time
    completedAt: NotRequired[Time]
    cancelledAt: NotRequired[CancelledAt]
    durationMs: NotRequired[Milliseconds]
    error: NotRequired[Annotated[str, Field(description="Once failed: how many URLs failed, and why the first did.")]]
    results: list[BatchResult]


class ListedJob(TypedDict):
    """A job as it stands in a list."""

    id: JobId
    status: JobStatus
    jobType: Literal["url_scraper", "batch_url_scraper", "bulk_url_scraper", "map", "crawl"]
    url: Annotated[str, Field(description="Of a batch, the first.")]
    country: str
    pages: Annotated[int, Field(ge=1, description="How many URLs it has.")]
    pagesCompleted: Annotated[int, Field(ge=0, description="How many of them are completed.")]
    pagesFailed: Annotated[int, Field(ge=0, description="How many of them failed.")]
    error: Annotated[str | None, Field(description="Why the job failed.")]
    cached: NotRequired[Annotated[bool, Field(description="Whether cached copies were served; once it is known.")]]
    createdAt: Time
    completedAt: NotRequired[Time]
    cancelledAt: NotRequired[CancelledAt]
    durationMs: NotRequired[Milliseconds]


class JobList(TypedDict):
    """Jobs, newest first."""

    jobs: list[ListedJob]
    next: NotRequired[Annotated[str, Field(description="There are more: ask again with `before` set to this.")]]


class CancelledJob(TypedDict):
    """A job after it was cancelled."""

    id: JobId
    jobId: JobId
    status: JobStatus
    cancelled: Annotated[int, Field(ge=0, description="How many of its URLs had not begun, and are failed now.")]


class Country(TypedDict):
    """A country that a request can leave from."""

    code: Annotated[str, Field(description="ISO 3166-1 alpha-2, in lower case.", examples=["us"])]
    name: Annotated[str, Field(examples=["United States"])]


# Serialisation


def submitted_job(job: Job, url: str) -> SubmittedJob:
    """Return the answer to the submission of one URL: always pending, even if a worker has it by now."""
    return {
        "id": job.id,
        "jobId": job.id,
        "status": "pending",
        "url": url,
        "jobType": SINGLE,
        "createdAt": time_text(job.created_at),
    }


def submitted_batch(job: Job, urls: Sequence[str]) -> SubmittedBatch:
    """Return the answer to the submission of a batch: always pending, as above."""
    return {
        "id": job.id,
        "jobId": job.id,
        "status": "pending",
        "urls": list(urls),
        "jobType": BATCH,
        "createdAt": time_text(job.created_at),
    }


def unfinished_job(job: Job) -> UnfinishedJob:
    """Return the answer to a request that waited in vain."""
    return {"id": job.id, "jobId": job.id, "status": job.status.value}


def cancelled_job(job: Job, pages: int) -> CancelledJob:
    """Return the answer to the cancelling of a job, of which so many pages were cancelled."""
    return {"id": job.id, "jobId": job.id, "status": job.status.value, "cancelled": pages}


def job_list(summaries: Sequence[JobSummary], *, more: bool) -> JobList:
    """Return a page of a list of jobs."""
    listed: JobList = {"jobs": [_listed(summary) for summary in summaries]}
    if more:
        listed["next"] = summaries[-1].job.id
    return listed


def job_type(job: Job) -> Literal["url_scraper", "batch_url_scraper", "bulk_url_scraper", "map", "crawl"]:
    """Return what the wire calls a job's kind."""
    if job.kind is JobKind.BULK:
        return BULK
    if job.kind is JobKind.SCRAPE:
        return BATCH if job.batch else SINGLE
    return "map" if job.kind is JobKind.MAP else "crawl"


def _listed(summary: JobSummary) -> ListedJob:
    job = summary.job
    fields: ListedJob = {
        "id": job.id,
        "status": job.status.value,
        "jobType": job_type(job),
        "url": summary.url,
        "country": job.options.country,
        "pages": summary.pages,
        "pagesCompleted": summary.completed,
        "pagesFailed": summary.failed,
        "error": _summary_error(summary) if summary.job.status is Status.FAILED else None,
        "createdAt": time_text(job.created_at),
    }
    if job.cancelled_at:
        fields["cancelledAt"] = time_text(job.cancelled_at)
    if job.completed_at:
        fields["cached"] = summary.cached
        fields["completedAt"] = time_text(job.completed_at)
        fields["durationMs"] = max(0, (job.completed_at - job.created_at) // timedelta(milliseconds=1))
    return fields


class JobTimes(TypedDict):
    """When what happened to a job."""

    createdAt: Time
    completedAt: NotRequired[Time]
    cancelledAt: NotRequired[CancelledAt]


def job_times(job: Job) -> JobTimes:
    """Return when what happened to a job."""
    times: JobTimes = {"createdAt": time_text(job.created_at)}
    if job.completed_at:
        times["completedAt"] = time_text(job.completed_at)
    if job.cancelled_at:
        times["cancelledAt"] = time_text(job.cancelled_at)
    return times


def single_job(job: Job, page: Page, bodies: Mapping[str, Any], metadata: bytes | None = None) -> JsonObject:
    """Return the fields of `SingleJob`, contents as `Packed`, or as they are."""
    return {
        "id": job.id,
        "status": job.status.value,
        "url": page.url,
        "jobType": SINGLE,
        "country": job.options.country,
        **_content(job, job.status, bodies),
        **_outcome(job.status, page, job.created_at, job.completed_at),
        **_provenance(job, page, metadata),
        **job_times(job),
    }


def batch_result(job: Job, page: Page, bodies: Mapping[str, Any], metadata: bytes | None = None) -> JsonObject:
    """Return the fields of `BatchResult`, contents as `Packed`, or as they are."""
    return {
        "index": page.index,
        "url": page.url,
        "status": page.status.value,
        **_content(job, page.status, bodies),
        **_outcome(page.status, page, page.started_at, page.completed_at),
        **_provenance(job, page, metadata),
    }


def batch_job(job: Job, pages: Sequence[Page]) -> JsonObject:
    """Return the fields of `BatchJob` but for its `results`, which follow one by one."""
    error = batch_error(pages) if job.status is Status.FAILED else None
    return {
        "id": job.id,
        "status": job.status.value,
        "jobType": BATCH,
        "country": job.options.country,
        "urls": [page.url for page in pages],
        **job_times(job),
        **_duration(job.created_at, job.completed_at),
        **({"error": error} if error else {}),
    }


def job_without_contents(job: Job, pages: Sequence[Page], shown: Sequence[Page] | None = None) -> JsonObject:
    """Return the fields of `SingleJob` or `BatchJob` but for what was made of the pages. `shown`: a batch's results."""
    if not job.batch:
        return single_job(job, pages[0], {})
    results = [batch_result(job, page, {}) for page in (pages if shown is None else shown)]
    return batch_job(job, pages) | {"results": results}


def _content(job: Job, status: Status, bodies: Mapping[str, Any]) -> JsonObject:
    asked = {
        _KEYS[name]: bodies[name]
        for name in job.options.formats
        if status is Status.COMPLETED and name in _KEYS and name in bodies
    }
    if "summary" in asked and "summary_source" in bodies:
        asked["summarySource"] = bodies["summary_source"]
    if "markdown" in asked and "markdown_truncated" in bodies:
        asked["markdownTruncated"] = bodies["markdown_truncated"]
    if "markdown" in asked and "markdown_error" in bodies:
        asked["markdownError"] = bodies["markdown_error"]
    if status is Status.COMPLETED and "session" in bodies:
        asked["session"] = bodies["session"]
    return {**{_KEYS[name]: None for name in DEFAULT_FORMATS}, **asked}


def _outcome(status: Status, page: Page, start: datetime | None, end: datetime | None) -> JsonObject:
    return {
        **({"cached": page.cached} if status.ended else {}),
        "error": failure_text(page.failure) if status is Status.FAILED and page.failure else None,
        **_duration(start, end),
    }


def _provenance(job: Job, page: Page, metadata: bytes | None) -> JsonObject:
    """Return how an ended page was fetched, with its metadata and screenshots."""
    if not page.status.ended:
        return {}
    fields: JsonObject = {"statusCode": page.status_code, "finalUrl": page.final_url}
    if page.status is Status.COMPLETED:
        with_cache = "cache" if page.cached else None
        fields["fetchedWith"] = with_cache or (page.fetched_with.value if page.fetched_with else None)
        fields["metadata"] = _metadata(packing.unpack(metadata)) if metadata else None
        fields |= {
            key: _screenshot_path(job, page, kind) for name, key, kind in _SCREENSHOTS if name in job.options.formats
        }
    return {
        **{key: value for key, value in fields.items() if value is not None},
        **({"attempts": [_attempt(attempt) for attempt in page.attempts]} if page.attempts else {}),
    }


_SCREENSHOTS = (
    (Format.SCREENSHOT, "screenshotUrl", "viewport"),
    (Format.SCREENSHOT_FULL_PAGE, "fullPageScreenshotUrl", "fullpage"),
)


def _screenshot_path(job: Job, page: Page, kind: str) -> str:
    path = f"/v1/url-scraper/{job.id}/screenshot?type={kind}"
    return f"{path}&index={page.index}" if job.batch else path


def _metadata(metadata: JsonObject) -> JsonObject:
    return {to_camel(name): value for name, value in metadata.items() if value}


def _attempt(attempt: Attempt) -> JsonObject:
    fields: JsonObject = {
        "fetchedWith": attempt.fetched_with.value,
        "outcome": attempt.outcome,
        "durationMs": int(attempt.duration * 1000),
        "statusCode": attempt.status_code,
        "vendor": attempt.vendor,
    }
    return {key: value for key, value in fields.items() if value is not None}


def _summary_error(summary: JobSummary) -> str | None:
    if summary.job.batch:
        return failed_urls(summary.failed, summary.pages, summary.failure)
    return failure_text(summary.failure) if summary.failure else None


def _duration(start: datetime | None, end: datetime | None) -> JsonObject:
    if start is None or end is None:
        return {}
    return {"durationMs": max(0, (end - start) // timedelta(milliseconds=1))}


def time_text(moment: datetime) -> str:
    """Return a moment as the wire has it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
