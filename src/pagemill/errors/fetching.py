"""What keeps the bytes of a page from being had."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagemill.errors.pages import PageError

if TYPE_CHECKING:
    from pagemill.model import FetchedPage


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


class NoProxyError(FetchError):
    """No proxy serves the country that the page was to be fetched from."""

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
