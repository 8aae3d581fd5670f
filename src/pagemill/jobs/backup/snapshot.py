"""Copies the tables into an archive and back.

The copy is made in one transaction, which sees the database as it was at one moment: all that was committed before,
and nothing that came later. It works with every PostgreSQL that the service works with, and needs no programs of one
version. While it is made, no migration runs.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING

import asyncpg

from pagemill import __version__
from pagemill.errors import OperatorError
from pagemill.jobs.backup import statements
from pagemill.jobs.backup.archive import Manifest
from pagemill.jobs.backup.tables import TABLES
from pagemill.jobs.database.migrator import LOCK, all_migrations, migrate

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from pagemill.jobs.backup.archive import ArchiveReader, ArchiveWriter
    from pagemill.jobs.database.pool import Database


async def write_tables(database: Database, archive: ArchiveWriter) -> Manifest:
    """Copy every table into the archive, and return its manifest. Raises OperatorError without a database to copy."""
    connection = await database.connect()
    try:
        await connection.execute("SELECT pg_advisory_lock_shared($1)", LOCK)
        rows = await connection.fetch(statements.EXISTING_TABLES, list(TABLES))
        existing = [row["name"] for row in rows]
        if not existing:
            raise OperatorError("There is nothing to back up: the database has no schema yet.")
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return await _write_tables(connection, existing, archive)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise OperatorError(f"The backup was not made: {error}") from error
    finally:
        await connection.close()


async def _write_tables(connection: asyncpg.Connection, tables: Sequence[str], archive: ArchiveWriter) -> Manifest:
    schema = await connection.fetchval(statements.SCHEMA_VERSION)
    columns: dict[str, list[str]] = {}
    numbers: dict[str, dict[str, int]] = {}
    for table in tables:
        found = await connection.fetch(statements.COLUMNS, table)
        columns[table] = [row["name"] for row in found]
        with archive.table(table) as entry:
            await connection.copy_from_table(table, columns=columns[table], output=_writer(entry), format="binary")
        for column in (row["name"] for row in found if row["identity"]):
            # Read after the rows: no row of the copy has a higher number.
            number = await connection.fetchval(statements.LAST_NUMBER, table, column)
            numbers.setdefault(table, {})[column] = number
    return Manifest(schema, __version__, datetime.now(UTC).isoformat(), columns, numbers)


def _writer(entry: IO[bytes]) -> Callable[[bytes], Awaitable[None]]:
    async def write(part: bytes) -> None:
        entry.write(part)

    return write


async def check_restorable(database: Database, manifest: Manifest) -> None:
    """Raise OperatorError where the database holds data already, or the archive is newer than this code."""
    newest = len(all_migrations())
    if manifest.schema > newest:
        raise OperatorError(
            f"The backup was made by Pagemill {manifest.made_by}, whose schema ({manifest.schema}) is newer than this "
            f"one's ({newest}). Restore it with that Pagemill."
        )
    if not await database.rows(statements.EXISTING_TABLES, ["jobs"]):
        return
    row = await database.row(statements.HOLDS_DATA)
    if row is None or row["holds_data"]:
        raise OperatorError("The database holds data already. Restore into an empty one.")


async def read_tables(database: Database, archive: ArchiveReader) -> None:
    """Fill an empty database from the archive: all of it, or nothing. Then bring it to this code's schema.

    Pages and deliveries that a worker had in hand wait in the queue afterwards.
    """
    manifest = archive.manifest
    await migrate(database, to=manifest.schema)
    connection = await database.connect()
    try:
        async with connection.transaction():
            await connection.execute(statements.DELETE_MIGRATED_KEYS)
            for table, columns in manifest.tables.items():
                source = archive.table(table)
                await connection.copy_to_table(table, columns=columns, source=source, format="binary")
            for table, numbers in manifest.numbers.items():
                for column, number in numbers.items():
                    await connection.execute(statements.SET_LAST_NUMBER, table, column, number)
            for table, statement in statements.RELEASE.items():
                if table in manifest.tables:
                    await connection.execute(statement)
        await connection.execute("ANALYZE")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise OperatorError(f"The backup was not restored: {error}") from error
    finally:
        await connection.close()
    await migrate(database)
