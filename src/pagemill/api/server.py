"""Runs the application under uvicorn, in the calling process, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from typing import TYPE_CHECKING

import orjson
import structlog
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from pagemill.api.app import create_app
from pagemill.api.listener import listen
from pagemill.api.middleware.observation import HEADER as REQUEST_ID
from pagemill.api.middleware.observation import new_request_id
from pagemill.api.wire.error_response import error_body
from pagemill.errors import RequestError
from pagemill.process_lifetime import watch_parent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pagemill.settings import Settings

log = structlog.get_logger(__name__)


def run(settings: Settings, fd: int | None = None, *, supervised: bool = False) -> None:
    """Serve until SIGTERM or SIGINT, or until the supervisor dies where there is one.

    Listens on the host and port of the settings, or on the listening socket inherited as `fd`. At the end no
    connection is accepted any more, requests that wait for a job are answered as things stand, and others may finish
    within the grace period. Raises errors.OperatorError where the address cannot be listened on.
    """
    import uvloop

    listener = listen(settings.service.host, settings.service.port) if fd is None else socket.socket(fileno=fd)
    uvloop.run(_serve(settings, listener, supervised=supervised))


async def _serve(settings: Settings, listener: socket.socket, *, supervised: bool) -> None:
    server = ApiServer(settings)
    if supervised:
        watch_parent(server.stop)
    host, port = listener.getsockname()[:2]
    log.info("api starts", host=host, port=port)
    await server.serve(sockets=[listener])


class ApiServer(uvicorn.Server):
    """uvicorn with our application and manners."""

    def __init__(self, settings: Settings) -> None:
        self.app = create_app(settings)
        config = uvicorn.Config(
            self.app,
            http=_Protocol,
            ws="none",
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

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the waits, then everything else."""
        self.app.state.resources.stopping.set()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take SIGTERM and SIGINT as a wish to stop, and not raise them again afterwards as uvicorn does."""
        loop = asyncio.get_running_loop()
        signals = (signal.SIGTERM, signal.SIGINT)
        for number in signals:
            loop.add_signal_handler(number, self.stop)
        try:
            yield
        finally:
            for number in signals:
                loop.remove_signal_handler(number)


class _Protocol(HttpToolsProtocol):
    """HTTP whose answer to what is not HTTP is an error like all others."""

    def send_400_response(self, msg: str) -> None:
        request_id, body = new_request_id(), orjson.dumps(error_body(RequestError.code, msg))
        log.info("request that is not HTTP", client=self.client and self.client[0], request_id=request_id)
        head = (
            f"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            f"{REQUEST_ID}: {request_id}\r\nConnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()
