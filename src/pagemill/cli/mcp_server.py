"""`pagemill mcp`: a running service's tools for the agent that starts this."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagemill.cli.sites import service

if TYPE_CHECKING:
    import argparse

    from pagemill.settings import Settings


async def serve(arguments: argparse.Namespace, settings: Settings) -> int:
    """Serve until the agent closes standard input."""
    async with service.connect(arguments, settings, retries=settings.mcp.mcp_retries, is_for_a_person=False) as client:
        # Loading it takes a second, which a command without a key need not take.
        from pagemill.mcp.transports import serve_stdio

        await serve_stdio(settings.mcp, client)
    return 0
