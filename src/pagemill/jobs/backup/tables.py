"""Which tables a backup holds."""

from __future__ import annotations

TABLES = (
    "keys",
    "jobs",
    "pages",
    "bodies",
    "batches",
    "batch_lines",
    "batch_ends",
    "crawl_urls",
    "crawl_hosts",
    "crawl_contents",
    "host_turns",
    "robots_files",
    "monitors",
    "monitor_pages",
    "monitor_changes",
    "monitor_snapshots",
    "monitor_runs",
    "webhook_endpoints",
    "webhook_account_secrets",
    "webhook_deliveries",
    "exit_scores",
    "recent_requests",
    "submit_windows",
    "daily_pages",
    "browser_hosts",
    "selectors",
    "sessions",
    "corrected_pages",
    "corrections",
    "correction_versions",
)
"""What a backup holds, each after the tables that it refers to."""

LEFT_OUT = (
    *("schema_versions", "workers", "unended_pages", "cached_pages", "cached_bodies", "selector_lessons"),
    *("object_owner", "deleted_objects", "metrics_history", "sign_ins"),
)
"""What it does not hold: what migrations and triggers make, what describes running workers, the page cache, which
objects are this database's to delete, the history of metrics, and which browsers are signed in."""
