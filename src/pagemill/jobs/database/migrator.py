"""Brings the database's schema to the version that this code needs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

from pagemill.errors import OperatorError
from pagemill.jobs.database import migrations

if TYPE_CHECKING:
    import asyncpg

    from pagemill.jobs.database.pool import Database

LOCK = 0x50414745
"""The advisory lock of migrations: any number, the same for all ("PAGE"). Who holds it shared keeps the schema."""
_NAME = re.compile(r"(\d{4})_(\w+)\.up\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema: version n − 1 to n by `up`, and back by `down`."""

    version: int
    name: str
    up: str
    down: str


def all_migrations() -> list[Migration]:
    """Return the steps in their order."""
    folder = resources.files(migrations)
    found = []
    for file in folder.iterdir():
        if match := _NAME.fullmatch(file.name):
            down = folder / file.name.replace(".up.sql", ".down.sql")
            found.append(Migration(int(match[1]), match[2], file.read_text(), down.read_text()))
    return sorted(found, key=lambda migration: migration.version)


async def migrate(database: Database, *, to: int | None = None) -> list[Migration]:
    """Move the schema up (or down) to version `to`, by default the newest, and return the steps applied.

    One process at a time: others wait. Raises OperatorError when the database is newer than this code.
    """
    steps = all_migrations()
    target = len(steps) if to is None else to
    connection = await database.connect()
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        current = await _version(connection)
        if current > len(steps):
            raise OperatorError(
                f"The database is at version {current}, and this Pagemill knows {len(steps)} only. "
                "Start the newer Pagemill that made it."
            )
        applied = steps[current:target] if target >= current else steps[target:current][::-1]
        for step in applied:
            await _apply(connection, step, up=target >= current)
        return applied
    finally:
        await connection.close()


async def _version(connection: asyncpg.Connection) -> int:
    exists = await connection.fetchval("SELECT to_regclass('schema_versions') IS NOT NULL")
    if not exists:
        await connection.execute(
            "CREATE TABLE schema_versions (version integer PRIMARY KEY, name text NOT NULL, "
            "applied_at timestamptz NOT NULL DEFAULT now())"
        )
    version: int = await connection.fetchval("SELECT coalesce(max(version), 0) FROM schema_versions")
    return version


async def _apply(connection: asyncpg.Connection, step: Migration, *, up: bool) -> None:
    async with connection.transaction():
        await connection.execute(step.up if up else step.down)
        if up:
            await connection.execute(
                "INSERT INTO schema_versions (version, name) VALUES ($1, $2)", step.version, step.name
            )
        else:
            await connection.execute("DELETE FROM schema_versions WHERE version = $1", step.version)
