"""Settings for fetching from the local servers, and the fetcher that most tests use."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

import pytest

from pagemill.fetching.http import HttpFetcher
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
