from __future__ import annotations

import asyncio

from pagemill.supervisor.child_process import Child
from pagemill.supervisor.supervisor import Supervisor


class Process:
    """A child that a restart put in place."""

    worker_id = None
    metrics_name = "api"

    def __init__(self) -> None:
        self.has_ended = False

    async def end(self, _grace_period: float, _kill: asyncio.Event) -> None:
        self.has_ended = True


async def test_a_child_that_a_restart_put_in_place_is_ended_with_the_service(settings):
    """The one before it had ended, and the service stops as its next start is waited for."""
    supervisor, child, process = Supervisor(settings), Child("api", ("api",)), Process()
    supervisor._current[child] = process
    supervisor._stopping.set()
    async with asyncio.timeout(10):
        await supervisor._keep_alive(child)
    assert process.has_ended
    assert child not in supervisor._current
