from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pagemill.jobs.keys.keys import ANONYMOUS, Keys
from pagemill.jobs.queue.claims import ClaimedPage, Queue, rescue
from pagemill.jobs.queue.dead_worker_detector import DeadWorkerDetector
from pagemill.jobs.queue.store import JobStore
from pagemill.model import Failure, ScrapeOptions, Status

FAILURE = Failure("timeout", "It took too long.")


@pytest.fixture
def store(database):
    return JobStore(database)


async def worker(database, name):
    queue = Queue(database, name)
    await queue.heartbeat()
    return queue


async def submit(store, count, key=ANONYMOUS):
    urls = [f"http://example.com/{number}" for number in range(count)]
    return await store.submit(key, urls, ScrapeOptions(), batch=count > 1)


async def complete(queue, page):
    return await queue.complete(page, final_url=page.url, status_code=200, bodies={"html": b"x"})


async def status_of(store, job):
    return (await store.get(job.id, ANONYMOUS)).status


async def test_a_claimed_page_and_its_job_are_processing(database, store):
    job = await submit(store, 2)
    [page] = await (await worker(database, "a")).claim(1)
    assert await status_of(store, job) == Status.PROCESSING
    assert [p.status for p in await store.pages(job.id)] == [Status.PROCESSING, Status.PENDING]
    assert (page.url, page.attempt, page.crashes) == ("http://example.com/0", 1, 0)


async def test_a_batch_completes_with_its_last_page_if_one_completed(database, store):
    job = await submit(store, 2)
    queue = await worker(database, "a")
    first, second = await queue.claim(2)
    assert await queue.fail(first, FAILURE)
    assert await status_of(store, job) == Status.PROCESSING
    assert await complete(queue, second)
    ended = await store.get(job.id, ANONYMOUS)
    assert ended.status == Status.COMPLETED
    assert ended.completed_at is not None
    assert [page.failure for page in await store.pages(job.id)] == [FAILURE, None]


async def test_a_batch_fails_when_every_page_failed(database, store):
    job = await submit(store, 2)
    queue = await worker(database, "a")
    for page in await queue.claim(2):
        await queue.fail(page, FAILURE)
    assert await status_of(store, job) == Status.FAILED


async def test_pages_that_end_at_once_are_all_counted(database, store):
    job = await submit(store, 50)
    queue = await worker(database, "a")
    pages = await queue.claim(50)
    await asyncio.gather(*(complete(queue, page) for page in pages))
    assert await status_of(store, job) == Status.COMPLETED
    assert await database.row("SELECT pages_left, pages_completed FROM jobs") == (0, 50)


async def test_no_page_goes_to_two_workers(database, store):
    await submit(store, 60)
    queues = [await worker(database, name) for name in "abcd"]
    claims = await asyncio.gather(*(queue.claim(20) for queue in queues for _ in range(3)))
    ids = [page.id for pages in claims for page in pages]
    assert len(ids) == len(set(ids)) == 60


async def test_ending_twice_has_the_effect_of_once(database, store):
    job = await submit(store, 2)
    queue = await worker(database, "a")
    first, _ = await queue.claim(2)
    assert await complete(queue, first)
    assert await complete(queue, first)  # its answer was lost: it says again that it ended so
    assert not await queue.fail(first, FAILURE)
    assert await status_of(store, job) == Status.PROCESSING


async def test_a_released_page_is_taken_again_and_stays_processing(database, store):
    job = await submit(store, 1)
    leaving, staying = await worker(database, "a"), await worker(database, "b")
    [page] = await leaving.claim(1)
    await leaving.unregister()
    assert await status_of(store, job) == Status.PROCESSING
    [again] = await staying.claim(1)
    assert (again.id, again.attempt, again.crashes) == (page.id, 2, 0)


async def test_a_silent_worker_loses_its_pages_and_its_late_result_has_no_effect(database, store):
    job = await submit(store, 1)
    silent, alive = await worker(database, "a"), await worker(database, "b")
    [page] = await silent.claim(1)
    workers = DeadWorkerDetector(database, looks=2)
    for _ in range(2):
        assert await workers.poll() == {}
        await alive.heartbeat()
    assert (await rescue(database, 3, silent=await workers.poll())).released == 1
    [again] = await alive.claim(1)
    assert again.crashes == 1
    assert not await complete(silent, page)
    assert await status_of(store, job) == Status.PROCESSING
    assert await complete(alive, again)
    assert await status_of(store, job) == Status.COMPLETED


async def test_a_worker_that_claims_its_own_rescued_page_again_cannot_end_the_first_attempt(database, store):
    await submit(store, 1)
    queue = await worker(database, "a")
    [page] = await queue.claim(1)
    await rescue(database, 3, dead_worker="a")
    await queue.heartbeat()
    [again] = await queue.claim(1)
    assert not await complete(queue, page)
    assert await complete(queue, again)


async def test_a_page_that_takes_its_worker_down_again_and_again_fails(database, store):
    job = await submit(store, 1)
    for death in range(3):
        queue = await worker(database, f"worker {death}")
        assert len(await queue.claim(1)) == 1
        rescued = await rescue(database, 3, dead_worker=f"worker {death}")
        assert (rescued.released, rescued.failed) == ((1, 0) if death < 2 else (0, 1))
    [page] = await store.pages(job.id)
    assert await status_of(store, job) == Status.FAILED
    assert page.failure.code == "worker_crashed"
    assert "3 times" in page.failure.message


