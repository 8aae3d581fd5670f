"""Every metric of Pagemill. `docs/monitoring.md` lists them, and a test keeps it so.

Label values are few and known beforehand, but for hosts, whose number a setting limits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagemill.observability import instruments
from pagemill.observability.host_labels import HostLabels
from pagemill.observability.instruments import Counter, Gauge, Histogram

if TYPE_CHECKING:
    from pagemill.settings import Settings

STAGES = ("queue_wait", "http", "browser", "extraction", "structuring", "page")

JOBS_SUBMITTED = Counter("jobs_submitted_total", "Jobs that were stored.")
PAGES_SUBMITTED = Counter("pages_submitted_total", "Pages of jobs that were stored.")
JOBS_ENDED = Counter(
    "jobs_ended_total", "Jobs that ended: completed if any page completed.", status=("completed", "failed")
)
PAGES_ENDED = Counter("pages_ended_total", "Pages that ended; `code` is the error's.", status=(), code=())
PAGES_BY_HOST = Counter("host_pages_ended_total", "Pages that ended, by host.", host=(), status=())
PAGES_COMPLETED = Counter(
    "pages_completed_total", "Pages that completed, by where they came from.", source=("http", "browser", "cache")
)
PAGES_RESCUED = Counter("pages_rescued_total", "Pages of dead workers that went back to the queue.")
STAGE_DURATION = Histogram("stage_duration_seconds", "How long a stage of a page took.", stage=STAGES)

FETCHES = Counter("fetch_requests_total", "HTTP requests to hosts: `2xx` and so on, or `error`.", status=())
EXTRACTION_RESTARTS = Counter(
    "extraction_restarts_total",
    "Extraction processes that were lost while they read a page.",
    reason=("crashed", "timeout", "memory", "cancelled"),
)
EXTRACTION_PROCESSES = Gauge("extraction_processes", "Extraction processes that run.")
BROWSER_STARTS = Counter("browser_starts_total", "Browser processes that were started.")
BROWSER_ENDS = Counter(
    "browser_ends_total",
    "Browser processes that were ended, or ended by themselves.",
    reason=("crashed", "idle", "memory", "pages", "shutdown", "unresponsive"),
)
BROWSER_PROCESSES = Gauge("browser_processes", "Browser processes that run.")
BROWSER_PAGES = Gauge("browser_pages", "Pages that are open in browsers, each in a context of its own.")
CACHE_REQUESTS = Counter(
    "cache_requests_total",
    "Pages that were asked of the page cache; `shared` ones came with another request's fetch.",
    outcome=("hit", "shared", "miss", "stale", "bypassed"),
)
CACHE_REVALIDATED = Counter("cache_revalidated_total", "Stale pages that had not changed: their hosts answered 304.")
EGRESS_REFUSALS = Counter(
    "egress_refusals_total", "Addresses that the egress guard refused.", kind=("address", "name", "port", "own_service")
)

STORAGE_OPERATIONS = ("put", "read", "delete", "list")
STORAGE_REQUESTS = Counter(
    "storage_requests_total",
    "Requests to the object storage; `missing` is an object that is not there, `damaged` one that is cut short.",
    operation=STORAGE_OPERATIONS,
    outcome=("ok", "missing", "damaged", "error"),
)
STORAGE_DURATION = Histogram(
    "storage_request_duration_seconds", "How long requests to the object storage took.", operation=STORAGE_OPERATIONS
)
STORAGE_BYTES = Counter(
    "storage_bytes_total", "Bytes that were written to the object storage, or read from it.", operation=("put", "read")
)

WEBHOOK_ATTEMPTS = Counter(
    "webhook_attempts_total",
    "Attempts to deliver a webhook; `failed` is tried again.",
    outcome=("success", "failed", "exhausted"),
)
WEBHOOK_DURATION = Histogram("webhook_attempt_duration_seconds", "How long an attempt to deliver a webhook took.")

MONITOR_RUNS = Counter(
    "monitor_runs_total",
    "Runs of monitors that ended, or that a limit refused: `postponed`.",
    outcome=("changed", "unchanged", "failed", "postponed"),
)
MONITOR_CHANGES = Counter("monitor_changes_total", "Changes that monitors found.", kind=("changed", "added", "removed"))

MODEL_REQUESTS = Counter("model_requests_total", "Requests to the language model.", outcome=("ok",))
MODEL_TOKENS = Counter(
    "model_tokens_total", "Tokens that the language model says it read and wrote.", direction=("input", "output")
)
MODEL_DURATION = Histogram("model_request_duration_seconds", "How long the language model took to answer.")

API_REQUESTS = Counter(
    "api_requests_total", "Requests to the API, by route template and status.", method=(), route=(), status=()
)
API_DURATION = Histogram(
    "api_request_duration_seconds", "How long requests to the API took, waits for a job included.", method=(), route=()
)
PROCESS_RESTARTS = Counter(
    "process_restarts_total",
    "Child processes of `pagemill serve` that ended and were started again.",
    process=("api", "worker", "database"),
)

_hosts = HostLabels(0)


def turn_on(settings: Settings, process: str) -> None:
    """Count from now on, where the settings say so. `process` is this process's name, without underscores."""
    global _hosts  # noqa: PLW0603 - metrics are of the whole process
    if settings.observability.metrics:
        _hosts = HostLabels(settings.observability.metrics_hosts)
        instruments.turn_on(process)


def page_completed(source: str, url: str) -> None:
    """Count a page that completed; `source` is http, browser or cache."""
    PAGES_ENDED.add("completed", "")
    PAGES_COMPLETED.add(source)
    _count_host(url, "completed")


def page_failed(code: str, url: str | None = None, pages: int = 1) -> None:
    """Count pages that failed with an error's code."""
    if not pages:
        return
    PAGES_ENDED.add("failed", code, amount=pages)
    _count_host(url, "failed")


def _count_host(url: str | None, status: str) -> None:
    label = _hosts.of(url) if url else None
    if label is not None:
        PAGES_BY_HOST.add(label, status)
