"""A backup holds every table, at one moment, and is restored whole or not at all."""

from __future__ import annotations

import asyncio
import contextlib
import zipfile
from datetime import timedelta

import pytest
from tests.jobs.database.rows import fill, rows_of

from pagemill.errors import OperatorError
from pagemill.jobs.backup.archive import ArchiveReader, ArchiveWriter
from pagemill.jobs.backup.snapshot import check_restorable, read_tables, write_tables
from pagemill.jobs.backup.tables import LEFT_OUT, TABLES
from pagemill.jobs.database.migrator import migrate
from pagemill.jobs.database.pool import Database
from pagemill.jobs.objects.deletion import ObjectDeletion
from pagemill.jobs.objects.object_storage import ObjectStorage
from pagemill.jobs.queue.claims import Queue
from pagemill.jobs.queue.store import JobStore
from pagemill.model import ScrapeOptions

ALL_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"


@pytest.fixture
async def target(postgres_url):
    """An empty database, without a schema."""
    async with Database(postgres_url, connections=1, wait=5) as server:
        await server.rows("CREATE DATABASE restored")
        url = postgres_url.replace("/postgres?", "/restored?")
        async with Database(url, connections=2, wait=5) as database:
            yield database
        await server.rows("DROP DATABASE restored WITH (FORCE)")


async def make(database, path):
    with ArchiveWriter(path) as archive:
        archive.finish(await write_tables(database, archive))


async def restore(database, path):
    with ArchiveReader(path) as archive:
        await check_restorable(database, archive.manifest)
        await read_tables(database, archive)


async def test_every_table_is_in_a_backup_or_left_out_on_purpose(database):
    names = {row["relname"] for row in await database.rows(ALL_TABLES)}
    assert names == set(TABLES) | set(LEFT_OUT)


async def test_every_row_comes_back(database, target, tmp_path):
    await fill(database)
    before = await rows_of(database, TABLES)
    assert all(before.values())
    await make(database, tmp_path / "backup")
    await restore(target, tmp_path / "backup")
    assert await rows_of(target, TABLES) == before
    await JobStore(target).submit("anonymous", ["http://new.test/"], ScrapeOptions(), batch=False)
    numbers = [row["id"] for row in await target.rows("SELECT id FROM pages ORDER BY id")]
    assert numbers[-1] > max(row["id"] for row in before["pages"])


async def test_results_in_object_storage_are_read_after_a_restore_and_not_deleted(database, target, settings, tmp_path):
    """The backup names them. They stay, since the database that it was made of may live on."""
    settings = settings.changed(bodies_url=(tmp_path / "bodies").as_uri())
    storage = ObjectStorage(settings, database)
    store, queue = JobStore(database, objects=storage), Queue(database, "worker", objects=storage)
    await queue.heartbeat()
    await store.submit("anonymous", ["http://a.test/"], ScrapeOptions(), batch=False)
    [page] = await queue.claim(1)
    await queue.complete(page, final_url=page.url, status_code=200, bodies={"html": b"x"})
    await make(database, tmp_path / "backup")
    await restore(target, tmp_path / "backup")
    restored = ObjectStorage(settings, target)
    reader = JobStore(target, objects=restored)
    assert await reader.bodies(page.id) == {"html": b"x"}
    assert await reader.delete_ended(timedelta(0), 10) == 1
    assert await ObjectDeletion(settings, target, restored).delete_due() == 0
    assert await store.bodies(page.id) == {"html": b"x"}


async def test_what_a_worker_had_in_hand_waits_again_and_counts_no_crash(database, target, tmp_path):
    store, queue = JobStore(database), Queue(database, "worker")
    await queue.heartbeat()
    await store.submit("anonymous", ["http://one.test/", "http://two.test/"], ScrapeOptions(), batch=True)
    [held] = await queue.claim(1)
    await make(database, tmp_path / "backup")
    await restore(target, tmp_path / "backup")
    pages = await Queue(target, "other").claim(9)
    assert [(page.url, page.crashes) for page in pages] == [("http://one.test/", 0), ("http://two.test/", 0)]
    assert pages[0].attempt == held.attempt + 1


