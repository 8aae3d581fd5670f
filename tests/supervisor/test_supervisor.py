"""Tests of the supervisor's own decisions; what it does with whole services is tested in tests/service."""

from __future__ import annotations

import asyncio
import contextlib

from pagemill.supervisor.child_process import Child, ChildProcess
from pagemill.supervisor.supervisor import Supervisor


async def test_a_child_that_a_restart_put_in_place_is_ended_with_the_service(settings):
    """The one before it had ended, and the service stops as its next start is waited for."""
    sleep = await asyncio.create_subprocess_exec("sleep", "60")
    try:
        ready: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        supervisor, child = Supervisor(settings), Child("api", ("api",))
        process = ChildProcess(sleep, None, ready, child.metrics_name)
        supervisor._current[child] = process
        supervisor._stopping.set()
        async with asyncio.timeout(60):
            await supervisor._keep_alive(child)
        assert process.ended.done()
        assert child not in supervisor._current
    finally:
        with contextlib.suppress(ProcessLookupError):
            sleep.kill()
