"""When a rendered page is ready: its tree is still and its network is quiet, or its time is up.

The tree is watched inside the page by one observer, the network by the page's own proxy: neither costs a message for
each request. A page that loads another (by script, by `meta refresh`) takes its watcher with it; the next is then
watched from its beginning, within the same time.
"""

from __future__ import annotations

import asyncio
from importlib import resources
from typing import TYPE_CHECKING

from pagemill.fetching.world import PageMovedError

if TYPE_CHECKING:
    from pagemill.fetching.egress_proxy import EgressProxy
    from pagemill.fetching.world import World

QUIET = 0.1
"""Seconds without a change and without a byte after which a complete page counts as ready."""
PATIENCE = 5.0
"""Seconds after which a request without an answer is not waited for any more."""

_SETTLE = (resources.files("pagemill.fetching") / "scripts" / "settle.js").read_text()


async def settle(world: World, proxy: EgressProxy, deadline: float) -> bool:
    """Wait until the page is ready, or until the event loop's time is `deadline`; return whether it is.

    Raises `BrowserCrashedError` when the page's process ends.
    """
    loop = asyncio.get_running_loop()
    while (left := deadline - loop.time()) > 0:
        try:
            async with asyncio.timeout_at(deadline):
                still = await world.call(_SETTLE, int(QUIET * 1000), int(left * 1000))
        except PageMovedError:
            continue
        except TimeoutError:  # its scripts run and run
            return False
        if still is not True:
            return False
        quiet = proxy.quiet_for(PATIENCE)
        if quiet >= QUIET:
            return True
        await asyncio.sleep(max(QUIET - quiet, 0.01))
    return False
