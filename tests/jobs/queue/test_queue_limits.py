"""No more pages wait than the limits say, and none is counted twice or forgotten."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from pagemill.errors import QueueFullError
from pagemill.jobs.database.migrator import migrate
from pagemill.jobs.keys.keys import ANONYMOUS, Keys
from pagemill.jobs.queue.claims import Queue, rescue
from pagemill.jobs.queue.store import Idempotency, JobStore, QueueLimits, Repeat
from pagemill.model import Failure, ScrapeOptions

COUNTED = "SELECT key_id, sum(pages) AS pages FROM unended_pages GROUP BY key_id HAVING sum(pages) <> 0"
STORED = """
SELECT key_id, count(*) AS pages FROM pages
WHERE job_id IN (SELECT id FROM jobs WHERE completed_at IS NULL) GROUP BY key_id
"""


async def submitted(store, pages=1, key=ANONYMOUS, **options):
    urls = [f"http://example.com/{number}" for number in range(pages)]
    return await store.submit(key, urls, ScrapeOptions(), batch=pages > 1, **options)


async def counted(database):
    """What is counted, by key; it must be what is stored."""
    stored = {row["key_id"]: row["pages"] for row in await database.rows(STORED)}
    found = {row["key_id"]: row["pages"] for row in await database.rows(COUNTED)}
    assert found.pop("", 0) == sum(stored.values())
    assert found == stored
    return found


async def test_a_key_has_so_many_pages_at_a_time(database):
    other, _ = await Keys(database).create("other")
    store = JobStore(database, QueueLimits(per_key=10))
    await submitted(store, 6)
    with pytest.raises(QueueFullError, match="10 pages of one key"):
        await submitted(store, 5)
    with pytest.raises(QueueFullError):
        await store.find_place(ANONYMOUS, 5)
    await store.find_place(ANONYMOUS, 4)
    await submitted(store, 4)
    await submitted(store, 10, other)
    assert await counted(database) == {ANONYMOUS: 10, other: 10}


async def test_all_keys_share_a_limit(database):
    other, _ = await Keys(database).create("other")
    store = JobStore(database, QueueLimits(in_all=10))
    await submitted(store, 6)
    with pytest.raises(QueueFullError, match="in all"):
        await submitted(store, 5, other)


async def test_a_job_larger_than_the_limit_is_taken_alone(database):
    store = JobStore(database, QueueLimits(per_key=3, in_all=3))
    await submitted(store, 5)
    with pytest.raises(QueueFullError):
        await submitted(store, 1)


async def test_a_repeated_request_is_answered_though_the_queue_is_full(database):
    store = JobStore(database, QueueLimits(per_key=2))
    for mark in (Idempotency("key", b"hash"), Repeat(b"other", timedelta(seconds=60))):
        first = await submitted(store, idempotency=mark)
        assert (await submitted(store, idempotency=mark)).id == first.id
    with pytest.raises(QueueFullError):
        await submitted(store, idempotency=Idempotency("new", b"hash"))
    with pytest.raises(QueueFullError):
        await submitted(store, idempotency=Repeat(b"new", timedelta(seconds=60)))
    assert await counted(database) == {ANONYMOUS: 2}
    assert len(await database.rows("SELECT FROM recent_requests")) == 1, "what is refused is not remembered"


async def test_place_is_there_again_when_jobs_end_however_they_do(database):
    store = JobStore(database, QueueLimits(per_key=4))
    queue = Queue(database, "worker")
    await queue.heartbeat()

    async def complete(_job):
        for page in await queue.claim(4):
            await queue.complete(page, final_url="", status_code=200, bodies={})

    async def fail(_job):
        for page in await queue.claim(4):
            await queue.fail(page, Failure("timeout", ""))

    async def cancel(job):
        await store.cancel(job.id, ANONYMOUS)

    async def crash(_job):
        await queue.claim(4)
        await rescue(database, 1, dead_worker="worker")

    async def delete(job):
        await database.rows("DELETE FROM jobs WHERE id = $1", job.id)

    for end in (complete, fail, cancel, crash, delete):
        await end(await submitted(store, 4))
        assert await counted(database) == {}
    await database.rows("DELETE FROM jobs")
    assert await counted(database) == {}


async def test_submissions_at_once_pass_the_limit_by_those_under_way_alone(database):
    store = JobStore(database, QueueLimits(per_key=50))

    async def attempt():
        try:
            await submitted(store)
        except QueueFullError:
            return 0
        return 1

    taken = sum(await asyncio.gather(*(attempt() for _ in range(300))))
    assert 50 <= taken <= 50 + 5, "the pool has 5 connections"
    assert await counted(database) == {ANONYMOUS: taken}


async def test_what_waits_already_is_counted_by_the_migration(database):
    await submitted(JobStore(database), 3)
    await migrate(database, to=12)
    await submitted_before(database)
    await migrate(database)
    assert await counted(database) == {ANONYMOUS: 5}


async def submitted_before(database):
    await database.rows(
        "INSERT INTO jobs (id, key_id, batch, options, pages_left) VALUES ('job_old', $1, true, '{}', 2)", ANONYMOUS
    )
    await database.rows(
        "INSERT INTO pages (job_id, key_id, position, url) SELECT 'job_old', $1, n, '' FROM generate_series(0, 1) n",
        ANONYMOUS,
    )
