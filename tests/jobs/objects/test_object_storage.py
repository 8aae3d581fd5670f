from __future__ import annotations

import asyncio

import pytest

from pagemill.errors import NotFoundError, StorageUnavailableError
from pagemill.jobs.objects.object_storage import ObjectStorage, split_url
from pagemill.jobs.queue import statements
from pagemill.jobs.queue.claims import Queue
from pagemill.jobs.queue.store import JobStore
from pagemill.model import ScrapeOptions

BODIES = {"html": b"h" * 5000, "markdown": b"", "metadata": b"m" * 3}


async def test_bodies_come_back_and_the_rows_hold_none(completed, store, database, names, name_of):
    page = await completed(**BODIES)
    assert await store.bodies(page.id) == BODIES
    assert await database.row("SELECT bool_and(body IS NULL) AS nowhere, sum(size) AS size FROM bodies") == (True, 5003)
    assert await names() == {await name_of(page)}


async def test_a_large_body_comes_in_parts(completed, store):
    body = bytes(range(256)) * 12_000
    page = await completed(screenshot=body, html=b"x")
    places = await store.body_places(page.id, ["screenshot"])
    parts = [part async for part in store.body_parts(places["screenshot"])]
    assert len(parts) > 2
    assert b"".join(parts) == body


async def test_a_small_result_is_read_in_one_request_and_a_large_one_in_parts(completed, store, storage, monkeypatch):
    read, lengths = storage.read, []

    async def counted(url, start, length):
        lengths.append(length)
        return await read(url, start, length)

    monkeypatch.setattr(storage, "read", counted)
    small = await completed(html=b"h" * 5000, screenshot=b"s" * 2_000_000, metadata=b"m")
    assert await store.bodies(small.id) == {"html": b"h" * 5000, "metadata": b"m"}
    small = await completed(**BODIES, screenshot=b"s" * 2_000_000)
    lengths.clear()
    assert await store.bodies(small.id) == BODIES
    assert lengths == [5003]
    large = await completed(html=b"h" * 1_500_000, metadata=b"m")
    lengths.clear()
    assert await store.bodies(large.id) == {"html": b"h" * 1_500_000, "metadata": b"m"}
    assert max(lengths) <= 1024 * 1024


async def test_a_page_without_bodies_needs_no_object(completed, store, names):
    page = await completed()
    assert await store.bodies(page.id) == {}
    assert await names() == set()


async def test_rows_of_before_and_after_a_change_of_the_setting_are_read(
    completed, settings, store, database, tmp_path
):
    """Each row says where its body is."""
    in_objects = await completed(html=b"in the first storage")
    elsewhere = settings.changed(bodies_url=(tmp_path / "other").as_uri())
    others = {}
    for name, changed in (("rows", settings.changed(bodies_url=None)), ("other", elsewhere)):
        queue = Queue(database, name, objects=ObjectStorage(changed, database))
        await queue.heartbeat()
        await store.submit("anonymous", ["http://b.test/"], ScrapeOptions(), batch=False)
        [page] = await queue.claim(1)
        assert await queue.complete(page, final_url=page.url, status_code=200, bodies={"html": name.encode()})
        others[page.id] = name.encode()
    for changed in (settings, elsewhere, settings.changed(bodies_url=None)):
        reader = JobStore(database, objects=ObjectStorage(changed, database))
        assert await reader.bodies(in_objects.id) == {"html": b"in the first storage"}
        for page_id, body in others.items():
            assert await reader.bodies(page_id) == {"html": body}


async def test_two_attempts_at_one_page_write_two_objects(storage):
    first = await storage.put_page(7, 1, [b"a"], 1)
    second = await storage.put_page(7, 1, [b"b"], 1)
    assert await storage.read(first.url, 0, 1) == b"a"
    assert await storage.read(second.url, 0, 1) == b"b"


async def test_an_object_that_is_not_there_is_a_result_that_was_deleted(completed, store, storage, database):
    page = await completed(html=b"x")
    row = await database.row("SELECT object FROM pages WHERE id = $1", page.id)
    await storage.delete([row["object"]])
    with pytest.raises(NotFoundError):
        await store.bodies(page.id)


async def test_a_page_waits_for_a_storage_that_is_away(s3, settings, database):
    settings = settings.changed(bodies_url="s3://bodies/away")
    storage = ObjectStorage(settings, database)
    store, queue = JobStore(database, objects=storage), Queue(database, "worker", objects=storage)
    await queue.heartbeat()
    job = await store.submit("anonymous", ["http://a.test/"], ScrapeOptions(), batch=False)
    [page] = await queue.claim(1)
    await s3.cut()
    ending = asyncio.create_task(queue.complete(page, final_url=page.url, status_code=200, bodies=BODIES))
    await asyncio.sleep(1)
    assert not (await store.get(job.id, "anonymous")).status.ended
    with pytest.raises(StorageUnavailableError):
        await storage.put_cached(b"key", [b"x"])
    await s3.mend()
    assert await ending
    assert await store.bodies(page.id) == BODIES
    await s3.cut()
    with pytest.raises(StorageUnavailableError):
        await store.bodies(page.id)
    await s3.mend()


async def test_a_row_that_comes_long_after_its_object_names_another_one(
    completed, store, queue, database, monkeypatch, names, name_of
):
    """By then the first may have been deleted as an orphan."""
    await store.submit("anonymous", ["http://a.test/"], ScrapeOptions(), batch=False)
    [page] = await queue.claim(1)
    monkeypatch.setattr("pagemill.jobs.queue.claims._LONGEST_COMMIT", 0.5)
    blocking = await database.connect()
    async with blocking.transaction():
        await blocking.execute("SELECT FROM pages FOR UPDATE")
        ending = asyncio.create_task(queue.complete(page, final_url=page.url, status_code=200, bodies=BODIES))
        async with asyncio.timeout(60):
            while len(await names()) < 2:
                await asyncio.sleep(0.05)
        # The statements whose answers nobody waits for any more wait for the lock as well.
        await blocking.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND wait_event_type = 'Lock'"
        )
    await blocking.close()
    assert await ending
    assert await store.bodies(page.id) == BODIES
    assert await name_of(page) in await names()


async def test_a_repeated_end_leaves_the_object_of_the_first(completed, database, name_of):
    page = await completed(html=b"x")
    first = await name_of(page)
    row = await database.row(
        statements.COMPLETE_PAGE,
        *(page.id, 1, "worker", "u", 200, ["html"], [None], False, "http", [], "s3://b/o/pages/0/late", [0], [1]),
    )
    assert row["pages"] == 1
    assert await name_of(page) == first


def test_the_url_of_an_object_says_which_bucket_it_is_in():
    assert split_url("s3://bucket/a/b/owner/pages/0/1-1-ab") == ("s3://bucket/a/b", "owner/pages/0/1-1-ab")
    assert split_url("s3://bucket/owner/cache/ab/ab-cd") == ("s3://bucket", "owner/cache/ab/ab-cd")
    assert split_url("file:///var/a%20b/owner/pages/0/1") == ("file:///var/a%20b", "owner/pages/0/1")
