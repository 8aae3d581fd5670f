"""An HTTP/2 server over TLS: routes to answers, one stream each, with resets on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived, WindowUpdated

from tests.web.http_server import Response
from tests.web.listener import Listener

if TYPE_CHECKING:
    import asyncio
    import ssl

RESET = Response(status=599)
"""A route's answer that resets the stream instead."""


class Http2Server(Listener):
    """Answers by path. A path without a route is a 404."""

    def __init__(self, tls: ssl.SSLContext, routes: dict[str, Response]) -> None:
        super().__init__(tls=tls)
        self.routes = routes
        self.requests: list[dict[str, str]] = []
        """The headers of each request, pseudo-headers included."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int) -> None:
        state = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        state.initiate_connection()
        waiting: dict[int, bytes] = {}
        while True:
            writer.write(state.data_to_send())
            await writer.drain()
            data = await reader.read(65536)
            if not data:
                return
            for event in state.receive_data(data):
                if isinstance(event, RequestReceived):
                    self._answer(state, event, waiting)
                if isinstance(event, RequestReceived | WindowUpdated):
                    _send(state, waiting)

    def _answer(self, state: H2Connection, event: RequestReceived, waiting: dict[int, bytes]) -> None:
        headers = {str(name): str(value) for name, value in event.headers or ()}
        self.requests.append(headers)
        response = self.routes.get(headers[":path"], Response(b"nothing here", 404))
        assert event.stream_id is not None
        if response is RESET:
            state.reset_stream(event.stream_id, error_code=2)
            return
        lines = [(":status", str(response.status)), *((name.lower(), value) for name, value in response.headers)]
        if response.content_type is not None:
            lines.append(("content-type", response.content_type))
        state.send_headers(event.stream_id, lines)
        waiting[event.stream_id] = response.body


def _send(state: H2Connection, waiting: dict[int, bytes]) -> None:
    """Send what the windows allow."""
    for stream in list(waiting):
        while stream in waiting:
            body = waiting[stream]
            size = min(state.local_flow_control_window(stream), state.max_outbound_frame_size, len(body))
            if size == 0 and body:
                break
            state.send_data(stream, body[:size], end_stream=size == len(body))
            waiting[stream] = body[size:]
            if not waiting[stream]:
                del waiting[stream]
