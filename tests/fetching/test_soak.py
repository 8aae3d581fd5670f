"""A short soak: pages that behave and pages that do not, with renderers killed meanwhile. `bench/browser.py` has the
long one. Nothing is left over."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal

import psutil

from pagemill.errors import FetchError
from pagemill.fetching.browser.browser import Browser
from pagemill.fetching.egress.guard import EgressGuard
from pagemill.model import Format, ScrapeOptions
from tests.fetching.leftovers import chromium_processes, nothing_left
from tests.web.site import Site

PATHS = ("/article", "/dialogs", "/shell", "/popups", "/shadow", "/downloads", "/file", "/hang", "/frames", "/endless")
PAGES = 60
PAGES_A_KILL = 4


async def kill_renderers(outcomes):
    """Kill one now and then; by the pages that ended, so that no more are killed on a slow machine."""
    ended = -PAGES_A_KILL
    while True:
        await asyncio.sleep(1.5)
        if len(outcomes) < ended + PAGES_A_KILL:
            continue
        ended = len(outcomes)
        for process in chromium_processes():
            try:
                if "--type=renderer" in process.cmdline():
                    os.kill(process.pid, signal.SIGKILL)
                    break
            except (psutil.Error, ProcessLookupError):
                continue


async def test_sixty_pages_leave_nothing(browser_settings):
    settings = browser_settings.changed(ready_timeout=1.0, browser_max_pages=25)
    outcomes = []
    paths = itertools.islice(itertools.cycle(PATHS), PAGES)
    loop = asyncio.get_running_loop()
    async with Site("127.0.0.2") as site, EgressGuard(settings) as guard, Browser(settings, guard) as browser:

        async def work():
            for path in paths:
                try:
                    await browser.render(site.url(path), ScrapeOptions(formats=(Format.HTML,)), loop.time() + 6)
                    outcomes.append("ok")
                except FetchError as error:
                    outcomes.append(error.code)

        killer = asyncio.create_task(kill_renderers(outcomes))
        await asyncio.gather(*(work() for _ in range(4)))
        killer.cancel()
        # One for all pages, and one for those under which a browser ended.
        assert [process.contexts for process in browser.processes] in ([0], [0, 0])
    await nothing_left()
    assert len(outcomes) == PAGES
    assert set(outcomes) <= {"ok", "unsupported_content_type", "browser_crashed", "timeout"}
    assert outcomes.count("ok") > PAGES / 2
