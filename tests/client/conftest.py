"""A whole service in this loop, with a worker, and a local site to scrape."""

from __future__ import annotations

import pytest

from pagemill.jobs.keys.keys import Keys
from tests.api.conftest import serving, unused_port
from tests.jobs.test_worker import working
from tests.web.generated_site import GeneratedSite

__all__ = ["unused_port"]


@pytest.fixture
async def site():
    async with GeneratedSite(pages=30, failing=frozenset([3])) as site:
        yield site


@pytest.fixture
async def key(database):
    return await Keys(database).create("client")


@pytest.fixture
async def service(settings, key):
    """The API, with a worker."""
    quick = settings.changed(host_interval=0.0, fetch_attempts=1, crawl_poll_interval=0.01)
    async with serving(quick, key) as api, working(quick):
        yield api
