"""Starts Playwright's driver with an environment of its own, and as another user where the service is root."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from typing import TYPE_CHECKING

from pagemill.child_environment import child_environment
from pagemill.fetching.browser.launching.account import NODE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from playwright.async_api import Playwright

    from pagemill.fetching.browser.launching.account import Account
    from pagemill.fetching.browser.launching.folder import BrowserFolder

_STARTING = threading.Lock()
"""Held while `os.environ` is that of a driver. Of threads, not of tasks: a program may have several event loops."""
_POLL_INTERVAL = 0.01


async def start_driver(folder: BrowserFolder, account: Account) -> Playwright:
    """Start the driver. Raises `OSError`."""
    from playwright.async_api import async_playwright

    changes = folder.environment(account)
    if account.name is not None:
        changes[NODE] = str(folder.launcher)
    async with _turn():
        with _environment(child_environment(**changes)):
            try:
                return await async_playwright().start()
            except Exception as error:  # a driver that ends as it starts is a bare Exception to Playwright
                raise OSError("Playwright's driver did not start") from error


@contextlib.asynccontextmanager
async def _turn() -> AsyncIterator[None]:
    while not _STARTING.acquire(blocking=False):  # noqa: ASYNC110 - an event is of one event loop
        await asyncio.sleep(_POLL_INTERVAL)
    try:
        yield
    finally:
        _STARTING.release()


@contextlib.contextmanager
def _environment(environment: dict[str, str]) -> Iterator[None]:
    # The driver takes a copy of `os.environ` when it starts, and has no option for another. The mapping is exchanged:
    # to change the variables themselves is not safe while other threads read them.
    before = os.environ
    os.environ = environment  # type: ignore[assignment]  # noqa: B003 - for Playwright alone, as said above
    try:
        yield
    finally:
        os.environ = before  # noqa: B003
