"""The ways to the MCP server: a pipe from the program that starts it, and HTTP. Each loads only what it needs."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pagemill.mcp.server import create_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from pagemill.client import AsyncClient
    from pagemill.mcp.server import Connect
    from pagemill.settings.api.mcp import McpSettings


async def serve_stdio(settings: McpSettings, client: AsyncClient) -> None:
    """Serve on standard input and output, until the input ends."""
    from mcp.server.stdio import stdio_server

    @contextlib.asynccontextmanager
    async def connect(_headers: Mapping[str, str]) -> AsyncIterator[AsyncClient]:
        yield client  # one for all calls, with its connections

    server = create_server(settings, connect)
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


def create_manager(settings: McpSettings, connect: Connect) -> StreamableHTTPSessionManager:
    """Return what answers requests over HTTP, while its `run()` is open.

    There are no sessions: every request stands alone, so any API process may answer it. The SDK cannot know under which
    names the service is reached, so its check of Host and Origin is off: the API makes its own.
    """
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
    from mcp.server.transport_security import TransportSecuritySettings

    return StreamableHTTPSessionManager(
        create_server(settings, connect),
        stateless=True,
        security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
