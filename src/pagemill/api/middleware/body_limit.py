"""Limits the size of request bodies. All but those of uploads are read into memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

from pagemill.errors import PayloadTooLargeError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


UPLOAD_PATH = "/v1/batches"


class BodySizeLimit:
    """Refuses a body over `max_bytes`: by its Content-Length before it is read, otherwise while it is received.

    `of_uploads` is the same for an upload, which is read as it comes.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, of_uploads: int) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.of_uploads = of_uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, as ASGI has it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.of_uploads if scope["path"] == UPLOAD_PATH else self.max_bytes
        length = Headers(scope=scope).get("Content-Length", "0")
        if length.isdecimal() and int(length) > limit:
            raise PayloadTooLargeError(f"The request body is larger than {limit} bytes.")
        await self.app(scope, self._counting(receive, limit), send)

    @staticmethod
    def _counting(receive: Receive, limit: int) -> Receive:
        total = 0

        async def receive_within_limit() -> Message:
            nonlocal total
            message = await receive()
            total += len(message.get("body", b""))
            if total > limit:
                # FastAPI lets nothing but an HTTPException through while it reads a body.
                raise HTTPException(PayloadTooLargeError.http_status)
            return message

        return receive_within_limit
