"""How response bodies are made from jobs. Their shapes are in `answer_shapes`, requests in `scrape_request`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic.alias_generators import to_camel

from pagemill import bodies as packing
from pagemill.api.wire.answer_shapes import (
    CancelledJob,
    JobList,
    JobTimes,
    ListedJob,
    SubmittedBatch,
    SubmittedJob,
    UnfinishedJob,
)
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
