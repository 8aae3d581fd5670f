from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import structlog

from pagemill import bodies
from pagemill.errors import ConflictError
from pagemill.jobs.keys.keys import ANONYMOUS, Keys
from pagemill.jobs.queue.claims import Queue
from pagemill.jobs.queue.store import Idempotency, JobStore, Repeat
from pagemill.model import Failure, Format, ScrapeOptions, Status

URLS = ["http://example.com/a", "http://example.com/b"]


@pytest.fixture
def store(database):
    return JobStore(database)


@pytest.fixture
async def queue(database):
    queue = Queue(database, "worker")
    await queue.heartbeat()
    return queue


async def test_a_submitted_job_waits_with_its_pages_in_order(store):
    options = ScrapeOptions(formats=(Format.MARKDOWN,), country="de", force_fresh=True)
    job = await store.submit(ANONYMOUS, URLS, options, batch=True)
    assert job.id.startswith("batch_")
    assert (job.status, job.options, job.completed_at) == (Status.PENDING, options, None)
    pages = await store.pages(job.id)
    assert [(page.index, page.url, page.status) for page in pages] == [
        (0, URLS[0], Status.PENDING),
        (1, URLS[1], Status.PENDING),
    ]


async def test_a_submission_whose_answer_got_lost_is_stored_once(store, database, monkeypatch):
    """The connection dies after the server has done its work: the statement is sent again."""
    rows, cut = database.rows, []

    async def lose_first_answer(*words, **named):
        if not cut:
            cut.append(await rows(*words, **named))
        return await rows(*words, **named)

    monkeypatch.setattr(database, "rows", lose_first_answer)
    job = await store.submit(ANONYMOUS, URLS, ScrapeOptions(), batch=True)
    assert len(cut[0]) == 1
    assert len(await store.pages(job.id)) == 2
    assert await database.row("SELECT count(*) FROM jobs") == (1,)


async def test_a_single_job_has_its_own_prefix(store):
    assert (await store.submit(ANONYMOUS, URLS[:1], ScrapeOptions(), batch=False)).id.startswith("job_")


async def test_a_job_of_another_key_is_not_there(store, database):
    other, _ = await Keys(database).create("other")
    job = await store.submit(ANONYMOUS, URLS, ScrapeOptions(), batch=True)
    assert await store.get(job.id, other) is None
    assert await store.get(job.id, ANONYMOUS) == job


async def test_the_same_idempotency_key_gives_the_same_job(store):
    idempotency = Idempotency("once", b"hash")
    jobs = await asyncio.gather(
        *(store.submit(ANONYMOUS, URLS, ScrapeOptions(), batch=True, idempotency=idempotency) for _ in range(10))
    )
    assert len({job.id for job in jobs}) == 1
    assert len(await store.pages(jobs[0].id)) == 2


async def test_an_idempotency_key_of_another_request_is_a_conflict(store):
    await store.submit(ANONYMOUS, URLS, ScrapeOptions(), batch=True, idempotency=Idempotency("once", b"hash"))
    with pytest.raises(ConflictError):
        await store.submit(ANONYMOUS, URLS, ScrapeOptions(), batch=True, idempotency=Idempotency("once", b"other"))


async def test_bodies_come_back_as_they_were_given(store, queue):
    job = await store.submit(ANONYMOUS, URLS[:1], ScrapeOptions(), batch=False)
    [page] = await queue.claim(1)
    packed = {"html": bodies.pack("<p>"), "markdown": bodies.pack("x")}
    await queue.complete(page, final_url="http://example.com/c", status_code=200, bodies=packed)
    [stored] = await store.pages(job.id)
    assert await store.bodies(stored.id) == packed


async def test_only_jobs_that_ended_long_ago_are_deleted(store, queue, database):
    ended, waiting = [(await store.submit(ANONYMOUS, URLS[:1], ScrapeOptions(), batch=False)).id for _ in range(2)]
    [page] = await queue.claim(1)
    await queue.complete(page, final_url="x", status_code=200, bodies={"html": b""})
    assert await store.delete_ended(timedelta(days=1), 10) == 0
    assert await store.delete_ended(timedelta(0), 10) == 1
    assert await store.get(ended, ANONYMOUS) is None
    assert await store.get(waiting, ANONYMOUS)
    assert await database.row("SELECT count(*) FROM bodies") == (0,)


