"""The columns of jobs and pages that statements read, as `job_of` and `page_of` take them."""

from __future__ import annotations

JOB_COLUMNS = """id, key_id, batch, options, status, request_hash, created_at, completed_at, cancelled_at,
    webhook_url, webhook, kind, site"""

PAGE_COLUMNS = (
    "id, job_id, position, url, status, error_code, error_message, final_url, status_code, cached, fetched_with, "
    "attempts, created_at, started_at, completed_at"
)
