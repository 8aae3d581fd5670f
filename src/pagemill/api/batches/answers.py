"""The response bodies of batches by upload."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from pagemill.api.wire.answer_shapes import CancelledAt, JobStatus, Milliseconds, Time, Warnings
from pagemill.api.wire.answers import BULK, batch_result, job_times, time_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pagemill.jobs.batches.store import BatchProgress, EndedLine
    from pagemill.model import Job, JsonObject

BatchId = Annotated[str, Field(examples=["bulk_0123456789abcdef01234567"])]


class UploadedBatch(TypedDict):
    """A batch that was just taken."""

    id: BatchId
    jobId: BatchId
    status: JobStatus
    jobType: Literal["bulk_url_scraper"]
    totalPages: Annotated[int, Field(ge=1, description="How many lines have a URL.")]
    createdAt: Time
    warnings: NotRequired[Warnings]


class Batch(TypedDict):
    """How far a batch is."""

    id: BatchId
    jobId: BatchId
    status: JobStatus
    jobType: Literal["bulk_url_scraper"]
    country: str
    totalPages: Annotated[int, Field(ge=1)]
    completedPages: Annotated[int, Field(ge=0)]
    failedPages: Annotated[int, Field(ge=0, description="Those that were cancelled in the queue are among them.")]
    notBegunPages: Annotated[
        int, Field(ge=0, description="That wait before the queue; of a batch that was cancelled: that have no result.")
    ]
    results: Annotated[str, Field(description="The path of the results.")]
    createdAt: Time
    completedAt: NotRequired[Time]
    cancelledAt: NotRequired[CancelledAt]
    durationMs: NotRequired[Milliseconds]


def uploaded(job: Job, lines: int) -> JsonObject:
    """Return the fields of `UploadedBatch`."""
    return {
        "id": job.id,
        "jobId": job.id,
        "status": job.status.value,
        "jobType": BULK,
        "totalPages": lines,
        "createdAt": time_text(job.created_at),
    }


def batch(job: Job, progress: BatchProgress) -> JsonObject:
    """Return the fields of `Batch`."""
    ended = job.completed_at
    return {
        "id": job.id,
        "jobId": job.id,
        "status": job.status.value,
        "jobType": BULK,
        "country": job.options.country,
        "totalPages": progress.total,
        "completedPages": progress.completed,
        "failedPages": progress.ended - progress.completed,
        "notBegunPages": progress.total - progress.begun,
        "results": f"/v1/batches/{job.id}/results",
        **job_times(job),
        **({"durationMs": max(0, (ended - job.created_at) // timedelta(milliseconds=1))} if ended else {}),
    }


def batch_line(line: EndedLine, bodies: Mapping[str, Any], metadata: bytes | None) -> JsonObject:
    """Return a result, contents as `Packed`."""
    return {
        "number": line.number,
        **({} if line.own_id is None else {"id": line.own_id}),
        **batch_result(line.job, line.page, bodies, metadata),
    }
