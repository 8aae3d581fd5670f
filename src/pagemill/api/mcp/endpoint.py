"""`POST /mcp`: one message of MCP, and its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from starlette.responses import Response

from pagemill.api.middleware.api_keys import MCP_PATH, KeyId
from pagemill.api.resources import ApiResources
from pagemill.errors import ForbiddenError, NotFoundError

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from pagemill.api.mcp.mount import McpMount

router = APIRouter()


class _Exchange(Response):
    """The response that the MCP server gives."""

    def __init__(self, mount: McpMount, key_id: str) -> None:
        super().__init__()
        self._mount = mount
        self._key_id = key_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, as ASGI has it."""
        await self._mount.serve(self._key_id, scope, receive, send)


@router.post(MCP_PATH, include_in_schema=False)
async def serve_mcp(request: Request, resources: ApiResources, key_id: KeyId) -> Response:
    """Answer a message. Raises errors.NotFoundError where MCP is off, and errors.ForbiddenError for foreign web pages.

    There are no sessions and no messages without a request, so GET and DELETE are not served.
    """
    if not resources.settings.mcp.mcp_enabled:
        raise NotFoundError("There is no such endpoint.")
    if _is_of_foreign_page(request.headers.get("origin"), request.headers.get("host", "")):
        raise ForbiddenError("Web pages of another origin cannot use this endpoint.")
    return _Exchange(request.app.state.mcp, key_id)


def _is_of_foreign_page(origin: str | None, host: str) -> bool:
    """Whether a web page of another host sent this, as MCP's transport wants it checked (DNS rebinding)."""
    return origin is not None and urlsplit(origin).netloc.lower() != host.lower()
