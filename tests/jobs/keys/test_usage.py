"""What keys use."""

from __future__ import annotations

import pytest

from pagemill.errors import RateLimitedError
from pagemill.jobs.keys.keys import Keys
from pagemill.jobs.keys.limits import Limits
from pagemill.jobs.keys.usage import KeyUsages
from pagemill.jobs.queue.store import JobStore
from pagemill.model import ScrapeOptions


async def test_usage_is_told_of_each_key(database, settings):
    keys, usages, store = Keys(database), KeyUsages(database), JobStore(database)
    first, _ = await keys.create("first", operator=True)
    second, _ = await keys.create("second")
    await store.submit(second, ["http://a.test/", "http://b.test/"], ScrapeOptions(), batch=True)
    limits = Limits(database, settings.changed(submits_per_minute=2, pages_per_day=10))
    await limits.admit(second, "url-scraper", 4)
    await limits.admit(second, "url-scraper", 1)
    with pytest.raises(RateLimitedError):
        await limits.admit(second, "url-scraper", 1)
    latest, oldest = await usages.list(None, 10)
    assert (latest.key.id, latest.waiting_pages, latest.jobs_of_day, latest.pages_of_day) == (second, 2, 1, 2)
    assert (latest.counted_pages_today, latest.submits_of_minute) == (5, 2)
    assert latest.last_submitted_at
    assert (oldest.key.id, oldest.key.operator, oldest.waiting_pages, oldest.counted_pages_today) == (
        first,
        True,
        0,
        None,
    )
    assert await usages.list(second, 10) == [oldest]
    assert await usages.of(second) == latest
    assert (await usages.of("anonymous")).jobs_of_day == 0
    assert await usages.of("key_none") is None
