from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from pagemill import bodies
from pagemill.errors import ConflictError
from pagemill.jobs.keys import ANONYMOUS, Keys
from pagemill.jobs.queue import Queue
from pagemill.jobs.store import Idempotency, JobStore
from pagemill.model import Format, ScrapeOptions, Status

URLS = ["http://example.com/a", "http://example.com/b"]


@pytest.fixture
def store(database):
    return JobStore(database)


@pytest.fixture
async def queue(database):
    queue = Queue(database, "worker")
    await queue.beat()
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
