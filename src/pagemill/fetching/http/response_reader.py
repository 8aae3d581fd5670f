"""One request and its answer, as libcurl reports it: header lines and body chunks, judged as they come.

The callbacks run inside libcurl and must not raise: they say that the transfer is to stop, and leave the reason in
`failure`, or in `enough` when what came is all that is wanted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from curl_cffi import CurlECode
from curl_cffi.curl import CURL_WRITEFUNC_ERROR

from pagemill.errors import (
    BodyTooLargeError,
    ConnectionResetByHostError,
    FetchError,
    InvalidResponseError,
    UnsupportedContentTypeError,
)
from pagemill.fetching.http.content_types import SNIFFED_BYTES, Kind, declared_kind, ends_whole, kind_of
from pagemill.fetching.http.curl_errors import headers_too_large
from pagemill.media_types import last_type

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_HEADER_BYTES = 256 * 1024
"""What browsers accept of headers (Chromium: 256 KiB)."""
MAX_DISCARDED_BYTES = 256 * 1024
"""The most that is read of a body that is not the page's: that of a redirect, which only frees the connection."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})

# How libcurl ends a transfer whose end did not come as announced.
_CUT_SHORT = frozenset(
    {
        CurlECode.PARTIAL_FILE,
        CurlECode.RECV_ERROR,
        CurlECode.HTTP2,
        CurlECode.HTTP2_STREAM,
        CurlECode.BAD_CONTENT_ENCODING,
        CurlECode.OPERATION_TIMEDOUT,
    }
)
_NO_CODINGS = frozenset({"", "identity", "none", "chunked"})
_KNOWN_CODINGS = frozenset({"gzip", "x-gzip", "deflate", "br", "zstd"})