async def test_deletion_goes_in_steps(store, queue):
    for _ in range(5):
        await store.submit(ANONYMOUS, URLS[:1], ScrapeOptions(), batch=False)
    for page in await queue.claim(5):
        await queue.complete(page, final_url="x", status_code=200, bodies={})
    assert [await store.delete_ended(timedelta(0), 2) for _ in range(4)] == [2, 2, 1, 0]


async def submit_same(store, mark=b"same", window=5.0, until_end=False, **named):
    repeat = Repeat(mark, timedelta(seconds=window), until_end)
    return await store.submit(ANONYMOUS, URLS[:1], ScrapeOptions(), batch=False, idempotency=repeat, **named)


async def test_a_request_that_comes_again_at_once_is_one_job(store, database):
    jobs = await asyncio.gather(*(submit_same(store) for _ in range(20)))
    assert len({job.id for job in jobs}) == 1
    assert await database.row("SELECT count(*) FROM pages") == (1,)
    assert (await submit_same(store, b"other")).id != jobs[0].id


async def test_without_a_window_each_request_is_a_job(store):
    assert len({(await submit_same(store, mark=None)).id for _ in range(3)}) == 3


async def test_after_the_window_the_same_request_is_another_job(store, database):
    first = await submit_same(store)
    await database.rows("UPDATE recent_requests SET created_at = created_at - interval '4 seconds'")
    assert (await submit_same(store)).id == first.id
    await database.rows("UPDATE recent_requests SET created_at = created_at - interval '2 seconds'")
    second = await submit_same(store)
    assert second.id != first.id
    assert (await submit_same(store)).id == second.id


async def test_a_request_whose_answer_was_due_at_the_end_may_come_again_until_then(store, queue, database):
    first = await submit_same(store, until_end=True)
    await database.rows("UPDATE recent_requests SET created_at = created_at - interval '1 minute'")
    assert (await submit_same(store, until_end=True)).id == first.id
    [page] = await queue.claim(1)
    await queue.complete(page, final_url="x", status_code=200, bodies={})
    assert (await submit_same(store, until_end=True)).id == first.id
    await database.rows("UPDATE jobs SET completed_at = completed_at - interval '6 seconds'")
    assert (await submit_same(store, until_end=True)).id != first.id


async def test_a_repetition_of_a_job_that_was_deleted_is_another_job(store, database):
    first = await submit_same(store)
    await database.rows("DELETE FROM jobs")
    assert (await submit_same(store)).id != first.id


async def test_what_a_submission_would_join_can_be_asked(store):
    repeat, key = Repeat(b"same", timedelta(seconds=5)), Idempotency("once", b"hash")
    assert await store.find_existing_job(ANONYMOUS, repeat) is None
    assert await store.find_existing_job(ANONYMOUS, key) is None
    assert await store.find_existing_job(ANONYMOUS, None) is None
    for idempotency in (repeat, key):
        job = await store.submit(ANONYMOUS, URLS, ScrapeOptions(), batch=True, idempotency=idempotency)
        assert await store.find_existing_job(ANONYMOUS, idempotency) == job
    with pytest.raises(ConflictError):
        await store.find_existing_job(ANONYMOUS, Idempotency("once", b"other"))


async def test_cancelling_ends_what_nobody_has_in_hand(store, queue, database):
    job = await store.submit(ANONYMOUS, [*URLS, "http://example.com/c"], ScrapeOptions(), batch=True)
    [page] = await queue.claim(1)
    assert await store.cancel(job.id, ANONYMOUS) == 2
    assert (await store.get(job.id, ANONYMOUS)).status == Status.PROCESSING
    await queue.complete(page, final_url="x", status_code=200, bodies={})
    assert (await store.get(job.id, ANONYMOUS)).status == Status.COMPLETED
    assert [page.failure and page.failure.code for page in await store.pages(job.id)] == [None, *["cancelled"] * 2]
    assert await store.cancel(job.id, ANONYMOUS) == 0
    assert await queue.claim(10) == []


