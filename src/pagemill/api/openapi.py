"""The OpenAPI document: what FastAPI generates, corrected to match the actual answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from pagemill.api.firecrawl.failures import public_code
from pagemill.api.middleware.api_keys import READER_PREFIX
from pagemill.api.wire.answer_shapes import ErrorBody, FirecrawlErrorBody
from pagemill.api.wire.error_response import INTERNAL_MESSAGE, error_body, firecrawl_error_body, is_firecrawl
from pagemill.errors import (
    ConflictError,
    DeadlineExceededError,
    DnsError,
    ForbiddenError,
    HttpStatusError,
    InvalidUrlError,
    NotFoundError,
    NotServedError,
    NotSupportedError,
    PagemillError,
    PayloadTooLargeError,
    QueueFullError,
    RateLimitedError,
    RequestError,
    SearchError,
    SearchRateLimitedError,
    SearchTimeoutError,
    UnauthorizedError,
    UnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastapi import FastAPI

    from pagemill.settings import Settings

DESCRIPTION = """Pagemill turns URLs into HTML, cleaned HTML and Markdown.

Submit a URL or a batch, then ask for the job by its id until its status is `completed` or `failed`; or let
`?wait=SECONDS` hold the answer until then. Every call below `/v1` needs the header `X-API-Key`.
Every error is `{"error": code, "code": code, "message": sentence}`, every response has an `X-Request-Id`.

Below `/v2` the same is served as Firecrawl's API has it, for programs that speak it."""

_ERROR_SCHEMA = "ErrorBody"
_FIRECRAWL_ERROR_SCHEMA = "FirecrawlErrorBody"

_FRAMEWORK_ERROR = "HTTPValidationError"

_SUBMITTING = frozenset(
    {
        "submitUrl",
        "submitBatch",
        "submitRequest",
        "scrape",
        "scrapeUrl",
        "retryJob",
        "submitMap",
        "submitCrawl",
        "runMonitor",
        "readUrl",
        "search",
        "uploadBatch",
        "firecrawlScrape",
        "firecrawlSubmitBatch",
        "firecrawlSubmitCrawl",
        "firecrawlMap",
        "firecrawlSubmitExtract",
        "firecrawlSearch",
    }
)

_CONFLICTING = frozenset(
    {"pauseMonitor", "resumeMonitor", "runMonitor", "firecrawlCancelBatch", "firecrawlCancelCrawl"}
)

_SEARCHING = frozenset({"search", "firecrawlSearch"})

_HELD = frozenset({"firecrawlScrape", "firecrawlMap"})
"""What is held until a page has ended, and answered with why it failed."""

_TAKING_SESSIONS = frozenset(
    {"submitUrl", "submitBatch", "submitRequest", "scrape", "scrapeUrl", "submitMap", "submitCrawl", "createMonitor"}
    | {"search", "uploadBatch"}
)

_FOR_OPERATORS = frozenset({"getMetrics", "listProxyScores"})

ErrorClass = type[PagemillError]

_EXAMPLES: Mapping[ErrorClass, str] = {
    DeadlineExceededError: "The page took longer than the 30 seconds that it had.",
    DnsError: "There is no host with the name nowhere.example.",
    HttpStatusError: "The page answered with HTTP status 404.",
    RequestError: "The field `url` is required.",
    InvalidUrlError: "The field `urls[3]` is not a valid URL: only http and https are scraped.",
    NotSupportedError: "The field `useBrowser` is not supported by this version.",
    UnauthorizedError: "This API key is not known, or was revoked.",
    ForbiddenError: "This takes an operator's key.",
    NotFoundError: "There is no such job.",
    ConflictError: "This Idempotency-Key came with another request before. Use a new key.",
    PayloadTooLargeError: "The request body is larger than 1048576 bytes.",
    RateLimitedError: "At most 60 submissions a minute are taken here from one key.",
    QueueFullError: "At most 100000 pages of one key wait or are worked on.",
    PagemillError: INTERNAL_MESSAGE,
    NotServedError: "Searching the web is not set up here.",
    SearchError: "The search service answered with status 500.",
    SearchRateLimitedError: "The search service asks for fewer searches.",
    SearchTimeoutError: "The search service did not answer in time.",
    UnavailableError: "The database is not available. Try again in a moment.",
}


