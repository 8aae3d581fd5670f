"""Why a page failed, in Firecrawl's codes where it has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from pagemill.api.wire.error_response import firecrawl_error_body
from pagemill.errors import DeadlineExceededError, DnsError, TlsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pagemill.api.resources import Resources
    from pagemill.model import Failure

FAILED_STATUS = 422
"""The answer for a page that failed: the service works, so it is no 5xx, which clients repeat and alerts count."""
TIMEOUT_STATUS = 408
SCRAPE_TIMEOUT = "SCRAPE_TIMEOUT"
RETRY_AFTER = 1
"""Seconds after which a client may send a request again whose page was not done in time."""

_CODES: Mapping[str, str] = {
    DeadlineExceededError.code: SCRAPE_TIMEOUT,
    DnsError.code: "SCRAPE_DNS_RESOLUTION_ERROR",
    TlsError.code: "SCRAPE_SSL_ERROR",
}


def public_code(code: str) -> str:
    """Return Firecrawl's code for one of this service's, or that where it has none."""
    return _CODES.get(code, code)


def code_of(failure: Failure) -> str:
    """Return the code of a failure."""
    return public_code(failure.code)


def failed_response(failure: Failure | None) -> JSONResponse:
    """Return the answer for a page that failed."""
    if failure is None:
        return JSONResponse(firecrawl_error_body("failed", "The page failed."), FAILED_STATUS)
    code = code_of(failure)
    status = TIMEOUT_STATUS if code == SCRAPE_TIMEOUT else FAILED_STATUS
    return JSONResponse(firecrawl_error_body(code, failure.message), status)


def unfinished_response(resources: Resources, job_id: str, *, code: str = SCRAPE_TIMEOUT) -> JSONResponse:
    """Return the answer for a page that is still worked on. The same request again waits for the same job."""
    body = firecrawl_error_body(code, f"The job {job_id} has not ended yet. The same request again waits for it.")
    details = {"state": "processing_continues", "retryAfterSeconds": RETRY_AFTER}
    joined = {"details": details} if resources.settings.requests.repeat_window else {}
    return JSONResponse({**body, **joined}, TIMEOUT_STATUS, headers={"Retry-After": str(RETRY_AFTER)})
