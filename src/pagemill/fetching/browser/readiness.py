"""When a rendered page is ready: its tree is still, no request that brings content is under way, or its time is up.

The tree is watched inside the page by one observer, requests by the DevTools protocol and by the page's own proxy. A
page that loads another (by script, by a refresh) takes its observer with it; the next one is then watched from its
beginning, within the same time.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from importlib import resources
from typing import TYPE_CHECKING

from pagemill.errors import TooManyRedirectsError
from pagemill.fetching.browser.isolated_world import DocumentReplacedError

if TYPE_CHECKING:
    from pagemill.fetching.browser.egress_proxy import EgressProxy
    from pagemill.fetching.browser.isolated_world import IsolatedWorld
    from pagemill.fetching.browser.page_activity import PageActivity
    from pagemill.settings import Settings

_WAIT_UNTIL_SETTLED = (resources.files("pagemill.fetching.browser") / "scripts" / "wait_until_settled.js").read_text()
_CHECK_INTERVAL = 0.05


@dataclass(frozen=True, slots=True)
class PageState:
    """The state of a page when waiting for it ended."""

    ready: bool
    status: int
    """The HTTP status of its document; 0 where it has none."""
    length: int
    """Characters of text in its body, without scripts and styles."""
    url: str
    """The address of its document."""
    content_type: str
    """The type of its document, as the browser reads it."""

    @property
    def settled(self) -> bool:
        """Whether the page was done, and there is something in it."""
        return self.ready and self.length > 0


async def wait_until_ready(
    world: IsolatedWorld, proxy: EgressProxy, activity: PageActivity, deadline: float, settings: Settings
) -> PageState | None:
    """Wait until the page is ready, or until the event loop's time is `deadline`; None where its scripts do not stop.

    A complete page is ready after `ready_quiet_time` without a change and without a byte. A request that was not
    answered within `ready_request_timeout` is not waited for. A refresh within `max_refresh_delay` is.

    Raises `BrowserCrashedError` when the page's process ends, and `TooManyRedirectsError` for a page that leads on to
    others without end.
    """
    still = settings.browser.ready_quiet_time
    empty = settings.browser.ready_empty_time
    loop = asyncio.get_running_loop()
    seen: PageState | None = None
    while (left := deadline - loop.time()) > 0:
        if activity.redirects > settings.fetching.max_redirects:
            raise TooManyRedirectsError(f"The page redirected more than {settings.fetching.max_redirects} times.")
        try:
            async with asyncio.timeout_at(deadline):
                seen = PageState(
                    **await world.evaluate(_WAIT_UNTIL_SETTLED, int(still * 1000), int(empty * 1000), int(left * 1000))
                )
        except DocumentReplacedError:
            continue
        except TimeoutError:
            return None
        if not seen.ready:
            return seen
        if activity.refresh_within(settings.fetching.max_refresh_delay):
            await asyncio.sleep(_CHECK_INTERVAL)
            continue
        request_timeout = settings.browser.ready_request_timeout
        quiet = min(proxy.quiet_for(request_timeout), activity.quiet_for(request_timeout))
        if quiet >= still:
            return seen
        await asyncio.sleep(max(still - quiet, 0.01))
    return replace(seen, ready=False) if seen else None
