from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from pagemill.errors import RateLimitedError
from pagemill.jobs.database.pool import Database
from pagemill.jobs.keys import statements
from pagemill.jobs.keys.keys import ANONYMOUS, Keys
from pagemill.jobs.keys.limits import Limits
from pagemill.jobs.queue.claims import Queue
from pagemill.jobs.queue.store import JobStore
from pagemill.model import ScrapeOptions


def limits(database, settings, **changes):
    return Limits(database, settings.changed(**changes))


async def admitted(limits, times, key=ANONYMOUS, endpoint="url-scraper", pages=1):
    """How many of so many submissions at once were admitted."""

    async def try_once():
        try:
            await limits.admit(key, endpoint, pages)
        except RateLimitedError:
            return False
        return True

    return sum(await asyncio.gather(*(try_once() for _ in range(times))))


async def age_window(database, seconds):
    """Let the submits of the past be older than they are."""
    await database.rows(
        "UPDATE submit_windows SET times = ARRAY(SELECT t - $1::interval FROM unnest(times) t)",
        timedelta(seconds=seconds),
    )


async def test_by_default_there_are_none(database, settings):
    unlimited = limits(database, settings)
    assert not unlimited
    assert await admitted(unlimited, 50, pages=10_000) == 50
    assert await database.rows("SELECT FROM submit_windows") == []


async def test_the_window_is_exact_across_processes(database, database_url, settings):
    async with Database(database_url, connections=5, wait=5) as other:
        one, two = (limits(connection, settings, submits_per_minute=7) for connection in (database, other))
        assert sum(await asyncio.gather(admitted(one, 20), admitted(two, 20))) == 7


async def test_the_window_slides(database, settings):
    limited = limits(database, settings, submits_per_minute=4)
    assert await admitted(limited, 2) == 2
    await age_window(database, 40)
    assert await admitted(limited, 4) == 2
    await age_window(database, 25)  # the first two are 65 seconds old now, the others 25
    assert await admitted(limited, 4) == 2


async def test_keys_and_endpoints_are_counted_by_themselves(database, settings):
    other, _ = await Keys(database).create("other")
    limited = limits(database, settings, submits_per_minute=3)
    assert await admitted(limited, 5) == 3
    assert await admitted(limited, 5, endpoint="batch") == 3
    assert await admitted(limited, 5, key=other) == 3


async def test_retry_after_is_when_there_is_place_again(database, settings):
    limited = limits(database, settings, submits_per_minute=2)
    await admitted(limited, 1)
    await age_window(database, 45)
    await admitted(limited, 1)
    with pytest.raises(RateLimitedError) as refusal:
        await limited.admit(ANONYMOUS, "url-scraper", 1)
    assert refusal.value.retry_after == 15
    await age_window(database, 15)
    await limited.admit(ANONYMOUS, "url-scraper", 1)


async def test_pages_a_day(database, settings):
    limited = limits(database, settings, pages_per_day=100)
    assert await admitted(limited, 30, pages=9) == 11
    await limited.admit(ANONYMOUS, "batch", 1)
    with pytest.raises(RateLimitedError) as refusal:
        await limited.admit(ANONYMOUS, "url-scraper", 1)
    now = datetime.now(UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    assert abs((midnight - now).total_seconds() - refusal.value.retry_after) < 3
    await database.rows("UPDATE daily_pages SET day = day - 1")
    await limited.admit(ANONYMOUS, "batch", 100)


async def test_a_batch_over_the_days_limit_is_refused_whole(database, settings):
    limited = limits(database, settings, pages_per_day=10)
    assert await admitted(limited, 1, pages=11) == 0
    assert await admitted(limited, 1, pages=10) == 1


async def test_pages_in_flight_are_bounded_across_workers(database):
    store = JobStore(database)
    other, _ = await Keys(database).create("other")
    for key, count in ((ANONYMOUS, 30), (other, 2)):
        await store.submit(key, [f"http://a.b/{n}" for n in range(count)], ScrapeOptions(), batch=True)
    queues = [Queue(database, f"worker {number}", key_limit=3) for number in range(5)]
    for queue in queues:
        await queue.heartbeat()
    pages = [page for pages in await asyncio.gather(*(queue.claim(10) for queue in queues)) for page in pages]
    assert len(pages) == 5
    held = {row["key_id"]: row["pages"] for row in await _held(database)}
    assert held == {ANONYMOUS: 3, other: 2}
    for queue in queues:
        await queue.release()
    assert len(await queues[0].claim(10)) == 5


async def _held(database):
    return await database.rows(
        "SELECT key_id, count(*) AS pages FROM pages WHERE worker_id IS NOT NULL GROUP BY key_id"
    )


async def test_a_submission_whose_answer_is_lost_counts_once(database):
    for statement, arguments in (
        (statements.COUNT_SUBMIT, (ANONYMOUS, "url-scraper", 2)),
        (statements.COUNT_PAGES, (ANONYMOUS, 1, 2)),
    ):
        for submission, taken in ((1, True), (1, True), (2, True), (2, True), (1, True), (3, False)):
            assert bool(await database.row(statement, *arguments, submission)) is taken