async def test_a_backup_shows_one_moment(database, target, tmp_path):
    """While jobs are submitted and ended, no page is without its job and no count without its pages."""
    store = JobStore(database)

    async def submit_and_end():
        queue = Queue(database, "worker")
        await queue.heartbeat()
        while True:
            await store.submit("anonymous", ["http://a.test/", "http://b.test/"], ScrapeOptions(), batch=True)
            for page in await queue.claim(2):
                await queue.complete(page, final_url=page.url, status_code=200, bodies={"html": b"x" * 5000})

    busy = asyncio.create_task(submit_and_end())
    await asyncio.sleep(1)
    known = [row["id"] for row in await database.rows("SELECT id FROM jobs")]
    await make(database, tmp_path / "backup")
    busy.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await busy
    await restore(target, tmp_path / "backup")
    assert known
    assert set(known) <= {row["id"] for row in await target.rows("SELECT id FROM jobs")}
    odd = await target.rows(
        "SELECT id FROM jobs WHERE pages_left <> (SELECT count(*) FROM pages WHERE job_id = jobs.id AND "
        "completed_at IS NULL) OR 2 <> (SELECT count(*) FROM pages WHERE job_id = jobs.id)"
    )
    lost = await target.rows(
        "SELECT id FROM pages WHERE status = 'completed' AND id NOT IN (SELECT page_id FROM bodies)"
    )
    assert (odd, lost) == ([], [])


async def test_an_older_schema_is_restored_and_brought_up_to_date(database, target, tmp_path):
    await migrate(database, to=1)
    await database.rows("INSERT INTO keys (id, name, hash) VALUES ('k', 'reader', 'h')")
    await make(database, tmp_path / "backup")
    await restore(target, tmp_path / "backup")
    assert await migrate(target) == []
    assert {row["id"] for row in await target.rows("SELECT id FROM keys")} == {"anonymous", "k"}


async def test_a_database_with_data_is_refused(database, target, tmp_path):
    await make(database, tmp_path / "backup")
    await fill(database)
    with pytest.raises(OperatorError, match="holds data already"):
        await restore(database, tmp_path / "backup")


async def test_a_newer_backup_is_refused(database, target, tmp_path):
    await database.rows("INSERT INTO schema_versions (version, name) VALUES (999, 'future')")
    await make(database, tmp_path / "backup")
    with pytest.raises(OperatorError, match="newer"):
        await restore(target, tmp_path / "backup")


@pytest.mark.parametrize("damage", ["cut", "changed", "other"])
async def test_a_damaged_backup_leaves_nothing(database, target, tmp_path, damage):
    await fill(database)
    path = tmp_path / "backup"
    await make(database, path)
    content = bytearray(path.read_bytes())
    if damage == "changed":
        with zipfile.ZipFile(path) as archive:
            entry = archive.getinfo("tables/bodies")
        content[entry.header_offset + 30 + len(entry.filename) + 60] ^= 0xFF
    path.write_bytes(content[: len(content) // 2] if damage == "cut" else b"text" if damage == "other" else content)
    with pytest.raises(OperatorError, match=r"damaged|not restored"):
        await restore(target, path)
    if damage == "changed":
        assert await target.rows("SELECT FROM jobs") == []


async def test_a_file_that_is_there_is_not_written_over(database, tmp_path):
    (tmp_path / "backup").write_text("precious")
    with pytest.raises(OperatorError, match="there already"):
        await make(database, tmp_path / "backup")
    assert (tmp_path / "backup").read_text() == "precious"


async def test_a_backup_that_fails_leaves_no_file(database, tmp_path):
    await migrate(database, to=0)
    with pytest.raises(OperatorError, match="nothing to back up"):
        await make(database, tmp_path / "backup")
    assert list(tmp_path.iterdir()) == []
