"""Settings for fetching from the local servers, and the fetcher that most tests use."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from pagemill.errors import BrowserUnavailableError
from pagemill.fetching.browser.browser import Browser
from pagemill.fetching.browser.chromium import find_chromium
from pagemill.fetching.egress.guard import EgressGuard
from pagemill.fetching.http.fetcher import HttpFetcher
from pagemill.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

OPEN = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


def make_settings(**changes: Any) -> Settings:
    """Settings that open loopback, try once and do not wait long; with changes."""
    values: dict[str, Any] = {
        "allowed_networks": OPEN,
        "fetch_attempts": 1,
        "retry_delay": 0.01,
        "fetch_timeout": 5.0,
        "connect_timeout": 2.0,
        "dns_timeout": 1.0,
        "dns_cache_time": 0.0,
    }
    return Settings(**(values | changes))


@pytest.fixture
async def fetcher() -> AsyncIterator[HttpFetcher]:
    """A fetcher with the settings of `make_settings`."""
    async with HttpFetcher(make_settings()) as fetcher:
        yield fetcher


@pytest.fixture(scope="module")
def browser_settings() -> Settings:
    """For a browser to which 127.0.0.2 and 127.0.0.3 are the web, and 127.0.0.1 is inside; skips without a Chromium."""
    web = (ip_network("127.0.0.2/31"),)
    settings = make_settings(allowed_networks=web, browser_start_timeout=60.0, ready_timeout=4.0, challenge_timeout=2.0)
    try:
        find_chromium(settings)
    except BrowserUnavailableError as error:
        pytest.skip(error.message)
    return settings


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(browser_settings: Settings) -> AsyncIterator[Browser]:
    """A browser for a whole file of tests, which run on one event loop: starting it takes a second."""
    async with EgressGuard(browser_settings) as guard, Browser(browser_settings, guard) as browser:
        yield browser
