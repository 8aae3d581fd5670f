"""Runs the application under uvicorn in the calling process until a signal stops it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import signal
import socket
from typing import TYPE_CHECKING

import structlog
import uvicorn

from pagemill.api.app import create_app
from pagemill.api.connection_limits import ConnectionLimits, connections_that_fit
from pagemill.api.firecrawl.jobs.watching import PATHS as WEBSOCKET_PATHS
from pagemill.api.http_protocol import HttpProtocol
from pagemill.api.listener import listen
from pagemill.api.websocket_protocol import MAX_RECEIVED_BYTES, PING_INTERVAL, WebSocketProtocol
from pagemill.process_lifetime import tell_ready, watch_parent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pagemill.settings import Settings

log = structlog.get_logger(__name__)


def run(settings: Settings, fd: int | None = None, *, ready_fd: int | None = None, supervised: bool = False) -> None:
    """Serve until SIGTERM or SIGINT, or until the supervisor dies where there is one.

    Listens on the host and port of the settings, or on the listening socket inherited as `fd`. At the end no
    connection is accepted any more, requests that wait for a job are answered as things stand, and others may finish
    within the grace period. The pipe `ready_fd` is told when it serves.
    Raises errors.OperatorError where the address cannot be listened on.
    """
    import uvloop

    listener = listen(settings.service.host, settings.service.port) if fd is None else socket.socket(fileno=fd)
    uvloop.run(_serve(settings, listener, ready_fd, supervised=supervised))


async def _serve(settings: Settings, listener: socket.socket, ready_fd: int | None, *, supervised: bool) -> None:
    server = ApiServer(settings, on_ready=lambda: tell_ready(ready_fd))
    if supervised:
        watch_parent(server.stop)
    host, port = listener.getsockname()[:2]
    log.info("api starts", host=host, port=port)
    await server.serve(sockets=[listener])


class ApiServer(uvicorn.Server):
    """uvicorn with this application, and a shutdown that ends waiting requests first."""

    def __init__(self, settings: Settings, on_ready: Callable[[], None] | None = None) -> None:
        self._on_ready = on_ready
        self.app = create_app(settings)
        limits = ConnectionLimits(
            connections_that_fit(settings.connections.max_connections),
            settings.connections.max_connections_per_address,
        )
        bounds = settings.connections
        protocol = functools.partial(
            HttpProtocol,
            settings=bounds,
            limits=limits,
            websocket_paths=WEBSOCKET_PATHS,
            upload_timeout=settings.batches.batch_upload_timeout,
        )
        config = uvicorn.Config(
            self.app,
            http=protocol,  # type: ignore[arg-type]  # uvicorn only calls it
            ws=functools.partial(WebSocketProtocol, settings=bounds, limits=limits),  # type: ignore[arg-type]
            ws_max_size=MAX_RECEIVED_BYTES,
            ws_ping_interval=PING_INTERVAL,
            ws_ping_timeout=PING_INTERVAL,
            ws_per_message_deflate=False,
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=settings.service.keep_alive,
            timeout_graceful_shutdown=max(1, round(settings.service.grace_period)),
        )
        super().__init__(config)

    def stop(self) -> None:
        """Begin to stop; `serve` returns when that is done."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        if self.started and self._on_ready:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End waiting requests, then everything else."""
        self.app.state.resources.stopping.set()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT. uvicorn would raise them again afterwards."""
        loop = asyncio.get_running_loop()
        signals = (signal.SIGTERM, signal.SIGINT)
        for number in signals:
            loop.add_signal_handler(number, self.stop)
        try:
            yield
        finally:
            for number in signals:
                loop.remove_signal_handler(number)
