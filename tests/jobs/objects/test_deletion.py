from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from datetime import timedelta

import pytest
from tests.web.http_server import HttpServer, Response

from pagemill.bodies import pack as packed
from pagemill.jobs.memory.page_cache import DatabasePageCache
from pagemill.jobs.objects.deletion import ObjectDeletion
from pagemill.jobs.objects.object_storage import ObjectStorage, split_url
from pagemill.jobs.queue.claims import rescue
from pagemill.model import FetchedPage, ScrapeOptions
from pagemill.settings import Settings

OLD = "UPDATE object_owner SET swept_at = now() - interval '2 days'"


@pytest.fixture
def orphans(settings, database, storage):
    """Looks for orphans of any age."""

    async def find():
        deletion = ObjectDeletion(settings, database, storage)
        deletion._age = timedelta(seconds=-5)  # the server's clock shows whole seconds
        await database.rows(OLD)
        return await deletion.find_orphans()

    return find


async def test_retention_deletes_the_objects_of_what_it_deletes(completed, store, deletion, names, name_of):
    await completed(html=b"old")
    assert await store.delete_ended(timedelta(0), 10) == 1
    kept = await completed(html=b"kept")
    assert len(await names()) == 2
    assert await deletion.delete_due() == 1
    assert await names() == {await name_of(kept)}
    assert await store.bodies(kept.id) == {"html": b"kept"}
    assert await deletion.delete_due() == 0


async def test_a_worker_that_dies_as_it_deletes_forgets_no_object(completed, store, deletion, database, names):
    await completed(html=b"old")
    await store.delete_ended(timedelta(0), 10)
    await database.rows("UPDATE deleted_objects SET due_at = now() + interval '1 minute'")  # taken, and nothing after
    assert await deletion.delete_due() == 0
    await database.rows("UPDATE deleted_objects SET due_at = now()")
    assert await deletion.delete_due() == 1
    assert await names() == set()


async def test_an_object_that_is_gone_already_counts_as_deleted(completed, store, deletion, storage, database):
    for _ in range(2):
        await completed(html=b"x")
    await store.delete_ended(timedelta(0), 10)
    row = await database.row("SELECT url FROM deleted_objects")
    await storage.delete([row["url"]])
    assert await deletion.delete_due() == 2
    assert await database.rows("SELECT url FROM deleted_objects") == []


async def test_a_bucket_that_is_away_holds_up_no_other(completed, store, deletion, database, names):
    await completed(html=b"x")
    await store.delete_ended(timedelta(0), 10)
    await database.rows(
        "INSERT INTO deleted_objects VALUES ('file:///proc/none/o/pages/0/1', now() - interval '1 day')"
    )
    assert await deletion.delete_due() == 1
    assert await names() == set()
    assert len(await database.rows("SELECT FROM deleted_objects WHERE due_at > now()")) == 1


async def test_orphans_are_found_and_what_rows_name_is_kept(completed, storage, orphans, deletion, names, name_of):
    page = await completed(html=b"x")
    await storage.put_page(page.id, 1, [b"never committed"], 1)
    await storage.put_page(999_999, 1, [b"of no page"], 1)
    await storage.put_cached(b"\x01", [b"of no copy"])
    assert await orphans() == 3
    assert await deletion.delete_due() == 3
    assert await names() == {await name_of(page)}


async def test_young_objects_are_no_orphans_yet(storage, deletion, database, names):
    await storage.put_page(1, 1, [b"its row is under way"], 1)
    await database.rows(OLD)
    assert await deletion.find_orphans() == 0
    assert len(await names()) == 1


async def test_orphans_are_looked_for_now_and_then(storage, deletion, database):
    await storage.put_page(1, 1, [b"x"], 1)
    deletion._age = timedelta(days=1)
    assert await deletion.find_orphans() == 0  # looked for when the database was made
    await database.rows(OLD)
    await deletion.find_orphans()
    assert (await database.row("SELECT swept_at > now() - interval '1 minute' AS lately FROM object_owner"))["lately"]


async def test_what_another_database_wrote_is_left_alone(completed, store, orphans, deletion, database, names):
    """Two services may share a bucket, and a restored database names objects of the one that it is a copy of."""
    await completed(html=b"x")
    await database.rows("UPDATE object_owner SET id = 'another'")
    assert await orphans() == 0
    await store.delete_ended(timedelta(0), 10)
    assert await deletion.delete_due() == 0
    assert len(await names()) == 1


def fetched(body):
    return FetchedPage("http://a.test/", "http://a.test/", 200, "text/html", body)


