"""Runs the application under uvicorn, in the calling process, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from typing import TYPE_CHECKING

import orjson
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from pagemill.api.app import create_app
from pagemill.api.error_response import error_body
from pagemill.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pagemill.settings import Settings

_KEEP_ALIVE = 75
"""Seconds that an idle connection is kept: longer than clients pause between two polls."""


def run(settings: Settings, fd: int | None = None) -> None:
    """Serve until SIGTERM or SIGINT: on the host and port of the settings, or on a listening socket inherited as `fd`.

    Then no connection is accepted any more, waiting requests are answered as things stand, and others may end within
    the grace period.
    """
    import uvloop

    sockets = None if fd is None else [socket.socket(fileno=fd)]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(ApiServer(settings).serve(sockets=sockets))


class ApiServer(uvicorn.Server):
    """uvicorn with our application and manners."""

    def __init__(self, settings: Settings) -> None:
        self._app = create_app(settings)
        config = uvicorn.Config(
            self._app,
            host=settings.host,
            port=settings.port,
            http=_Protocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=_KEEP_ALIVE,
            timeout_graceful_shutdown=max(1, round(settings.grace_period)),
        )
        super().__init__(config)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the waits, then everything else."""
        self._app.state.resources.stopping.set()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take SIGTERM and SIGINT as a wish to stop, and not raise them again afterwards as uvicorn does."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


class _Protocol(HttpToolsProtocol):
    """HTTP whose answer to what is not HTTP is an error like all others."""

    def send_400_response(self, msg: str) -> None:
        body = orjson.dumps(error_body(RequestError.code, msg))
        head = (
            "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()
