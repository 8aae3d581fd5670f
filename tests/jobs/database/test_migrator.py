from __future__ import annotations

import asyncio

import pytest

from pagemill.errors import OperatorError
from pagemill.jobs.database.migrator import all_migrations, migrate

TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1"


def test_migrations_are_numbered_without_gaps():
    assert [step.version for step in all_migrations()] == list(range(1, len(all_migrations()) + 1))


async def test_every_step_goes_down_and_up_again(database):
    full = await database.rows(TABLES)
    assert len(await migrate(database, to=0)) == len(all_migrations())
    assert [row["table_name"] for row in await database.rows(TABLES)] == ["schema_versions"]
    await migrate(database)
    assert await database.rows(TABLES) == full


async def test_a_migrated_database_is_left_alone(database):
    assert await migrate(database) == []


async def test_many_may_migrate_at_once(database):
    await migrate(database, to=0)
    taken = await asyncio.gather(*(migrate(database) for _ in range(5)))
    assert sorted(map(len, taken)) == [0, 0, 0, 0, len(all_migrations())]


async def test_a_newer_database_is_refused(database):
    await database.rows("INSERT INTO schema_versions (version, name) VALUES (999, 'future')")
    with pytest.raises(OperatorError, match="newer Pagemill"):
        await migrate(database)
