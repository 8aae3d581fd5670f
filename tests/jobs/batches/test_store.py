from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.jobs.queue.test_lost_answers import LOST_AFTER, UnreliableDatabase

from pagemill.jobs.batches.store import BatchStore, Line
from pagemill.jobs.queue.claims import Queue
from pagemill.jobs.queue.store import JobStore
from pagemill.model import ScrapeOptions

KEY = "anonymous"
LINES = [Line(f"https://example.com/{number}", str(number)) for number in range(10)]


@pytest.fixture
def store(database, settings):
    return BatchStore(database, JobStore(database), settings.changed(batch_queued_pages=4, batch_release_step=3))


async def accept(store, batch_id):
    return await store.accept(
        batch_id, KEY, len(LINES), ScrapeOptions(), idempotency=None, webhook_url=None, trace_context=None
    )


async def uploaded(store):
    batch_id = await store.begin(KEY)
    await store.add(batch_id, 0, LINES)
    await accept(store, batch_id)
    return batch_id


async def count(database, table):
    return (await database.row(f"SELECT count(*) AS rows FROM {table}"))["rows"]


async def test_lines_whose_answer_got_lost_are_there_once(store, database):
    batch_id = await store.begin(KEY)
    # A repetition, and two at once: the one that comes late finds the lines of the other.
    await store.add(batch_id, 0, LINES)
    await asyncio.gather(store.add(batch_id, 0, LINES), store.add(batch_id, 0, LINES))
    await store.add(batch_id, 10, LINES)
    rows = await database.rows("SELECT position, own_id FROM batch_lines ORDER BY position")
    assert [(row["position"], row["own_id"]) for row in rows] == [(place, str(place % 10)) for place in range(20)]


async def test_statements_whose_answers_got_lost(store, database, settings):
    async with UnreliableDatabase(settings.database.database_url) as unreliable:
        lossy = BatchStore(unreliable, JobStore(unreliable), settings.changed(batch_queued_pages=4))

        def lose(answers=1):
            unreliable.faults.extend([LOST_AFTER] * answers)

        unreliable.faults.extend(["healthy", LOST_AFTER])
        batch_id = await lossy.begin(KEY)
        await lossy.add(batch_id, 0, LINES)
        lose()
        job = await accept(lossy, batch_id)
        assert job.id == batch_id
        lose()
        assert (await lossy.release())[1] == 1
        assert await count(database, "pages") == 4  # a repetition releases no more than there is room for
        queue = Queue(unreliable, "worker")
        await queue.heartbeat()
        for page in await queue.claim(10):
            lose()
            await queue.complete(page, final_url=page.url, status_code=200, bodies={})
        lose(3)
        await lossy.cancel(batch_id, KEY)
        found = await lossy.get(batch_id, KEY)
        assert found is not None
        job, progress = found
        assert (job.status, progress.ended, progress.completed, progress.begun) == ("completed", 4, 4, 4)
        ended = await lossy.ended_lines(job, 0, 100, 100)
        assert [line.number for line in ended] == [1, 2, 3, 4]


async def test_a_batch_passes_into_the_queue_in_steps(store, database):
    await uploaded(store)
    assert await store.release() == (3, 1)
    assert await store.release() == (0, 1)  # more than half of its place is taken
    queue = Queue(database, "worker")
    await queue.heartbeat()
    for page in await queue.claim(1):
        await queue.complete(page, final_url=page.url, status_code=200, bodies={})
    assert await store.release() == (2, 1)


async def test_what_was_abandoned_is_never_accepted(store, database):
    batch_id = await store.begin(KEY)
    await store.add(batch_id, 0, LINES)
    await store.abandon(batch_id)
    assert await count(database, "batch_lines") == 0
    with pytest.raises(Exception, match="so long"):
        await accept(store, batch_id)
    assert await count(database, "jobs") == 0
    # And what is accepted is not abandoned.
    other = await uploaded(store)
    await store.abandon(other)
    assert await count(database, "batch_lines") == len(LINES)


async def test_old_batches_are_deleted_in_steps(store, database):
    old, running, unfinished, young = [await uploaded(store) for _ in range(2)] + [await store.begin(KEY) for _ in "ab"]
    for batch_id in (unfinished, young):
        await store.add(batch_id, 0, LINES)
    await database.rows("UPDATE batches SET created_at = now() - interval '3 hours' WHERE id = $1", unfinished)
    await store.release()
    await store.cancel(old, KEY)
    await database.rows("UPDATE jobs SET completed_at = now() - interval '9 days' WHERE id = $1", old)
    assert await JobStore(database).delete_ended(timedelta(days=7), 100) == 0
    assert await store.delete_old(timedelta(days=7), 4)
    assert await store.get(old, KEY) is None  # from the first step on
    assert await count(database, "batch_lines") == 36
    while await store.delete_old(timedelta(days=7), 4):
        pass
    left = {row["id"] for row in await database.rows("SELECT id FROM batches")}
    assert left == {running, young}
    assert await count(database, "batch_lines") == 20
    assert await count(database, "jobs") == 1
    assert (await database.row("SELECT count(*) AS rows FROM batch_ends WHERE batch_id = $1", old))["rows"] == 0
