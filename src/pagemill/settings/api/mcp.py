"""What the MCP server answers to agents."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pagemill.settings.group import MEBIBYTE, ByteCount, SettingsGroup


class McpSettings(SettingsGroup):
    """What the MCP server answers to agents, by `pagemill mcp` and at `/mcp`."""

    mcp_enabled: bool = Field(True, description="Whether the API serves MCP at `/mcp`.")
    mcp_max_tokens: Annotated[int, Field(ge=100, le=100_000)] = Field(
        10_000, description="About how many tokens of text a tool returns where its caller does not say."
    )
    mcp_page_tokens: Annotated[int, Field(ge=100)] = Field(
        100_000,
        description="About how many tokens of one page can be read in all, part by part; what is beyond is cut.",
    )
    mcp_wait: Annotated[float, Field(ge=0)] = Field(
        50.0,
        description="How long a tool waits for the end of a job where its caller does not say, in seconds. Many hosts "
        "give up after 60.",
    )
    mcp_retries: Annotated[int, Field(ge=0)] = Field(
        2, description="How often a tool asks a service again that does not answer, or is too busy."
    )
    mcp_max_answer_bytes: ByteCount = Field(
        8 * MEBIBYTE,
        description="The largest answer of the API that `/mcp` takes up for a tool, in bytes; a larger one fails the "
        "call.",
    )
    mcp_max_calls: Annotated[int, Field(ge=1)] = Field(
        100,
        description="Calls of one API key that `/mcp` answers at a time; more get 429. One that waits takes 0.1 MB, "
        "one that reads a large answer several times what it holds.",
    )
