"""The stream of events by which the interface watches a job."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx


@contextlib.asynccontextmanager
async def watching(visitor: httpx.AsyncClient, job_id: str) -> AsyncIterator[AsyncIterator[Any]]:
    """The states that a watcher is told; None at the end."""

    async def states(lines: AsyncIterator[str]) -> AsyncIterator[Any]:
        event = ""
        async for line in lines:
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data: "):
                yield orjson.loads(line.removeprefix("data: ")) if event == "state" else None

    async with asyncio.timeout(20), visitor.stream("GET", f"/ui/playground/{job_id}/events") as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        yield states(answer.aiter_lines())
