"""Request ids, the access log, and the answer to unhandled exceptions."""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from typing import TYPE_CHECKING

import structlog
from starlette.datastructures import Headers, MutableHeaders

from pagemill.api.middleware.api_keys import READER_PREFIX
from pagemill.api.middleware.recorded_request import WEBSOCKET, RecordedRequest
from pagemill.api.wire.error_response import error_response
from pagemill.errors import RequestError, UnavailableError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger(__name__)

HEADER = "X-Request-Id"

_VALID_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")
_ANSWERS = ("http.response.start", "websocket.http.response.start", "websocket.accept")
_SWITCHING_PROTOCOLS = 101
_QUIET_PATHS = ("/health", "/ready")
_POLLED = re.compile(r".*/(?:job|batch|map|crawl|bulk)_[0-9a-z]+|/ui/assets/.*")
"""A job, for which clients ask again and again until it ends, and what each page of the interface loads."""


def new_request_id() -> str:
    """Return a new unique id."""
    return uuid.uuid4().hex


class RequestLogging:
    """The outermost middleware: request id, access log, and the answer to exceptions that nothing else handled.

    The id is the client's own if it sent a valid one. It is bound to the log's context while the request is served.
    The log has no query, no headers and no body, since each may hold a secret.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, as ASGI has it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await _Exchange(scope, send, request_id).run(self.app, receive)


class _Exchange:
    """One request and its response."""

    def __init__(self, scope: Scope, send: Send, request_id: str) -> None:
        self._scope = scope
        self._send = send
        self._request_id = request_id
        self._status: int | None = None

    async def run(self, app: ASGIApp, receive: Receive) -> None:
        with RecordedRequest(self._scope) as recorded:
            await self._serve(app, receive)
            recorded.status = self._status

    async def _serve(self, app: ASGIApp, receive: Receive) -> None:
        started = time.perf_counter()
        try:
            await app(self._scope, receive, self._send_with_id)
        except asyncio.CancelledError:
            if self._status is not None or self._scope["type"] != "http":
                raise
            # The server cancels what has not ended within the grace period, and would answer a bare 500.
            stopped = UnavailableError("The service is being stopped. Send the request again in a moment.")
            await error_response(stopped, self._scope["path"])(self._scope, receive, self._send_with_id)
        except Exception as error:
            if not isinstance(error, RequestError):
                log.exception("request failed", path=_shown(self._scope["path"]))
            if self._status is not None:
                raise  # the answer has begun: only a broken connection can say that it is not whole
            await error_response(error, self._scope["path"])(self._scope, receive, self._send_with_id)
        finally:
            self._write_log(time.perf_counter() - started)

    async def _send_with_id(self, message: Message) -> None:
        if message["type"] in _ANSWERS:
            self._status = message.get("status", _SWITCHING_PROTOCOLS)
            MutableHeaders(scope=message)[HEADER] = self._request_id
        await self._send(message)

    def _write_log(self, seconds: float) -> None:
        path, client = self._scope["path"], self._scope.get("client")
        write = log.debug if path in _QUIET_PATHS or self._is_poll() else log.info
        write(
            "request",
            method=self._scope.get("method", WEBSOCKET),
            path=_shown(path),
            status=self._status,
            milliseconds=round(seconds * 1000),
            client=client[0] if client else None,
            key=self._scope.get("state", {}).get("key_id"),
        )

    def _is_poll(self) -> bool:
        """Whether this asked for what is asked for all the time, and was told."""
        is_well = self._status is not None and self._status < 400
        return is_well and self._scope["method"] == "GET" and _POLLED.fullmatch(self._scope["path"]) is not None


def _shown(path: str) -> str:
    """The path without the URL that one below `/r/` holds, with its secrets."""
    return f"{READER_PREFIX}…" if path.startswith(READER_PREFIX) else path


def _request_id(scope: Scope) -> str:
    sent = Headers(scope=scope).get(HEADER, "")
    return sent if _VALID_ID.fullmatch(sent) else new_request_id()