async def test_the_cache_keeps_its_bytes_in_objects(settings, database, storage, orphans, deletion, names):
    cache = DatabasePageCache(database, "worker", settings, storage)
    await cache.keep(b"k", fetched(b"raw" * 100), "http", "1", {"html": packed("h"), "markdown": packed("mm")})
    assert await cache.raw(b"k") == b"raw" * 100
    assert await cache.bodies(b"k", ["html", "markdown"]) == {"html": packed("h"), "markdown": packed("mm")}
    assert await database.row("SELECT raw FROM cached_pages") == (None,)
    assert len(await names()) == 1
    await cache.keep_bodies(b"k", "1", {"links": packed("l"), "markdown": packed("new")})
    assert await cache.bodies(b"k", ["html", "markdown", "links"]) == {
        "html": packed("h"),
        "markdown": packed("new"),
        "links": packed("l"),
    }
    assert await deletion.delete_due() == 0  # the first object still has the page and its HTML
    assert await orphans() == 0
    await cache.keep(b"k", fetched(b"other"), "http", "1", {"html": packed("n")})
    assert await deletion.delete_due() == 2
    assert await cache.raw(b"k") == b"other"
    assert await cache.bodies(b"k", ["html", "markdown"]) == {"html": packed("n")}
    assert await cache.delete_old(timedelta(seconds=-1), 10) == 1
    assert await deletion.delete_due() == 1
    assert await names() == set()


async def test_a_cached_object_that_is_gone_is_no_copy(settings, database, storage):
    cache = DatabasePageCache(database, "worker", settings, storage)
    await cache.keep(b"k", fetched(b"raw"), "http", "1", {"html": packed("h")})
    await storage.delete([(await database.row("SELECT object FROM cached_pages"))["object"]])
    assert await cache.raw(b"k") is None
    assert await cache.bodies(b"k", ["html"]) == {}


async def test_rows_of_the_cache_are_read_after_a_change_of_the_setting(settings, database, storage):
    here = DatabasePageCache(database, "worker", settings.changed(bodies_url=None))
    there = DatabasePageCache(database, "worker", settings, storage)
    for cache in (here, there, here):
        await cache.keep(b"k", fetched(b"raw"), "http", "1", {"html": packed("h")})
        for reader in (here, there):
            assert await reader.raw(b"k") == b"raw"
            assert await reader.bodies(b"k", ["html"]) == {"html": packed("h")}


async def test_a_worker_that_is_killed_between_object_and_row_loses_nothing(
    settings, store, queue, database, database_url, orphans, deletion, names, name_of
):
    locked = asyncio.Event()

    async def once_locked(_):
        await locked.wait()
        return Response(b"<html><body><p>Words of a page.</p></body></html>")

    async with HttpServer({"/": once_locked}) as web:
        job = await store.submit("anonymous", [web.url("/")], ScrapeOptions(), batch=False)
        blocking = await database.connect()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pagemill", "worker", "--id", "victim"),
            env={
                **os.environ,
                "PAGEMILL_DATABASE_URL": database_url,
                "PAGEMILL_BODIES_URL": settings.storage.bodies_url,
                "PAGEMILL_ALLOWED_NETWORKS": "127.0.0.0/8",
                "PAGEMILL_CACHE_TIME": "0",
                "PAGEMILL_LOG_LEVEL": "error",
            },
        )
        try:
            async with asyncio.timeout(60):
                while not await database.rows("SELECT FROM pages WHERE worker_id = 'victim'"):
                    await asyncio.sleep(0.01)
            async with blocking.transaction():
                await blocking.execute("SELECT FROM pages FOR UPDATE")
                locked.set()
                async with asyncio.timeout(60):
                    while not await names():
                        await asyncio.sleep(0.05)
                process.kill()
                await process.wait()
                await blocking.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                    "AND wait_event_type = 'Lock'"
                )
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            await blocking.close()
    [left] = await names()
    assert not (await store.get(job.id, "anonymous")).status.ended
    await rescue(database, 3, dead_worker="victim")
    [page] = await queue.claim(1)
    assert await queue.complete(page, final_url=page.url, status_code=200, bodies={"html": b"again"})
    assert await store.bodies(page.id) == {"html": b"again"}
    assert await orphans() == 1
    assert await deletion.delete_due() == 1
    assert await names() == {await name_of(page)} != {left}


async def test_a_storage_that_is_away_is_asked_again_later(s3, settings, database):
    storage = ObjectStorage(settings.changed(bodies_url="s3://bodies/later"), database)
    url = (await storage.put_page(1, 1, [b"x"], 5)).url
    await database.rows("INSERT INTO deleted_objects (url) VALUES ($1)", url)
    deletion = ObjectDeletion(settings, database, storage)
    await s3.cut()
    task = asyncio.create_task(deletion.run(0.1))
    await asyncio.sleep(0.5)
    assert not task.done()
    await s3.mend()
    await database.rows("UPDATE deleted_objects SET due_at = now()")
    async with asyncio.timeout(60):
        while await database.rows("SELECT FROM deleted_objects"):
            await asyncio.sleep(0.05)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    bucket = await storage.bucket(split_url(url)[0])
    with pytest.raises(FileNotFoundError):
        await bucket.read(split_url(url)[1], 0, 1)


def test_the_age_of_an_orphan_is_far_above_the_time_that_a_row_may_take():
    from pagemill.jobs.queue.claims import _LONGEST_COMMIT

    with pytest.raises(ValueError, match="bodies_orphan_age"):
        Settings(bodies_orphan_age=_LONGEST_COMMIT)
