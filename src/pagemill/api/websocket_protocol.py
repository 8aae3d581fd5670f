"""uvicorn's WebSocket protocol with limits on what a connection may cost, and messages that are sent in parts.

Of a client's messages little is taken, nothing is compressed, pings find out who has gone, and a client that reads
nothing for `send_timeout` loses its connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState

if TYPE_CHECKING:
    import asyncio

    from pagemill.api.connection_limits import ConnectionLimits
    from pagemill.settings.api.connections import ConnectionSettings

MAX_RECEIVED_BYTES = 4096
"""Of one message of a client: what is served here reads none."""
PING_INTERVAL = 20.0

_PART = "pagemill.part"


def part_of_message(data: bytes, *, more: bool) -> dict[str, Any]:
    """Return what sends a part of a text message; `more`: it goes on. A part may end within a character."""
    return {"type": "websocket.send", _PART: data, "more": more}


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """One connection, with its limits. It counts as busy for as long as it is open."""

    def __init__(self, *words: Any, settings: ConnectionSettings, limits: ConnectionLimits, **options: Any) -> None:
        super().__init__(*words, **options)
        self._settings = settings
        self._limits = limits
        self._write_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over a connection, whose place has just become free."""
        super().connection_made(transport)
        self._limits.admit(self, self.client[0] if self.client else "")
        self._limits.mark_busy(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        self._limits.release(self)
        self._cancel_write_timer()
        super().connection_lost(exc)

    def close(self) -> None:
        """Close the connection."""
        self.transport.close()

    def pause_writing(self) -> None:
        """Wait for the client to read, for a limited time."""
        super().pause_writing()
        self._cancel_write_timer()
        self._write_timer = self.loop.call_later(self._settings.send_timeout, self.transport.abort)

    def resume_writing(self) -> None:
        """Write on."""
        self._cancel_write_timer()
        super().resume_writing()

    async def send(self, message: Any) -> None:
        """Send what the application says: beside what ASGI has, parts of a text message, each as a frame."""
        if _PART not in message:
            await super().send(message)
            return
        await self.writable.wait()
        if self.disconnected or self.close_sent:
            raise ClientDisconnected
        try:
            if self.conn.expect_continuation_frame:
                self.conn.send_continuation(message[_PART], fin=not message["more"])
            else:
                self.conn.send_text(message[_PART], fin=not message["more"])
        except InvalidState:
            raise ClientDisconnected from None
        self.transport.write(b"".join(self.conn.data_to_send()))

    def _cancel_write_timer(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None
