"""Holding a request until its job ends."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Receive

    from pagemill.api.resources import Resources
    from pagemill.model import Job

_LOOK_AGAIN = 2.0
"""Seconds after which a job is looked at even without a notice: one may be lost with its connection."""


async def await_end(resources: Resources, job_id: str, key_id: str, *, seconds: float, receive: Receive) -> Job | None:
    """Return a job of this key as it is once it has ended, or None where there is none.

    Returns it as it is then when `seconds` have gone by, the client has gone, or the API stops.
    """
    if seconds <= 0:
        return await resources.jobs.get(job_id, key_id)
    deadline = asyncio.get_running_loop().time() + seconds
    # Whoever asks after the notice was sent sees the end in the row; so subscribe first.
    async with resources.ended.subscribed(job_id) as notice, _giving_up(resources, receive) as over:
        while True:
            notice.clear()
            job = await resources.jobs.get(job_id, key_id)
            left = deadline - asyncio.get_running_loop().time()
            if job is None or job.status.ended or left <= 0 or over.done():
                return job
            await _first_of(notice, over, min(left, _LOOK_AGAIN))


async def _first_of(notice: asyncio.Event, over: asyncio.Future[None], seconds: float) -> None:
    heard = asyncio.ensure_future(notice.wait())
    try:
        await asyncio.wait((heard, over), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        heard.cancel()


@contextlib.asynccontextmanager
async def _giving_up(resources: Resources, receive: Receive) -> AsyncIterator[asyncio.Future[None]]:
    """Give a future that is done when nobody waits any more: the client has gone, or the API stops."""
    over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def end(_: object) -> None:
        if not over.done():
            over.set_result(None)

    reasons = [asyncio.ensure_future(_disconnected(receive)), asyncio.ensure_future(resources.stopping.wait())]
    for reason in reasons:
        reason.add_done_callback(end)
    try:
        yield over
    finally:
        for reason in reasons:
            reason.cancel()
        await asyncio.gather(*reasons, return_exceptions=True)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
