"""The interface in a real browser. A file's tests share one service, one database and one browser, on one event loop:

pytestmark = pytest.mark.asyncio(loop_scope="module")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright
from tests.api.conftest import serving
from tests.api.ui.browsing import Interface, Watched, watched
from tests.api.ui.visiting import Visiting, visiting
from tests.conftest import empty_database, settings_for_tests

from pagemill.errors import BrowserUnavailableError
from pagemill.fetching.browser.chromium import find_chromium
from pagemill.jobs.database.pool import Database
from pagemill.jobs.keys.keys import Keys

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Browser


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def interface(postgres_url: str, migrated_database: str, scratch: Path) -> AsyncIterator[Interface]:
    async with (
        empty_database(postgres_url, migrated_database) as url,
        Database(url, connections=5, wait=5) as database,
    ):
        settings = settings_for_tests(url, scratch)
        keys = Keys(database)
        key, operator = await keys.create("test"), await keys.create("operator", operator=True)
        async with serving(settings, key) as api:
            yield Interface(api, database, settings, operator)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium(interface: Interface) -> AsyncIterator[Browser]:
    try:
        executable = find_chromium(interface.settings)
    except BrowserUnavailableError as error:
        pytest.skip(error.message)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def visit(interface: Interface, chromium: Browser) -> AsyncIterator[Watched]:
    """A page of a browser that is signed in with an ordinary key. Afterwards nothing may have gone wrong in it."""
    async with watched(chromium, interface, interface.api.secret) as visit:
        yield visit
    assert visit.problems == []


@pytest_asyncio.fixture(loop_scope="module")
async def operator_visit(interface: Interface, chromium: Browser) -> AsyncIterator[Watched]:
    """The same with an operator's key."""
    async with watched(chromium, interface, interface.operator[1]) as visit:
        yield visit
    assert visit.problems == []


@pytest_asyncio.fixture(loop_scope="module")
async def visitor(interface: Interface) -> AsyncIterator[Visiting]:
    """A browser without a window, signed in with an ordinary key."""
    async with visiting(interface.url, interface.api.secret) as visit:
        yield visit


@pytest_asyncio.fixture(loop_scope="module")
async def stranger(interface: Interface) -> AsyncIterator[Visiting]:
    """The same with another ordinary key."""
    async with visiting(interface.url, (await Keys(interface.database).create("stranger"))[1]) as visit:
        yield visit


@pytest_asyncio.fixture(loop_scope="module")
async def operator(interface: Interface) -> AsyncIterator[Visiting]:
    """The same with an operator's key."""
    async with visiting(interface.url, interface.operator[1]) as visit:
        yield visit
