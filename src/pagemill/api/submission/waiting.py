"""Holding a request until its job ends."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, TypeVar

from pagemill.process_lifetime import first_completed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.types import Receive

    from pagemill.api.resources import Resources
    from pagemill.model import Job

Found = TypeVar("Found")

RECHECK_INTERVAL = 2.0
"""Seconds after which a job is read again without a notice, which may be lost with its connection."""


async def await_end(resources: Resources, job_id: str, key_id: str, *, seconds: float, receive: Receive) -> Job | None:
    """Return a job of this key once it has ended, or None if there is no such job.

    Returns the job before its end when `seconds` have passed, the client has disconnected, or the API stops.
    """
    return await await_reading(
        resources, job_id, lambda: resources.jobs.get(job_id, key_id), lambda job: job, seconds=seconds, receive=receive
    )


async def await_reading(  # noqa: PLR0913 - what is read, and for how long
    resources: Resources,
    job_id: str,
    read: Callable[[], Awaitable[Found | None]],
    job_of: Callable[[Found], Job],
    *,
    seconds: float,
    receive: Receive,
) -> Found | None:
    """Do as `await_end` where `read` reads the job, together with something else."""
    if seconds <= 0:
        return await read()
    deadline = asyncio.get_running_loop().time() + seconds
    # Subscribe first: a read after the notice was sent sees the end in the row.
    async with resources.ended.subscribed(job_id) as notice, _wait_cancelled(resources, receive) as cancelled:
        while True:
            notice.clear()
            found = await read()
            left = deadline - asyncio.get_running_loop().time()
            if found is None or job_of(found).status.ended or left <= 0 or cancelled.done():
                return found
            await first_completed(notice.wait(), cancelled, timeout=min(left, RECHECK_INTERVAL))


@contextlib.asynccontextmanager
async def _wait_cancelled(resources: Resources, receive: Receive) -> AsyncIterator[asyncio.Future[None]]:
    """Yield a future that is done when the client has disconnected or the API stops."""
    cancelled: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def end(_: object) -> None:
        if not cancelled.done():
            cancelled.set_result(None)

    reasons = [asyncio.ensure_future(_disconnected(receive)), asyncio.ensure_future(resources.stopping.wait())]
    for reason in reasons:
        reason.add_done_callback(end)
    try:
        yield cancelled
    finally:
        for reason in reasons:
            reason.cancel()
        await asyncio.gather(*reasons, return_exceptions=True)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
