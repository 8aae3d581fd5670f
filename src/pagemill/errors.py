"""Everything that can go wrong, by name. One root; each class has the code that the public sees.

`code` is what programs decide by; the message is a sentence for a person and is never read by code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from pagemill.model import Attempt, FetchedPage


class PagemillError(Exception):
    """The root. Its `code` goes to clients as it is."""

    code: ClassVar[str] = "internal_error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


# What a client did wrong, or the service cannot do now: answered over HTTP.


class RequestError(PagemillError):
    """A request that is answered with an error. `http_status` is the answer's status."""

    code = "invalid_request"
    http_status: ClassVar[int] = 400


class InvalidUrlError(RequestError):
    """A URL that is none, or neither http nor https."""

    code = "invalid_url"


class InvalidSchemaError(RequestError):
    """An `outputSchema` that cannot be used. The message says where and why, without a full stop."""


class NotSupportedError(RequestError):
    """A known option that this version does not carry out."""

    code = "not_supported"


class CountryNotAvailableError(RequestError):
    """No exit leads through this country. The message lists those that have one."""

    code = "country_not_available"


class UnauthorizedError(RequestError):
    """No API key, or none that is known."""

    code = "unauthorized"
    http_status = 401


class NotFoundError(RequestError):
    """No such thing, or one of another key."""

    code = "not_found"
    http_status = 404


class MethodNotAllowedError(RequestError):
    """An endpoint that does not take this HTTP method."""

    code = "method_not_allowed"
    http_status = 405


class ConflictError(RequestError):
    """The request contradicts an earlier one."""

    code = "conflict"
    http_status = 409


class PayloadTooLargeError(RequestError):
    """A request body over the limit."""

    code = "payload_too_large"
    http_status = 413


class RateLimitedError(RequestError):
    """More than the operator lets this key have. `retry_after` is the number of seconds until there may be more."""

    code = "rate_limited"
    http_status = 429

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UnavailableError(RequestError):
    """The service cannot answer for now: the database is away."""

    code = "unavailable"
    http_status = 503


# What ends a page as failed.


class PageError(PagemillError):
    """A page could not be scraped. `retryable` says whether the same request may go better a little later."""

    retryable: ClassVar[bool] = False
    attempts: tuple[Attempt, ...] = ()
    """The steps that were tried, and how each ended."""


class FetchError(PageError):
    """The bytes of a page could not be had."""

    code = "fetch_error"


class DnsError(FetchError):
    """The host name has no address, or nobody could say."""

    code = "dns_error"
    retryable = True


class HostNotFoundError(DnsError):
    """The DNS says that the host name does not exist or has no address."""

    retryable = False


class UnfetchableUrlError(FetchError):
    """A URL that is none, or neither http nor https."""

    code = "invalid_url"


class ConnectionRefusedByHostError(FetchError):
    """Nothing listens there."""

    code = "connection_refused"
    retryable = True


class HostUnreachableError(FetchError):
    """No way leads to the host's addresses."""

    code = "host_unreachable"
    retryable = True


class ConnectionResetByHostError(FetchError):
    """The connection broke before the answer was whole."""

    code = "connection_reset"
    retryable = True


class TlsError(FetchError):
    """No trusted encrypted connection could be made."""

    code = "tls_error"


class CertificateError(TlsError):
    """The host's certificate is not trusted, or belongs to another host."""


class FetchTimeoutError(FetchError):
    """The host took too long."""

    code = "timeout"
    retryable = True


class ConnectTimeoutError(FetchTimeoutError):
    """No connection came about in time."""


class TooManyRedirectsError(FetchError):
    """The redirects did not end within the limit."""

    code = "too_many_redirects"


class InvalidRedirectError(FetchError):
    """A redirect that leads nowhere: no address, or one that is neither http nor https."""

    code = "invalid_redirect"


class BodyTooLargeError(FetchError):
    """The body is over the limit, as sent or once decompressed."""

    code = "body_too_large"


class HeadersTooLargeError(FetchError):
    """The response headers are over the limit."""

    code = "headers_too_large"


