"""The metrics of one worker that runs without a supervisor, on a port of its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, Self

import structlog

from pagemill.errors import OperatorError, UnavailableError
from pagemill.jobs.database.pool import Database
from pagemill.jobs.keys.keys import Keys
from pagemill.jobs.metrics_text import metrics_text
from pagemill.jobs.queue.queue_state import QueueStates
from pagemill.observability.exposition import CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable

    import uvicorn
    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, Scope

    from pagemill.settings import Settings

log = structlog.get_logger(__name__)

_MOST_CONNECTIONS = 16
_STOP_SECONDS = 1


class MetricsServer:
    """Serves `GET /metrics` while it is entered, if the settings name a port and no supervisor collects the metrics.

    It answers as the API does: to an operator's key, or to programs on this machine where `metrics_auth` is off.
    """

    def __init__(self, settings: Settings, *, supervised: bool) -> None:
        self._settings = settings
        wanted = settings.observability.metrics and settings.observability.metrics_port
        self._serves = bool(wanted) and not supervised
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        if not self._serves:
            return self
        import uvicorn

        database = Database(
            self._settings.database.database_url or "",
            connections=1,
            wait=0,
            connect_timeout=self._settings.database.database_connect_timeout,
            name="pagemill metrics",
        )
        self._keys, self._queue = Keys(database), QueueStates(database, self._settings)
        await self._stack.enter_async_context(database)
        config = uvicorn.Config(
            self._answer,
            interface="asgi3",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_graceful_shutdown=_STOP_SECONDS,
        )
        server = uvicorn.Server(config)
        server.capture_signals = contextlib.nullcontext  # type: ignore[assignment]  # the worker listens to them
        serving = asyncio.create_task(server.serve([self._listen()]), name="serve metrics")
        self._stack.push_async_callback(_stop, server, serving)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def _listen(self) -> socket.socket:
        address = self._settings.observability.metrics_host, self._settings.observability.metrics_port
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        try:
            return socket.create_server(address, family=family)
        except OSError as error:
            raise OperatorError(
                f"Metrics cannot be served on {address[0]} port {address[1]}: {error.strerror}."
            ) from error

    async def _answer(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:  # noqa: ARG002
        if scope["type"] != "http":
            return
        status, body = await self._response(scope["path"], list(scope["headers"]), scope["client"])
        headers = [(b"content-type", CONTENT_TYPE.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers, "trailers": False})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    async def _response(
        self, path: str, headers: Iterable[tuple[bytes, bytes]], client: tuple[str, int] | None
    ) -> tuple[int, bytes]:
        if path != "/metrics":
            return 404, b"Only /metrics is served here.\n"
        try:
            allowed = await self._is_allowed(dict(headers), client)
        except UnavailableError:
            return 503, b"The database, which knows the keys, does not answer.\n"
        if not allowed:
            return 401, b"Metrics take an operator's key, as a bearer token.\n"
        return 200, await metrics_text(self._queue)

    async def _is_allowed(self, headers: dict[bytes, bytes], client: tuple[str, int] | None) -> bool:
        if not self._settings.observability.metrics_auth:
            return client is not None and client[0] in ("127.0.0.1", "::1")
        scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        secret = token.strip() if scheme.lower() == "bearer" else headers.get(b"x-api-key", b"").decode("latin-1")
        known = await self._keys.find(secret) if secret else None
        return known is not None and known.operator


async def _stop(server: uvicorn.Server, serving: asyncio.Task[None]) -> None:
    server.should_exit = True
    await serving