def complete(app: FastAPI, settings: Settings) -> None:
    """Make `app.openapi()` return the completed document, made once, on first need."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(generate(), settings)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _completed(document: dict[str, Any], settings: Settings) -> dict[str, Any]:
    schemas = document["components"]["schemas"]
    for unused in (_FRAMEWORK_ERROR, "ValidationError"):
        schemas.pop(unused, None)
    schemas[_ERROR_SCHEMA] = TypeAdapter(ErrorBody).json_schema()
    details = TypeAdapter(FirecrawlErrorBody).json_schema(ref_template="#/components/schemas/{model}")
    schemas |= details.pop("$defs") | {_FIRECRAWL_ERROR_SCHEMA: details}
    schemas["BatchRequest"]["properties"]["urls"]["maxItems"] = settings.requests.max_batch_urls
    for path, methods in document["paths"].items():
        for operation in methods.values():
            _complete_operation(path, operation)
    return document


def _complete_operation(path: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    if _FRAMEWORK_ERROR in str(responses.get("422")):
        del responses["422"]
    for status, errors in _errors_of(path, operation).items():
        responses.setdefault(str(status), _error_response(errors, path))
    for response in responses.values():
        response.setdefault("headers", {})["X-Request-Id"] = {
            "description": "The request's id, which the service's log has as well.",
            "schema": {"type": "string"},
        }
    operation["responses"] = dict(sorted(responses.items()))


def _errors_of(path: str, operation: dict[str, Any]) -> dict[int, Sequence[ErrorClass]]:
    """Return what can go wrong in an operation, by status."""
    errors: dict[int, Sequence[ErrorClass]] = {500: (PagemillError,)}
    if not path.startswith(("/v1/", "/v2/", READER_PREFIX)) and operation["operationId"] not in _FOR_OPERATORS:
        return errors
    errors |= {401: (UnauthorizedError,), 413: (PayloadTooLargeError,), 503: (UnavailableError,)}
    if "requestBody" in operation:
        errors |= {400: (RequestError, InvalidUrlError, NotSupportedError), 409: (ConflictError,)}
    elif operation.get("parameters"):
        errors |= {400: (RequestError,)}
    if operation["operationId"] in _CONFLICTING:
        errors |= {400: (RequestError,), 409: (ConflictError,)}
    if operation["operationId"] in _SUBMITTING:
        errors |= {429: (RateLimitedError, QueueFullError)}
    if operation["operationId"] in _SEARCHING:
        errors |= {501: (NotServedError,), 502: (SearchError,), 503: (UnavailableError, SearchRateLimitedError)}
        errors |= {504: (SearchTimeoutError,)}
    if operation["operationId"] in _HELD:
        errors |= {408: (DeadlineExceededError,), 422: (DnsError, HttpStatusError)}
    if path.startswith("/v1/webhooks"):
        errors |= {400: (RequestError, InvalidUrlError, NotSupportedError)}
    if operation["operationId"] in _FOR_OPERATORS:
        errors |= {403: (ForbiddenError,)}
    takes_session = operation["operationId"] in _TAKING_SESSIONS
    if "{" in path or operation["operationId"] == "getMetrics" or takes_session:
        errors |= {404: (NotFoundError,)}
    return errors


def _error_response(errors: Sequence[ErrorClass], path: str) -> dict[str, Any]:
    said = {error.code: _EXAMPLES[error] for error in errors}
    examples: dict[str, Any] = {code: {"value": error_body(code, message)} for code, message in said.items()}
    schema = _ERROR_SCHEMA
    if is_firecrawl(path):
        said = {public_code(code): message for code, message in said.items()}
        examples = {code: {"value": firecrawl_error_body(code, message)} for code, message in said.items()}
        schema = _FIRECRAWL_ERROR_SCHEMA
    return {
        "description": "One of " + ", ".join(f"`{code}`" for code in examples) if errors[1:] else next(iter(examples)),
        "content": {
            "application/json": {
                "schema": {"$ref": f"#/components/schemas/{schema}"},
                "examples": examples,
            }
        },
    }
