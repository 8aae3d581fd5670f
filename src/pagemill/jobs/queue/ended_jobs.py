"""What is logged and counted of a job that ended."""

from __future__ import annotations

from typing import Any

import structlog

from pagemill.observability.metrics import JOBS_ENDED

log = structlog.get_logger(__name__)

_FAILED = {"batch.completed": "batch.failed"}
"""There is one webhook event for the end of a batch, whatever came of it. The log has a word for each outcome."""


def log_ended_jobs(row: Any) -> None:
    """Log and count each job that a statement ended."""
    for job in (row and row["ended_jobs"]) or ():
        pages, completed = job["pages"], job["completed"]
        JOBS_ENDED.add("completed" if completed else "failed")
        log.info(
            "job ended",
            job=job["id"],
            outcome=job["event"] if completed else _FAILED.get(job["event"], job["event"]),
            pages=pages,
            completed=completed,
            failed=pages - completed,
            seconds=job["seconds"],
        )
