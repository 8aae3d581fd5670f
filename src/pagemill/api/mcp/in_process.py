"""Requests of the tools to the API of this very process: through all its middleware, with the caller's key.

So keys, limits, fairness and the log hold for them as for any request.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING
from urllib.parse import unquote

import httpx2
import structlog

from pagemill.client import AsyncClient, ClientError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.types import ASGIApp, Message, Scope

    from pagemill.settings import Settings

_BASE_URL = "http://127.0.0.1"
_OF_THE_CALLER = ("x-api-key", "authorization")
_REQUEST_ID = "request_id"


class StoppingError(ClientError):
    """The service stops, so that nothing can be waited for."""

    code = "unavailable"


class AnswerTooLargeError(ClientError):
    """An answer is larger than one that is taken up."""

    code = "answer_too_large"


class Connector:
    """Makes clients that call the API with the headers of a request. Each is for one call of a tool."""

    def __init__(self, app: ASGIApp, settings: Settings, stopping: asyncio.Event) -> None:
        self._app = app
        self._settings = settings.mcp
        self._stopping = stopping

    @contextlib.asynccontextmanager
    async def __call__(self, headers: Mapping[str, str]) -> AsyncIterator[AsyncClient]:
        """Yield a client."""
        own = {name: headers[name] for name in _OF_THE_CALLER if name in headers}
        request_id = structlog.contextvars.get_contextvars().get(_REQUEST_ID)
        if request_id:
            own["x-request-id"] = request_id
        transport = _Transport(self._app, own, self._stopping, self._settings.mcp_max_answer_bytes)
        async with AsyncClient(_BASE_URL, retries=self._settings.mcp_retries, transport=transport) as client:
            yield client


class _Transport(httpx2.AsyncBaseTransport):
    """Sends requests to an ASGI application."""

    def __init__(self, app: ASGIApp, own: Mapping[str, str], stopping: asyncio.Event, max_bytes: int) -> None:
        self._app = app
        self._own = own
        self._stopping = stopping
        self._max_bytes = max_bytes

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Return the response, read whole. Raises ClientError where it cannot be had."""
        if self._stopping.is_set():
            raise StoppingError("The service is being restarted. Ask again in a moment.")
        exchange = _Exchange(await request.aread(), self._max_bytes)
        try:
            await self._app(self._scope(request), exchange.receive, exchange.send)
        except Exception as error:
            raise httpx2.ReadError(f"The answer broke off: {type(error).__name__}") from error
        if exchange.is_too_large:
            raise AnswerTooLargeError(
                f"The answer is larger than {self._max_bytes} bytes. Ask for less: fewer pages, or parts of them."
            )
        if not exchange.status:
            raise httpx2.ReadError("There was no answer.")
        return httpx2.Response(exchange.status, headers=exchange.headers, content=bytes(exchange.body))

    def _scope(self, request: httpx2.Request) -> Scope:
        headers = {name: value for name, value in request.headers.items() if name not in _OF_THE_CALLER}
        headers |= {**self._own, "accept-encoding": "identity"}
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": unquote(request.url.path),
            "raw_path": request.url.raw_path.partition(b"?")[0],
            "query_string": request.url.query,
            "root_path": "",
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
            "server": ("127.0.0.1", 80),
            "client": None,
            "state": {},
        }


class _Exchange:
    """One request and its response, as ASGI has them."""

    def __init__(self, body: bytes, max_bytes: int) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = bytearray()
        self.is_too_large = False
        self._sent: bytes | None = body
        self._max_bytes = max_bytes
        self._over = asyncio.Event()

    async def receive(self) -> Message:
        if self._sent is not None:
            body, self._sent = self._sent, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._over.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message.get("headers", ()))
            return
        part = message.get("body", b"")
        if len(self.body) + len(part) > self._max_bytes:
            # As if the client had gone: whoever sends stops.
            self.is_too_large = True
            self.body.clear()
        elif not self.is_too_large:
            self.body += part
        if self.is_too_large or not message.get("more_body", False):
            self._over.set()
