"""What a webhook says: the one JSON body of a delivery. Its names are those of the HTTP API.

`data` is the job as `GET /v1/url-scraper/{id}` shows it, without what was made of its pages; a test holds it to that.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import orjson

from pagemill.jobs.queue.failures import batch_error, failure_text
from pagemill.jobs.webhooks.endpoints import Event
from pagemill.model import JobKind, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.jobs.batches.store import BatchProgress
    from pagemill.model import Job, JsonObject, Page


def job_payload(delivery_id: str, event: Event, job: Job, pages: Sequence[Page], public_url: str) -> bytes:
    """Return the body that tells of a job's end. An ended job never changes, so whoever makes it makes the same."""
    return orjson.dumps(
        {
            "event": event,
            "id": delivery_id,
            "jobId": job.id,
            "status": pages[0].status if event is Event.PAGE_COMPLETED else job.status,
            **(_created(job) if event is Event.PAGE_COMPLETED else _times(job)),
            "data": _data(event, job, pages),
            "url": f"{public_url.rstrip('/')}/v1/{_PATHS[job.kind]}/{job.id}",
        }
    )


def batch_payload(delivery_id: str, event: Event, job: Job, progress: BatchProgress, public_url: str) -> bytes:
    """Return the body that tells of the end of a batch by upload: its counts, and where the results are."""
    url = f"{public_url.rstrip('/')}/v1/batches/{job.id}"
    return orjson.dumps(
        {
            "event": event,
            "id": delivery_id,
            "jobId": job.id,
            "status": job.status,
            **_times(job),
            "data": {
                "id": job.id,
                "status": job.status,
                "jobType": "bulk_url_scraper",
                "country": job.options.country,
                "totalPages": progress.total,
                "completedPages": progress.completed,
                "failedPages": progress.ended - progress.completed,
                "notBegunPages": progress.total - progress.begun,
                "results": f"/v1/batches/{job.id}/results",
                **_duration(job.created_at, job.completed_at),
                **_times(job),
            },
            "url": url,
        }
    )


_PATHS = {JobKind.SCRAPE: "url-scraper", JobKind.MAP: "map", JobKind.CRAWL: "crawl"}


def _data(event: Event, job: Job, pages: Sequence[Page]) -> JsonObject:
    if event is Event.PAGE_COMPLETED:
        [page] = pages
        ended = {"url": page.url, "status": page.status}
        return ended | _outcome(page) | _duration(page.started_at, page.completed_at)
    if job.kind is JobKind.CRAWL:
        return _crawl(job, pages)
    return _batch(job, pages) if job.batch else _single(job, pages[0])


def _crawl(job: Job, pages: Sequence[Page]) -> JsonObject:
    completed = sum(page.status is Status.COMPLETED for page in pages)
    return {
        "id": job.id,
        "status": job.status,
        "url": pages[0].url,
        "jobType": "crawl",
        "country": job.options.country,
        "totalPages": len(pages),
        "completedPages": completed,
        "failedPages": len(pages) - completed,
        **_duration(job.created_at, job.completed_at),
        **_times(job),
    }


def trial_payload(delivery_id: str, created_at: datetime) -> bytes:
    """Return the body of a test."""
    return orjson.dumps({"event": Event.TEST, "id": delivery_id, "createdAt": time_text(created_at), "data": {}})


def _single(job: Job, page: Page) -> JsonObject:
    return {
        "id": job.id,
        "status": job.status,
        "url": page.url,
        "jobType": "map" if job.kind is JobKind.MAP else "url_scraper",
        "country": job.options.country,
        **_outcome(page),
        **_duration(job.created_at, job.completed_at),
        **_times(job),
    }


def _batch(job: Job, pages: Sequence[Page]) -> JsonObject:
    error = batch_error(pages) if job.status is Status.FAILED else None
    return {
        "id": job.id,
        "status": job.status,
        "jobType": "batch_url_scraper",
        "country": job.options.country,
        "urls": [page.url for page in pages],
        **_duration(job.created_at, job.completed_at),
        **_times(job),
        **({"error": error} if error else {}),
        "results": [
            {
                "index": page.index,
                "url": page.url,
                "status": page.status,
                **_outcome(page),
                **_duration(page.started_at, page.completed_at),
            }
            for page in pages
        ],
    }


def _outcome(page: Page) -> JsonObject:
    failed = page.failure if page.status is Status.FAILED else None
    with_cache = "cache" if page.cached else page.fetched_with
    known = {
        "statusCode": page.status_code,
        "finalUrl": page.final_url,
        "fetchedWith": with_cache if page.status is Status.COMPLETED else None,
    }
    return {
        "cached": page.cached,
        "error": failure_text(failed) if failed else None,
        **{key: value for key, value in known.items() if value is not None},
    }


def _times(job: Job) -> JsonObject:
    ended = {"completedAt": time_text(job.completed_at)} if job.completed_at else {}
    cancelled = {"cancelledAt": time_text(job.cancelled_at)} if job.cancelled_at else {}
    return {**_created(job), **ended, **cancelled}


def _created(job: Job) -> JsonObject:
    return {"createdAt": time_text(job.created_at)}


def _duration(start: datetime | None, end: datetime | None) -> JsonObject:
    if start is None or end is None:
        return {}
    return {"durationMs": max(0, (end - start) // timedelta(milliseconds=1))}


def time_text(moment: datetime) -> str:
    """Return a time as the API writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