async def test_pages_of_a_living_worker_are_left_alone(database, store):
    await submit(store, 1)
    await (await worker(database, "a")).claim(1)
    assert (await rescue(database, 3, dead_worker="other")).released == 0


async def test_one_that_is_heard_of_again_is_not_dead(database, store):
    """Its heartbeat arrives after it was found silent, and before it is buried."""
    await submit(store, 1)
    queue = await worker(database, "a")
    await queue.claim(1)
    workers = DeadWorkerDetector(database, looks=1)
    await workers.poll()
    silent = await workers.poll()
    assert list(silent) == ["a"]
    await queue.heartbeat()
    assert (await rescue(database, 3, silent=silent)).released == 0
    assert (await rescue(database, 3, all_workers=True)).released == 1


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(hours=1)])
async def test_a_clock_that_is_set_buries_nobody_and_hides_nobody(database, store, jump):
    await submit(store, 2)
    silent, alive = await worker(database, "a"), await worker(database, "b")
    await silent.claim(1)
    await alive.claim(1)
    workers = DeadWorkerDetector(database, looks=3)
    await workers.poll()
    await database.rows("UPDATE workers SET seen_at = seen_at - $1::interval", jump)  # the clock goes on by `jump`
    for _ in range(3):
        assert await workers.poll() == {}
        await alive.heartbeat()
    assert list(await workers.poll()) == ["a"]
    assert (await rescue(database, 3, silent=await workers.poll())).released == 1


async def test_pages_are_claimed_by_their_crashes(database, store):
    await submit(store, 2)
    queue = await worker(database, "a")
    await queue.claim(1)
    await rescue(database, 3, dead_worker="a")
    await queue.heartbeat()
    assert [page.crashes for page in await queue.claim(5, range(1, 2))] == [1]
    assert [page.crashes for page in await queue.claim(5, range(1))] == [0]


async def test_keys_are_served_in_turn(database, store):
    """A key's one page is next, however many of another's stand before it, and however many those have in hand."""
    other, _ = await Keys(database).create("other")
    await submit(store, 500)
    queue = await worker(database, "a")
    await queue.claim(8)
    await submit(store, 1, other)
    [page] = await queue.claim(1)
    row = await database.row("SELECT key_id FROM pages WHERE id = $1", page.id)
    assert row["key_id"] == other


async def test_places_are_shared_between_keys(database, store):
    keys = Keys(database)
    many = [(await keys.create(name))[0] for name in "abc"]
    for key in many:
        await submit(store, 20, key)
    pages = await (await worker(database, "w")).claim(9)
    rows = await database.rows(
        "SELECT key_id, count(*) FROM pages WHERE id = ANY ($1) GROUP BY 1", [p.id for p in pages]
    )
    assert {row["key_id"]: row["count"] for row in rows} == dict.fromkeys(many, 3)


EVENTS = st.lists(
    st.tuples(st.sampled_from(["claim", "complete", "fail", "release", "die"]), st.integers(0, 1)), max_size=30
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=EVENTS)
def test_whatever_workers_do_statuses_only_move_forward_and_every_job_ends(events, postgres_url):
    asyncio.run(_live_through(events, postgres_url))


ORDER = {Status.PENDING: 0, Status.PROCESSING: 1, Status.COMPLETED: 2, Status.FAILED: 2}


async def _live_through(events, postgres_url):
    from pagemill.jobs.database.migrator import migrate
    from pagemill.jobs.database.pool import Database

    async with Database(postgres_url, connections=2, wait=5) as database:
        await migrate(database)
        await database.rows("DELETE FROM jobs")
        await database.rows("DELETE FROM workers")
        store = JobStore(database)
        job = await submit(store, 4)
        workers = [await worker(database, "0"), await worker(database, "1")]
        held: list[list[ClaimedPage]] = [[], []]
        seen = [await snapshot(store, job)]
        for event, number in events:
            queue = workers[number]
            if event == "claim":
                held[number] += await queue.claim(2)
            elif event in ("complete", "fail") and held[number]:
                page = held[number].pop()
                await (complete(queue, page) if event == "complete" else queue.fail(page, FAILURE))
            elif event == "release":
                await queue.release()
            elif event == "die":  # taken for dead: it still holds, and will try to end, what it had
                await rescue(database, 3, dead_worker=str(number))
                await queue.heartbeat()
            seen.append(await snapshot(store, job))
        while pages := await workers[0].claim(10):
            for page in pages:
                await complete(workers[0], page)
        await workers[1].release()
        for page in await workers[0].claim(10) + held[0]:
            await complete(workers[0], page)
        await workers[0].release()
        for page in await workers[0].claim(10):
            await complete(workers[0], page)
        seen.append(await snapshot(store, job))
        for before, after in itertools.pairwise(seen):
            for old, new in zip(before, after, strict=True):
                assert old == new or ORDER[old] < ORDER[new]
        assert all(status.ended for status in seen[-1])
        counts = await database.row("SELECT pages_left, pages_completed FROM jobs")
        assert counts["pages_left"] == 0
        assert counts["pages_completed"] == sum(status == Status.COMPLETED for status in seen[-1][1:])


async def snapshot(store, job):
    return [await status_of(store, job), *(page.status for page in await store.pages(job.id))]