class ResponseReader:
    """The answer to one request. `connected` is called once its headers are there; it may raise `FetchError`.

    Of a body longer than `most` bytes, where that is given, the rest is not read. One longer than `limit` is an error.
    """

    __slots__ = (
        "_chunks", "_connected", "_header_bytes", "_headers_ended", "_host", "_kind", "_limit", "_lines", "_most",
        "_size",
        "_sniffed",
        "enough", "failure", "headers", "status", "timed_out",
    )  # fmt: skip

    def __init__(self, host: str, limit: int, connected: Callable[[], None], most: int | None = None) -> None:
        self._host = host
        self._limit = limit
        self._most = most
        self._connected = connected
        self._lines: list[bytes] = []
        self._header_bytes = 0
        self._headers_ended = False
        self._chunks: list[bytes] = []
        self._size = 0
        self._kind: Kind | None = None
        self._sniffed = False
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        """By name in lower case; the first where one came twice, except for codings, which add up."""
        self.failure: FetchError | None = None
        self.enough = False
        self.timed_out = False

    def again(self) -> ResponseReader:
        """Return a new reader for the same request, sent again."""
        return ResponseReader(self._host, self._limit, self._connected, self._most)

    @property
    def body(self) -> bytes:
        """What came of the body, decompressed."""
        return b"".join(self._chunks)

    @property
    def content_type(self) -> str:
        """The Content-Type header; the type that counts where it names several; empty where there was none."""
        return last_type(self.header(b"content-type") or "")

    @property
    def redirects(self) -> bool:
        """Whether it is a redirect to follow. One that says not where to is a page, as in browsers, if it holds any."""
        return self.status in REDIRECTS and bool(self.headers.get(b"location"))

    @property
    def location(self) -> str:
        """Where a redirect leads. Bytes that are not ASCII are escaped one by one, as browsers do."""
        return "".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in self.headers.get(b"location", b""))

    @property
    def status_decides(self) -> bool:
        """Whether the status, an error's or a redirect's, says all, whatever becomes of the body."""
        return self.redirects or self.status >= 400

    @property
    def unknown_coding(self) -> bool:
        """Whether the body is said to be in a coding that nobody knows, such as `utf-8`: browsers take it for none."""
        return not _KNOWN_CODINGS.issuperset(self._codings(b"content-encoding"))

    def header(self, name: bytes) -> str | None:
        """A header's value; `name` in lower case."""
        value = self.headers.get(name)
        if value is None:
            return None
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value.decode("latin-1")

    def on_header(self, line: bytes) -> int:
        """Take a header line, with its line end; libcurl's header callback."""
        self._header_bytes += len(line)
        if self._header_bytes > MAX_HEADER_BYTES:
            return self._stop(headers_too_large(self._host))
        if self._headers_ended:
            return len(line)  # trailers, after the body
        try:
            if line in (b"\r\n", b"\n"):
                self._end_of_headers()
            else:
                self._take(line)
        except FetchError as error:
            return self._stop(error)
        return CURL_WRITEFUNC_ERROR if self.enough else len(line)

    def on_body(self, chunk: bytes) -> int:
        """Take a piece of the body, decompressed; libcurl's write callback."""
        self._size += len(chunk)
        if self._most is not None and self._size > self._most:
            self._chunks.append(chunk)
            self.enough = True
            return CURL_WRITEFUNC_ERROR
        if self._size > self._limit:
            self.over_limit()
            return CURL_WRITEFUNC_ERROR
        if self.redirects:
            return len(chunk)
        self._chunks.append(chunk)
        if not self._sniffed and self._size >= SNIFFED_BYTES:
            try:
                self._sniff()
            except FetchError as error:
                return self._stop(error)
        return len(chunk)

    def over_limit(self) -> None:
        """The body is larger than the limit: enough of one that only goes with a status, too much of a page."""
        if self.status_decides:
            self.enough = True
        else:
            self.failure = self._too_large()

    def transfer_failed(self, code: int) -> None:
        """The transfer failed. That matters no more where the status decides, or the body is whole by any account."""
        self.timed_out = code == CurlECode.OPERATION_TIMEDOUT
        self.enough = self.enough or (self._headers_ended and (self.status_decides or self._is_whole(code)))

    def _is_whole(self, code: int) -> bool:
        codings = self._codings(b"content-encoding")
        if code == CurlECode.WRITE_ERROR:  # we did not stop it: bytes follow the end of the compressed stream
            return bool(codings)
        if code not in _CUT_SHORT or not self._size:
            return False
        if codings and self.headers.get(b"content-length") == str(self._size).encode():
            return True  # the length is that of the uncompressed body
        return ends_whole(kind_of(self.content_type, b"".join(self._chunks[:2])), self.body)

    def finish(self) -> None:
        """The body is whole: judge what could not be judged before.

        Raises `UnsupportedContentTypeError`, and `ConnectionResetByHostError` when the headers never ended.
        """
        if not self._headers_ended:
            raise ConnectionResetByHostError(f"The connection to {self._host} broke before its answer was whole.")
        if not self._sniffed and self._chunks:
            self._sniff()

    def _take(self, line: bytes) -> None:
        if not self._lines:
            status = line.split(None, 2)[1:2]
            if not status or not status[0].isdigit():
                raise InvalidResponseError(f"The answer of {self._host} is not valid HTTP.")
            self.status = int(status[0])
        self._lines.append(line)

    def _end_of_headers(self) -> None:
        if self.status < 200:
            self._lines.clear()  # an interim answer; the final one follows
            return
        self._headers_ended = True
        self.headers = _parsed(self._lines[1:])
        self._connected()
        if self.status_decides:
            self._kind = Kind.TEXT
            self._limit_discarded()
            return
        self._check_coding()
        self._check_length()
        self._kind = declared_kind(self.content_type)
        self._check_kind()

    def _limit_discarded(self) -> None:
        # What comes with an error is kept where it can be read; a redirect's body only frees the connection.
        self.enough = self._coded_twice()
        if self.redirects:
            self._limit = min(self._limit, MAX_DISCARDED_BYTES)
        elif declared_kind(self.content_type) is Kind.UNSUPPORTED:
            self._limit = 0

    def _coded_twice(self) -> bool:
        # A body compressed twice can make libcurl spin through gigabytes of nothing inside one call.
        return len(self._codings(b"content-encoding")) + len(self._codings(b"transfer-encoding")) > 1

    def _check_coding(self) -> None:
        if self._coded_twice():
            raise InvalidResponseError(f"The body that {self._host} sent is compressed more than once.")

    def _codings(self, name: bytes) -> list[str]:
        codings = (part.strip().lower() for part in (self.header(name) or "").split(","))
        return [coding for coding in codings if coding not in _NO_CODINGS]

    def _check_length(self) -> None:
        length = b"" if self._most is not None else self.headers.get(b"content-length", b"")
        if length.isdigit() and int(length[:20]) > self._limit:
            raise self._too_large()

    def _sniff(self) -> None:
        self._sniffed = True
        if self.status_decides or self._kind in (Kind.PDF, Kind.GZIP):
            return
        self._kind = kind_of(self.content_type, self.body)
        self._check_kind()

    def _check_kind(self) -> None:
        if self._kind is Kind.UNSUPPORTED:
            what = self.content_type.partition(";")[0].strip() or "unknown binary data"
            raise UnsupportedContentTypeError(f"Pages of the type {what} cannot be turned into text.")

    def _too_large(self) -> BodyTooLargeError:
        return BodyTooLargeError(f"The page of {self._host} is larger than the limit of {self._limit} bytes.")

    def _stop(self, failure: FetchError) -> int:
        self.failure = failure
        return CURL_WRITEFUNC_ERROR


_LISTS = frozenset({b"content-encoding", b"transfer-encoding", b"content-type"})


def _parsed(lines: list[bytes]) -> dict[bytes, bytes]:
    headers: dict[bytes, bytes] = {}
    for line in lines:
        name, _, value = line.partition(b":")
        key = name.strip().lower()
        if key in _LISTS and key in headers:
            headers[key] += b"," + value.strip()
        else:
            headers.setdefault(key, value.strip())
    return headers
