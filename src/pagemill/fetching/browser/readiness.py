"""When a rendered page is ready: its tree is still and its network is quiet, or its time is up.

The tree is watched inside the page by one observer, the network by the page's own proxy: neither costs a message for
each request. A page that loads another (by script, by `meta refresh`) takes its watcher with it; the next is then
watched from its beginning, within the same time.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

from pagemill.fetching.browser.isolated_world import DocumentReplacedError

if TYPE_CHECKING:
    from pagemill.fetching.browser.egress_proxy import EgressProxy
    from pagemill.fetching.browser.isolated_world import IsolatedWorld
    from pagemill.settings import Settings

_WAIT_UNTIL_SETTLED = (resources.files("pagemill.fetching.browser") / "scripts" / "wait_until_settled.js").read_text()


@dataclass(frozen=True, slots=True)
class PageState:
    """The state of a page when waiting for it ended."""

    ready: bool
    status: int
    """The HTTP status of its document; 0 where it has none."""
    length: int
    """Characters of text in its body, scripts included."""


async def wait_until_ready(
    world: IsolatedWorld, proxy: EgressProxy, deadline: float, settings: Settings
) -> PageState | None:
    """Wait until the page is ready, or until the event loop's time is `deadline`; None where its scripts run and run.

    A complete page is ready after `ready_quiet_time` without a change and without a byte. A request that was not
    answered within `ready_request_timeout` is not waited for.

    Raises `BrowserCrashedError` when the page's process ends.
    """
    still = settings.browser.ready_quiet_time
    loop = asyncio.get_running_loop()
    seen: PageState | None = None
    while (left := deadline - loop.time()) > 0:
        try:
            async with asyncio.timeout_at(deadline):
                seen = PageState(**await world.evaluate(_WAIT_UNTIL_SETTLED, int(still * 1000), int(left * 1000)))
        except DocumentReplacedError:
            continue
        except TimeoutError:
            return None
        quiet = proxy.quiet_for(settings.browser.ready_request_timeout)
        if quiet >= still or not seen.ready:
            return seen
        await asyncio.sleep(max(still - quiet, 0.01))
    return seen
