"""Content negotiation: which encodings a client accepts, decided once for each request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

from pagemill.api.wire.encodings.accept_encoding import HEADER, wanted

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class EncodingNegotiation:
    """Replaces a request's Accept-Encoding by the supported encodings that it accepts, best first, without weights.

    The middleware and endpoints further in then only look for a name.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, as ASGI has it."""
        if scope["type"] == "http":
            headers = MutableHeaders(raw=list(scope["headers"]))
            headers[HEADER] = ", ".join(wanted(",".join(headers.getlist(HEADER))))
            scope = {**scope, "headers": headers.raw}
        await self.app(scope, receive, send)
