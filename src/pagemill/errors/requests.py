"""What a client did wrong, or the service cannot do now: answered over HTTP."""

from __future__ import annotations

from typing import ClassVar

from pagemill.errors.root import PagemillError


class RequestError(PagemillError):
    """A request that is answered with an error. `http_status` is the answer's status.

    `field` is the field or the parameter that is not valid, where it is a single one, such as `urls[3]`.
    """

    code = "invalid_request"
    http_status: ClassVar[int] = 400

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class InvalidUrlError(RequestError):
    """A URL that is none, or neither http nor https."""

    code = "invalid_url"


class InvalidSchemaError(RequestError):
    """An `outputSchema` that cannot be used. The message says where and why, without a full stop."""


class InvalidPatternError(RequestError):
    """A pattern of URLs that cannot be used. The message says why, without a full stop."""


class NotSupportedError(RequestError):
    """A known option that this version does not carry out."""

    code = "not_supported"


class NotServedError(NotSupportedError):
    """A known endpoint that this service does not have. The message says what there is instead."""

    http_status = 501


class CountryNotAvailableError(RequestError):
    """No proxy serves this country. The message lists those that have one."""

    code = "country_not_available"


class UnauthorizedError(RequestError):
    """No API key, or none that is known."""

    code = "unauthorized"
    http_status = 401


class ForbiddenError(RequestError):
    """A request that takes an operator's key."""

    code = "forbidden"
    http_status = 403


class NotFoundError(RequestError):
    """No such thing, or one of another key."""

    code = "not_found"
    http_status = 404


class MethodNotAllowedError(RequestError):
    """An endpoint that does not take this HTTP method."""

    code = "method_not_allowed"
    http_status = 405


class RequestTimeoutError(RequestError):
    """A request that takes too long to arrive."""

    code = "request_timeout"
    http_status = 408


class ConflictError(RequestError):
    """The request contradicts an earlier one."""

    code = "conflict"
    http_status = 409


class PayloadTooLargeError(RequestError):
    """A request body over the limit."""

    code = "payload_too_large"
    http_status = 413


class RequestHeadTooLargeError(RequestError):
    """A request line and headers over a limit."""

    code = "request_head_too_large"
    http_status = 431


class RateLimitedError(RequestError):
    """More than the operator lets this key have. `retry_after` is the number of seconds until there may be more."""

    code = "rate_limited"
    http_status = 429

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class QueueFullError(RequestError):
    """So many pages wait that no more are taken for now. `retry_after` is in seconds."""

    code = "queue_full"
    http_status = 429
    retry_after: ClassVar[int] = 10


class UnavailableError(RequestError):
    """The service cannot answer for now: the database is away."""

    code = "unavailable"
    http_status = 503


class SearchError(RequestError):
    """The search service could not be had, or answered with what is of no use."""

    code = "search_failed"
    http_status = 502


class SearchTimeoutError(SearchError):
    """The search service did not answer in time."""

    code = "search_timeout"
    http_status = 504


class SearchRateLimitedError(SearchError):
    """The search service asks for fewer searches."""

    code = "search_rate_limited"
    http_status = 503

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DamagedResultError(RequestError):
    """A stored body that is not as it was written: cut short, or changed."""

    code = "damaged_result"
    http_status = 500

    def __init__(self, message: str = "What is stored of the result is damaged. Scrape the page again.") -> None:
        super().__init__(message)


class StorageUnavailableError(UnavailableError):
    """The object storage that holds the bodies of results is away."""

    code = "storage_unavailable"

    def __init__(self) -> None:
        super().__init__(
            "The object storage that holds the results does not answer. Try again in a moment. "
            "The operator sees the reason with `pagemill doctor`."
        )
