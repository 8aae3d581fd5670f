"""One call of a tool: what its function works with, and what it returns."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.client import AsyncClient
    from pagemill.mcp.results import Result
    from pagemill.settings.api.mcp import McpSettings

ReportProgress = Callable[[int, int], Awaitable[None]]
"""Tells the caller how many of how many pages have ended."""


@dataclass(slots=True)
class ToolCall:
    """What a tool works with: a client that has the caller's key, and the limits."""

    client: AsyncClient
    settings: McpSettings
    report: ReportProgress
    job_id: str | None = field(default=None, init=False)
    """The job that was submitted: it goes on whatever happens to the call."""
    _reported: int = field(default=-1, init=False)

    def max_tokens(self, asked: int | None) -> int:
        """Return how many tokens an answer may have."""
        return asked or self.settings.mcp_max_tokens

    def wait(self, asked: float | None) -> float:
        """Return how many seconds to wait for an end."""
        return self.settings.mcp_wait if asked is None else asked

    async def progress(self, ended: int, total: int) -> None:
        """Report progress. The protocol wants every report to be higher than the one before."""
        if ended > self._reported:
            self._reported = ended
            await self.report(ended, max(ended, total))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tool returns: the structured result, and the same as texts for a model to read."""

    result: Result
    texts: Sequence[str]
    """One for each page, so that no page can pass its text off as another's."""
    is_error: bool = False


class ToolError(Exception):
    """A tool cannot do what is asked. `code` is for programs, the text for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


JsonObject = dict[str, Any]
