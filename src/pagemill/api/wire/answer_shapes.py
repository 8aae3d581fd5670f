"""The shapes of response bodies, as clients and `/docs` see them. `answers` makes them from jobs.

A field that a strict client may not take as null is left out where there is nothing to say (`NotRequired`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

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


class JobTimes(TypedDict):
    """When what happened to a job."""

    createdAt: Time
    completedAt: NotRequired[Time]
    cancelledAt: NotRequired[CancelledAt]
