"""Error responses: `{"error": code, "code": code, "message": sentence}`.

Below /v2, where Firecrawl's API is, they are as its clients read them: `{"success": false, "error": sentence, "code"}`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from pagemill.api.wire.field_problems import describe, field_name
from pagemill.errors import (
    MethodNotAllowedError,
    NotFoundError,
    PagemillError,
    PayloadTooLargeError,
    QueueFullError,
    RateLimitedError,
    RequestError,
    SearchRateLimitedError,
    UnauthorizedError,
    UnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI
    from starlette.requests import Request

RETRY_AFTER = 2
"""Seconds after which a client may try again when the service is unavailable, or that which searches is busy."""

FIRECRAWL_PREFIX = "/v2"

INTERNAL_MESSAGE = "Something went wrong on our side. The request's id finds the details in the service's log."

# What the framework says by status alone.
_FRAMEWORK_ERRORS: Mapping[int, RequestError] = {
    404: NotFoundError("There is no such endpoint."),
    405: MethodNotAllowedError("This endpoint does not take this method. The Allow header names those that it takes."),
    413: PayloadTooLargeError("The request body is too large."),
}


class InvalidBodyError(HTTPException):
    """A body with an invalid field. FastAPI lets nothing but an HTTPException through while it reads a body."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(RequestError.http_status, message)
        self.field = field


def error_response(error: Exception, path: str = "") -> JSONResponse:
    """Return the response for `error` of a request to `path`.

    An error that is not a client's becomes a 500 without details.
    """
    body_of = firecrawl_error_body if is_firecrawl(path) else error_body
    known, headers = _request_error(error)
    if known is None:
        return JSONResponse(body_of(PagemillError.code, INTERNAL_MESSAGE), 500)
    return JSONResponse(
        body_of(known.code, known.message), known.http_status, headers={**_headers(known), **(headers or {})}
    )


def error_body(code: str, message: str) -> dict[str, str]:
    """Return the body of an error. Some clients read `error`, others `code`."""
    return {"error": code, "code": code, "message": message}


def firecrawl_error_body(code: str, message: str) -> dict[str, object]:
    """Return the body of an error as Firecrawl's clients read it."""
    return {"success": False, "error": message, "code": code}


def is_firecrawl(path: str) -> bool:
    """Whether a path belongs to Firecrawl's API."""
    return path == FIRECRAWL_PREFIX or path.startswith(f"{FIRECRAWL_PREFIX}/")


def add_error_handlers(app: FastAPI) -> None:
    """Give the framework's own errors the same body. All others reach `request_logging.RequestLogging`."""

    async def handle(request: Request, error: Exception) -> JSONResponse:
        return error_response(error, request.scope["path"])

    app.add_exception_handler(HTTPException, handle)
    app.add_exception_handler(RequestValidationError, handle)


def field_of(error: Exception) -> str | None:
    """Return the field or the parameter that an error is about, such as `urls[3]`; None where it is no single one."""
    if isinstance(error, RequestValidationError):
        return field_name(error.errors()[0]["loc"]) or None
    return error.field if isinstance(error, RequestError | InvalidBodyError) else None


def _request_error(error: Exception) -> tuple[RequestError | None, Mapping[str, str] | None]:
    """Return what a client did wrong, or the service cannot do now, with headers; None for a fault of our own."""
    if isinstance(error, InvalidBodyError):
        return RequestError(error.detail), None
    if isinstance(error, HTTPException):
        return _of_framework(error), error.headers
    if isinstance(error, RequestValidationError):
        return RequestError(describe(error.errors()[0])), None
    return (error if isinstance(error, RequestError) else None), None


def _headers(error: RequestError) -> dict[str, str]:
    if isinstance(error, UnavailableError):
        return {"Retry-After": str(RETRY_AFTER)}
    if isinstance(error, RateLimitedError | QueueFullError | SearchRateLimitedError):
        return {"Retry-After": str(error.retry_after)}
    if isinstance(error, UnauthorizedError):
        return {"WWW-Authenticate": "ApiKey, Bearer"}  # RFC 9110 section 11.6.1: a 401 has a challenge
    return {}


def _of_framework(error: HTTPException) -> RequestError | None:
    known = _FRAMEWORK_ERRORS.get(error.status_code)
    if known is None and 400 <= error.status_code < 500:
        return RequestError("The request could not be read.")
    return known
