"""One request to the API, as metrics and traces have it: by its route's template, never by its path."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self

from starlette.datastructures import Headers

from pagemill.observability import tracing
from pagemill.observability.metrics import API_DURATION, API_REQUESTS
from pagemill.observability.tracing import Kind, Span

if TYPE_CHECKING:
    from types import TracebackType

    from starlette.types import ASGIApp, Receive, Scope, Send

_RECORD = "pagemill.record"
WEBSOCKET = "WEBSOCKET"
"""Stands for the method of what opens a WebSocket, which is always GET."""
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", WEBSOCKET})
NO_ROUTE = "none"
"""The route of requests that none was found for, or that were refused before one was looked for."""


class RecordedRequest(Span):
    """Used as `with RecordedRequest(scope) as recorded`; `status` is to be set by the end."""

    __slots__ = ("_method", "_record", "_started", "_traced", "status")

    def __init__(self, scope: Scope) -> None:
        self.status: int | None = None
        method = scope.get("method", WEBSOCKET)
        self._method = method if method in _METHODS else "_OTHER"
        self._started = 0.0
        self._record: dict[str, Any] = {}
        scope[_RECORD] = self._record  # copies of the scope have it too
        attributes = parent = None
        self._traced = tracing.is_on() and scope["path"].startswith(("/v1", "/v2"))
        if self._traced:
            attributes = {"http.request.method": self._method, "url.path": scope["path"], "url.scheme": scope["scheme"]}
            parent = Headers(scope=scope).get("traceparent")
        super().__init__(self._method, Kind.SERVER, attributes, parent)

    def __enter__(self) -> Self:
        self._started = time.perf_counter()
        return super().__enter__() if self._traced else self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        route = self._record.get("route", NO_ROUTE)
        API_REQUESTS.add(self._method, route, str(self.status or "none"))
        API_DURATION.observe(time.perf_counter() - self._started, self._method, route)
        self.set(http__route=route, http__response__status_code=self.status)
        self.rename(f"{self._method} {route}")
        if self.status is not None and self.status >= 500:
            self.fail(str(self.status))
        super().__exit__(kind, error, trace)


class RouteRecording:
    """The innermost middleware: tells the record of a request which route it went to."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, as ASGI has it."""
        try:
            await self.app(scope, receive, send)
        finally:
            path = getattr(scope.get("route"), "path", None)
            if isinstance(path, str):
                record_route(scope, path)


def record_route(scope: Scope, path: str) -> None:
    """Tell the record of a request that it went to the route with this path."""
    if _RECORD in scope:
        scope[_RECORD]["route"] = path