class ProxyError(FetchError):
    """The proxy that the request was to leave by could not be reached, refused, or made no connection."""

    code = "proxy_error"
    retryable = True


class NoExitError(FetchError):
    """No exit leads through the country that the page was to be fetched from."""

    code = "country_not_available"


class BlockedAddressError(FetchError):
    """The egress guard does not let the request out."""

    code = "blocked_address"


class HttpStatusError(FetchError):
    """The host answered with a 4xx or 5xx status, which `status_code` holds.

    `retry_after` is the number of seconds that the host asked to wait, where it did. `page` is what came with the
    status, where that could be read: a challenge often hides in it.
    """

    code = "http_error"

    def __init__(
        self, message: str, status_code: int, retry_after: float | None = None, page: FetchedPage | None = None
    ) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.retry_after = retry_after
        self.page = page


class UnsupportedContentTypeError(FetchError):
    """Bytes of a kind that no text can be made of."""

    code = "unsupported_content_type"


class InvalidResponseError(FetchError):
    """The host's answer is not HTTP."""

    code = "invalid_response"


class BlockedError(FetchError):
    """The host keeps programs out, and nothing got past it. `vendor` is who guards it, where that is known."""

    code = "blocked"

    def __init__(self, message: str, vendor: str | None = None, status_code: int | None = None) -> None:
        super().__init__(message)
        self.vendor = vendor
        self.status_code = status_code


class BrowserError(FetchError):
    """A page could not be rendered."""

    code = "browser_error"


class BrowserUnavailableError(BrowserError):
    """There is no Chromium on this machine. The message says what to do."""

    code = "browser_unavailable"


class BrowserCrashedError(BrowserError):
    """Rendering the page ended the browser, or the part of it that held the page."""

    code = "browser_crashed"


class ActionError(BrowserError):
    """An action could not be carried out. `index` is its place in the request, from 0."""

    code = "action_failed"

    def __init__(self, message: str, index: int) -> None:
        super().__init__(message)
        self.index = index


class DocumentError(PageError):
    """A document that no text could be had of; its subclasses say why."""


class InvalidDocumentError(DocumentError):
    """A document that is broken."""

    code = "document_invalid"


class EncryptedDocumentError(DocumentError):
    """A document that asks for a password."""

    code = "document_encrypted"


class DocumentWithoutTextError(DocumentError):
    """A document of pictures alone, as scanners make them."""

    code = "document_without_text"


class ExtractionTimeoutError(PageError):
    """Reading the page took longer than the limit."""

    code = "extraction_timeout"


class ExtractionCrashedError(PageError):
    """Reading the page ended its process."""

    code = "extraction_crashed"


class DeadlineExceededError(PageError):
    """The page took longer than a job may."""

    code = "timeout"


class WorkerCrashedError(PageError):
    """The page took its worker down again and again."""

    code = "worker_crashed"


class CancelledPageError(PageError):
    """The job was cancelled before the page was begun."""

    code = "cancelled"


class InternalPageError(PageError):
    """A fault of our own; the details are in the log."""

    code = "internal_error"


# What keeps a page from becoming structured data: the page itself still completes.


class StructuringError(PagemillError):
    """No structured data could be made of a page."""

    code = "structuring_failed"


class ModelError(StructuringError):
    """The language model's server could not be had, or answered with an error."""

    code = "model_unavailable"


class ModelTimeoutError(ModelError):
    """The language model did not answer in time."""

    code = "model_timeout"


class ModelRateLimitedError(ModelError):
    """The language model's server asked for fewer requests, and kept asking."""

    code = "model_rate_limited"


class ModelRefusedError(ModelError):
    """The language model declined to answer."""

    code = "model_refused"


class ModelAnswerError(ModelError):
    """The language model's answer is cut off, is no JSON, or does not fit the schema."""

    code = "model_answer_invalid"


# What keeps a command from running: told to the operator.


class OperatorError(PagemillError):
    """A command cannot run as asked. The message says what to do."""

    code = "operator_error"
