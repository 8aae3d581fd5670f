"""What libcurl's error codes mean for us (curl.se/libcurl/c/libcurl-errors.html). Its messages are never read."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from curl_cffi import Curl, CurlECode, CurlInfo

from pagemill.errors import (
    BodyTooLargeError,
    CertificateError,
    ConnectionRefusedByHostError,
    ConnectionResetByHostError,
    ConnectTimeoutError,
    DnsError,
    FetchError,
    FetchTimeoutError,
    HeadersTooLargeError,
    HostUnreachableError,
    InvalidResponseError,
    TlsError,
)

if TYPE_CHECKING:
    from curl_cffi import CurlError

_CERTIFICATE = frozenset(
    {
        CurlECode.PEER_FAILED_VERIFICATION,
        CurlECode.SSL_CERTPROBLEM,
        CurlECode.SSL_ISSUER_ERROR,
        CurlECode.SSL_INVALIDCERTSTATUS,
    }
)
_TLS = frozenset({CurlECode.SSL_CONNECT_ERROR, CurlECode.SSL_CIPHER, CurlECode.USE_SSL_FAILED, CurlECode.ECH_REQUIRED})
_BROKEN = frozenset(
    {
        CurlECode.GOT_NOTHING,
        CurlECode.PARTIAL_FILE,
        CurlECode.SEND_ERROR,
        CurlECode.RECV_ERROR,
        CurlECode.SEND_FAIL_REWIND,
        CurlECode.HTTP2,
        CurlECode.HTTP2_STREAM,
        CurlECode.AGAIN,
    }
)
_NOT_HTTP = frozenset(
    {
        CurlECode.WEIRD_SERVER_REPLY,
        CurlECode.UNSUPPORTED_PROTOCOL,  # an answer without a status line, as HTTP/0.9 had it
        CurlECode.BAD_CONTENT_ENCODING,
    }
)
_UNREACHABLE = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})


def failure_of(error: CurlError, curl: Curl, host: str) -> FetchError:
    """The error of ours for one of libcurl's; `curl` is the handle that it happened on."""
    code = error.code
    if code == CurlECode.OPERATION_TIMEDOUT:
        return _timeout(curl, host)
    if code == CurlECode.COULDNT_CONNECT:
        return _no_connection(curl, host)
    if code in _CERTIFICATE or code in _TLS:
        return _no_trust(code, curl, host)
    if code in _BROKEN:
        return ConnectionResetByHostError(f"The connection to {host} broke before its answer was whole.")
    if code in _NOT_HTTP:
        return InvalidResponseError(f"The answer of {host} is not valid HTTP.")
    return _rarer(code, host)


def _rarer(code: int, host: str) -> FetchError:
    if code == CurlECode.TOO_LARGE:
        return headers_too_large(host)
    if code == CurlECode.FILESIZE_EXCEEDED:
        return BodyTooLargeError(f"The page of {host} is larger than the limit.")
    if code == CurlECode.COULDNT_RESOLVE_HOST:
        return DnsError(f"The name {host} could not be looked up.")
    return FetchError(f"The page of {host} could not be fetched.")


def headers_too_large(host: str) -> HeadersTooLargeError:
    """The error for more headers than are read."""
    return HeadersTooLargeError(f"The headers that {host} answered with are larger than the limit.")


def _timeout(curl: Curl, host: str) -> FetchTimeoutError:
    if curl.getinfo(CurlInfo.REQUEST_SIZE) == 0:  # nothing was ever asked: the connection was not there
        return ConnectTimeoutError(f"No connection to {host} came about in time.")
    return FetchTimeoutError(f"The answer of {host} took too long.")


def _no_trust(code: int, curl: Curl, host: str) -> FetchError:
    if code in _CERTIFICATE:
        return CertificateError(f"The certificate of {host} is not trusted, or belongs to another host.")
    if curl.getinfo(CurlInfo.OS_ERRNO) == errno.ECONNRESET:
        return ConnectionResetByHostError(f"The connection to {host} broke while it was being encrypted.")
    return TlsError(f"No encrypted connection to {host} could be made. Where it speaks plain HTTP, ask for http://.")


def _no_connection(curl: Curl, host: str) -> FetchError:
    if curl.getinfo(CurlInfo.OS_ERRNO) in _UNREACHABLE:
        return HostUnreachableError(f"No way leads to {host} from here.")
    return ConnectionRefusedByHostError(f"The host {host} refused the connection.")
