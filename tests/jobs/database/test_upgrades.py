"""Databases of earlier versions, filled by the statements of their time, open under this code; steps keep rows."""

from __future__ import annotations

import pytest
from tests.jobs.database.rows import fill, rows_of

from pagemill.jobs.database.migrator import all_migrations, migrate
from pagemill.jobs.queue.claims import Queue
from pagemill.jobs.queue.store import JobStore

NEWEST = len(all_migrations())
TABLES = "SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"


async def everything(database):
    names = {row["name"] for row in await database.rows(TABLES)} - {"schema_versions"}
    return await rows_of(database, names)


def kept(before, after):
    """The rows of both, with the tables and columns that both have."""
    for table in before.keys() & after.keys():
        columns = [*before[table][0]] if before[table] else []
        common = [name for name in columns if not after[table] or name in after[table][0]]
        yield table, *(sorted([str([row[name] for name in common]) for row in rows[table]]) for rows in (before, after))


@pytest.mark.parametrize("version", range(1, NEWEST + 1))
async def test_a_database_of_each_version_is_brought_up_to_date_with_its_rows(database, version):
    await migrate(database, to=0)
    await migrate(database, to=version)
    await fill(database, version)
    before = await everything(database)
    assert all(before.values()), "rows.py fills every table"
    await migrate(database)
    for table, old, new in kept(before, await everything(database)):
        assert old == new, table


@pytest.mark.parametrize("version", range(1, NEWEST + 1))
async def test_what_was_stored_under_each_version_is_read_and_worked_on(database, version):
    await migrate(database, to=0)
    await migrate(database, to=version)
    await fill(database, version)
    await migrate(database)
    store, queue = JobStore(database), Queue(database, "worker")
    listed = [*await store.jobs_of("key_1", limit=9), *await store.jobs_of("anonymous", limit=9)]
    assert {summary.job.id for summary in listed} == {"job_new", "batch_run", "job_failed"}
    [done] = [page for page in await store.pages("batch_run") if page.status == "completed"]
    assert set(await store.bodies(done.id)) == {"markdown"}
    await queue.heartbeat()
    claimed = await queue.claim(9)
    assert [page.url for page in claimed] == ["http://a.test/ü", "http://c.test/", "http://d.test/"]
    for page in claimed[:1]:
        assert await queue.complete(page, final_url=page.url, status_code=200, bodies={"html": b"x"})
    assert (await store.get("job_new", "key_1")).status == "completed"


@pytest.mark.parametrize("version", range(NEWEST, 0, -1))
async def test_each_step_goes_down_and_up_with_rows_in_the_tables(database, version):
    await migrate(database, to=version)
    await fill(database, version)
    before = await everything(database)
    await migrate(database, to=version - 1)
    below = await everything(database)
    # Before version 8 a delivery to an address without a host could not be stored; before version 15 no crawl;
    # before version 17 no body outside of its row; before version 25 no batch by upload.
    lost = {8: "mailto:", 15: "crawl_1", 17: "'markdown', None", 25: "bulk_1"}.get(version)
    for table, old, new in kept(before, below):
        assert [row for row in old if lost is None or lost not in row] == new, table
    await migrate(database, to=version)
    for table, old, new in kept(below, await everything(database)):
        assert old == new, table