async def test_a_job_cancelled_before_it_began_has_failed(store, queue):
    job = await store.submit(ANONYMOUS, URLS, ScrapeOptions(), batch=True, webhook_url="http://a.b/")
    await asyncio.gather(*(store.cancel(job.id, ANONYMOUS) for _ in range(5)))
    assert (await store.get(job.id, ANONYMOUS)).status == Status.FAILED


async def test_nobody_cancels_anothers_job(store, database):
    other, _ = await Keys(database).create("other")
    job = await store.submit(ANONYMOUS, URLS, ScrapeOptions(), batch=True)
    assert await store.cancel(job.id, other) == 0
    assert (await store.get(job.id, ANONYMOUS)).status == Status.PENDING


async def test_jobs_are_listed_newest_first_and_by_pages(store, queue, database):
    other, _ = await Keys(database).create("other")
    await store.submit(other, URLS, ScrapeOptions(), batch=True)
    jobs = [await store.submit(ANONYMOUS, URLS, ScrapeOptions(), batch=True) for _ in range(5)]
    await database.rows("UPDATE jobs SET created_at = (SELECT min(created_at) FROM jobs)")  # the id decides
    expected = sorted((job.id for job in jobs), reverse=True)
    found, before = [], None
    while summaries := await store.jobs_of(ANONYMOUS, before=before, limit=2):
        assert len(summaries) <= 2
        found += [summary.job.id for summary in summaries]
        before = summaries[-1].job
    assert found == expected
    assert summaries == []


async def test_a_list_of_one_status_tells_how_far_each_job_is(store, queue):
    job = await store.submit(ANONYMOUS, URLS, ScrapeOptions(), batch=True)
    await store.submit(ANONYMOUS, URLS, ScrapeOptions(), batch=True)
    first, second = await queue.claim(2)
    await queue.complete(first, final_url="x", status_code=200, bodies={})
    [summary] = await store.jobs_of(ANONYMOUS, status=Status.PROCESSING, limit=10)
    assert (summary.job.id, summary.url, summary.pages, summary.completed, summary.failed) == (job.id, URLS[0], 2, 1, 0)
    await queue.complete(second, final_url="x", status_code=200, bodies={})
    counts = {status: len(await store.jobs_of(ANONYMOUS, status=status, limit=10)) for status in (None, *Status)}
    assert counts == {None: 2, "pending": 1, "processing": 0, "completed": 1, "failed": 0}


async def test_a_repeated_submission_is_logged_once(store):
    repeat = Repeat(b"x" * 32, timedelta(seconds=60))
    with structlog.testing.capture_logs() as lines:
        first = await store.submit(ANONYMOUS, URLS[:1], ScrapeOptions(), batch=False, idempotency=repeat)
        second = await store.submit(ANONYMOUS, URLS[:1], ScrapeOptions(), batch=False, idempotency=repeat)
    assert second.id == first.id
    assert [line["job"] for line in lines if line["event"] == "job submitted"] == [first.id]


async def test_the_log_says_whether_any_page_of_a_batch_completed(store, queue):
    with structlog.testing.capture_logs() as lines:
        for batch, completes in ((True, False), (True, True), (False, False)):
            await store.submit(ANONYMOUS, URLS if batch else URLS[:1], ScrapeOptions(), batch=batch)
            for number, page in enumerate(await queue.claim(2)):
                if completes and number == 0:
                    await queue.complete(page, final_url="x", status_code=200, bodies={})
                else:
                    await queue.fail(page, Failure("connection_refused", "The host refused."))
    ended = [line["outcome"] for line in lines if line["event"] == "job ended"]
    assert ended == ["batch.failed", "batch.completed", "job.failed"]
