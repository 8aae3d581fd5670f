"""uvicorn's HTTP protocol with limits on what an untrusted connection may cost.

uvicorn (through httptools) bounds neither the head of a request, nor pipelining, nor the time that a client takes.
Here every byte is read under a limit of `settings.connections`:

- The parser gets small slices. Bytes after which it reports no progress are counted: the head, trailers, blank lines.
  It keeps these in memory, so beyond `max_request_head_bytes` the request is refused.
- At most `max_pipelined_requests` requests wait behind the one that is being answered. Later input is dropped, and the
  connection closes after the answers.
- A WebSocket is opened only at the paths of `websocket_paths`, and not while another request is answered. What asks for
  another protocol elsewhere is answered as if it had not.
- Timers bound how long a head and a body may take to arrive, and how long a client may read nothing.

`tests/api/test_http_protocol.py` reaches each limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httptools
import orjson
import structlog
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from pagemill.api.middleware.body_limit import UPLOAD_PATH
from pagemill.api.middleware.request_logging import HEADER as REQUEST_ID
from pagemill.api.middleware.request_logging import new_request_id
from pagemill.api.wire.error_response import RETRY_AFTER, error_body
from pagemill.errors import RequestError, RequestHeadTooLargeError, RequestTimeoutError, UnavailableError

if TYPE_CHECKING:
    import asyncio
    import re

    from uvicorn._types import ASGI3Application
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from pagemill.api.connection_limits import ConnectionLimits
    from pagemill.settings.api.connections import ConnectionSettings

log = structlog.get_logger(__name__)

_SLICE = 16 * 1024


class HttpProtocol(HttpToolsProtocol):
    """One connection, with its limits."""

    def __init__(
        self,
        *words: Any,
        settings: ConnectionSettings,
        limits: ConnectionLimits,
        websocket_paths: re.Pattern[bytes],
        upload_timeout: float,
        **options: Any,
    ) -> None:
        super().__init__(*words, **options)
        self._websocket_paths = websocket_paths
        self._upload_timeout = upload_timeout
        self._settings = settings
        self._limits = limits
        self._slice_size = min(_SLICE, settings.max_request_head_bytes)
        self._unparsed = 0
        """Bytes that the parser has taken since it last reported progress."""
        self._progress = False
        self._in_body = False
        self._head_size = 0
        self._refusal: RequestError | None = None
        self._dropping = False
        """Whether further input is ignored: it was refused, or is beyond the pipeline."""
        self._draining = False
        """Whether the process stops: the connection closes after the next answer, or soon where no request comes."""
        self._running: RequestResponseCycle | None = None
        self._read_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None

    # The connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept the connection, or answer 503 where there are too many."""
        super().connection_made(transport)
        if self._limits.admit(self, self.client[0] if self.client else ""):
            self._start_read_timer(self._settings.request_head_timeout)
        else:
            self._refuse(UnavailableError("Too many connections are open. Try again in a moment."))

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop everything that waits for the connection."""
        self._limits.release(self)
        self._cancel_read_timer()
        self._cancel_write_timer()
        self.pipeline.clear()
        self._unset_keepalive_if_required()
        if self._running is not None:  # with pipelining, uvicorn tells only the request that came last
            self._running.disconnected = True
            self._running.message_event.set()
        super().connection_lost(exc)

    def close(self) -> None:
        """Close an idle connection to make room for another."""
        self._dropping = True
        self.transport.close()

    def shutdown(self) -> None:
        """Close in good order: requests that the client has sent, or is sending, are answered."""
        self._draining = True
        if self._is_answering():
            super().shutdown()
        else:
            self.loop.call_later(self._settings.drain_time, self._close_if_idle)

    def _close_if_idle(self) -> None:
        if not (self._unparsed or self._in_body or self._is_answering()):
            self.close()

    def pause_writing(self) -> None:
        """Wait for the client to read, for a limited time."""
        super().pause_writing()
        self._cancel_write_timer()
        self._write_timer = self.loop.call_later(self._settings.send_timeout, self._abort)

    def resume_writing(self) -> None:
        """Write on."""
        self._cancel_write_timer()
        super().resume_writing()

    # Input

    def data_received(self, data: bytes) -> None:
        """Parse input in slices, each within the limits."""
        if self._dropping:
            return
        self._unset_keepalive_if_required()
        if self._read_timer is None:
            self._start_read_timer(self._settings.request_head_timeout)
        view = memoryview(data)
        for start in range(0, len(view), self._slice_size):
            part = view[start : start + self._slice_size]
            self._progress = False
            try:
                self.parser.feed_data(part)
            except httptools.HttpParserUpgrade:
                # Whatever follows is not HTTP/1.1. Where no WebSocket is opened, the request is answered as if it had
                # not asked for one.
                if self._should_upgrade():
                    self._limits.release(self)
                    self.handle_websocket_upgrade()
                else:
                    self._stop_reading()
                return
            except httptools.HttpParserError:
                self._refuse(self._refusal or RequestError("Invalid HTTP request received."))
                return
            if self._is_dropping():
                return
            self._unparsed = 0 if self._progress else self._unparsed + len(part)
            if self._unparsed > self._settings.max_request_head_bytes:
                self._refuse(self._head_too_large())
                return

    def send_400_response(self, msg: str) -> None:
        """Answer a malformed request."""
        self._refuse(RequestError(msg))

    # What the parser reports

    def on_message_begin(self) -> None:
        """Start a request."""
        if self._dropping:
            return
        super().on_message_begin()
        if self._read_timer is None:  # it follows another request in the same packet
            self._start_read_timer(self._settings.request_head_timeout)
        self._in_body = False
        self._head_size = 0

    def on_url(self, url: bytes) -> None:
        """Take a part of the request's path and query."""
        if not self._dropping:
            self._head_size += len(url)
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header. Trailers are not used."""
        if self._dropping or self._in_body:
            return
        super().on_header(name, value)
        self._head_size += len(name) + len(value) + len(b": \r\n")
        if len(self.headers) > self._settings.max_request_headers:
            self._reject(self._too_many_headers())

    def on_headers_complete(self) -> None:
        """Start to answer the request, or queue it behind the one that is being answered."""
        if self._dropping:
            return
        self._progress = True
        if self._head_size > self._settings.max_request_head_bytes:
            self._reject(self._head_too_large())
        if self._is_answering() and len(self.pipeline) >= self._settings.max_pipelined_requests:
            self._stop_reading()
            return
        self._in_body = True
        self._start_read_timer(self._body_timeout())
        self._limits.mark_busy(self)
        super().on_headers_complete()
        if self._draining:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Take a part of the request's body."""
        self._progress = True
        if not self._dropping:
            super().on_body(body)

    def on_chunk_header(self) -> None:
        """Note that a chunk of the body begins."""
        self._progress = True

    def on_message_complete(self) -> None:
        """End the request's body."""
        self._progress = True
        if not self._dropping:
            self._in_body = False
            self._cancel_read_timer()
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on to the next request, or wait for one."""
        super().on_response_complete()
        if not self._is_answering():
            self._limits.mark_idle(self)

    def _body_timeout(self) -> float:
        is_upload = self.url.partition(b"?")[0] == UPLOAD_PATH.encode()
        return self._upload_timeout if is_upload else self._settings.request_body_timeout

    def _should_upgrade(self) -> bool:
        if self._dropping or self._draining or self._is_answering():
            return False
        return bool(super()._should_upgrade() and self._websocket_paths.fullmatch(self.url))

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _is_dropping(self) -> bool:
        return self._dropping

    def _is_answering(self) -> bool:
        """Whether the answer to any request that came is still due."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    # Refusals

    def _head_too_large(self) -> RequestHeadTooLargeError:
        limit = self._settings.max_request_head_bytes
        return RequestHeadTooLargeError(f"The request line and headers are larger than {limit} bytes.")

    def _too_many_headers(self) -> RequestHeadTooLargeError:
        return RequestHeadTooLargeError(f"The request has more than {self._settings.max_request_headers} headers.")

    def _reject(self, error: RequestError) -> None:
        """End parsing from within a callback of the parser, which turns the exception into its own."""
        self._refusal = error
        raise error

    def _refuse(self, error: RequestError) -> None:
        """Answer with an error and close. If other answers are still due, close after these instead."""
        self._stop_reading()
        if not self._is_answering():
            if self._in_body:  # answered before its body had come
                self.transport.close()
            else:
                self._answer(error)
        elif self._in_body:
            if self.pipeline or self.cycle.response_started:
                self._abort()
            else:
                self.cycle.disconnected = True
                self._answer(error)

    def _answer(self, error: RequestError) -> None:
        request_id, body = new_request_id(), orjson.dumps(error_body(error.code, error.message))
        log.info("request refused", client=self.client and self.client[0], error=error.code, request_id=request_id)
        headers = {
            "content-type": "application/json",
            "content-length": str(len(body)),
            REQUEST_ID: request_id,
            "connection": "close",
        }
        if isinstance(error, UnavailableError):
            headers["retry-after"] = str(RETRY_AFTER)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.transport.write(STATUS_LINE[error.http_status] + lines.encode() + b"\r\n" + body)
        self.transport.close()

    def _stop_reading(self) -> None:
        """Ignore further input, and close after the last answer that is due."""
        self._dropping = True
        self._cancel_read_timer()
        if self._is_answering():
            self.cycle.keep_alive = False

    # Timers

    def _start_read_timer(self, seconds: float) -> None:
        self._cancel_read_timer()
        self._read_timer = self.loop.call_later(seconds, self._read_timed_out)

    def _cancel_read_timer(self) -> None:
        if self._read_timer is not None:
            self._read_timer.cancel()
            self._read_timer = None

    def _cancel_write_timer(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def _read_timed_out(self) -> None:
        if not (self._unparsed or self._in_body or self._is_answering()):
            self.transport.close()  # nothing came
        else:
            self._refuse(RequestTimeoutError("The request took too long to arrive."))

    def _abort(self) -> None:
        self._dropping = True
        self.transport.abort()
