"""Limits the size of request bodies, which are read into memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

from pagemill.errors import PayloadTooLargeError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodySizeLimit:
    """Refuses a body over `max_bytes`: by its Content-Length before it is read, otherwise while it is received."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, as ASGI has it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        length = Headers(scope=scope).get("Content-Length", "0")
        if length.isdecimal() and int(length) > self.max_bytes:
            raise PayloadTooLargeError(f"The request body is larger than {self.max_bytes} bytes.")
        await self.app(scope, self._counting(receive), send)

    def _counting(self, receive: Receive) -> Receive:
        total = 0

        async def receive_within_limit() -> Message:
            nonlocal total
            message = await receive()
            total += len(message.get("body", b""))
            if total > self.max_bytes:
                # FastAPI lets nothing but an HTTPException through while it reads a body.
                raise HTTPException(PayloadTooLargeError.http_status)
            return message

        return receive_within_limit
