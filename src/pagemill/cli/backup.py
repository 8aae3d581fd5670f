"""`pagemill backup` and `pagemill restore`."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from pagemill.cli.service_database import open_database, service_database
from pagemill.data_folder import DataFolder
from pagemill.errors import OperatorError
from pagemill.jobs.backup import statements
from pagemill.jobs.backup.archive import ArchiveReader, ArchiveWriter
from pagemill.jobs.backup.snapshot import check_restorable, read_tables, write_tables
from pagemill.jobs.database.embedded import EmbeddedPostgres

if TYPE_CHECKING:
    import argparse

    from pagemill.jobs.database.pool import Database
    from pagemill.settings import Settings

_SECRET_KEY, _FIRST_KEY = "secret-key", "api-key"


async def make(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write a backup of the service, running or not."""
    folder, path = DataFolder(settings.database.data_dir), Path(arguments.file)
    if settings.database.database_url is None and not folder.holds_data:
        raise OperatorError(f"There is no service to back up in {settings.database.data_dir}.")
    async with AsyncExitStack() as stack:
        database = await service_database(settings, stack)
        with ArchiveWriter(path) as archive:
            manifest = await write_tables(database, archive)
            for name, secret in _secrets(folder, settings):
                archive.add_secret(name, secret)
            await asyncio.to_thread(archive.finish, manifest)
        row = await database.row(statements.NAMES_OBJECTS)
    print(path)
    if row and row["names_objects"]:
        print(
            "Results that are in object storage (PAGEMILL_BODIES_URL) are not in this file, which only names their "
            "objects. Back up the bucket as well.",
            file=sys.stderr,
        )
    print(
        f"{path} holds the service's secret key, and everything that was scraped and asked for. Only you may read it: "
        "keep it as you keep passwords.",
        file=sys.stderr,
    )
    return 0


def _secrets(folder: DataFolder, settings: Settings) -> list[tuple[str, str]]:
    given = settings.service.secret_key
    found = {
        _SECRET_KEY: given.get_secret_value() if given else folder.read_secret_key(),
        _FIRST_KEY: folder.read_key(),
    }
    return [(name, secret) for name, secret in found.items() if secret]


async def restore(arguments: argparse.Namespace, settings: Settings) -> int:
    """Fill an empty data folder, or an empty database, from a backup."""
    folder = DataFolder(settings.database.data_dir, restoring=True)
    with ArchiveReader(Path(arguments.file)) as archive:
        _check_secret_key(folder, archive, settings)
        with folder:
            await _restore(folder, archive, settings)
    where = "the database" if settings.database.database_url else settings.database.data_dir
    print(f"Restored into {where}.")
    return 0


async def _restore(folder: DataFolder, archive: ArchiveReader, settings: Settings) -> None:
    if settings.database.database_url:
        async with AsyncExitStack() as stack:
            database = await open_database(settings.database.database_url, settings, stack)
            await _fill(database, folder, archive)
        return
    if folder.holds_data and not folder.restore_unfinished:
        raise OperatorError(
            f"The data folder {settings.database.data_dir} holds data already. Choose an empty one with --data-dir, or "
            "move this one away."
        )
    folder.begin_restore()  # from here on, until the end, `serve` refuses this folder
    server = EmbeddedPostgres(settings.database.data_dir, settings.database.database_start_timeout)
    await asyncio.to_thread(server.delete)
    async with AsyncExitStack() as stack:
        await server.start()
        stack.push_async_callback(server.stop)
        database = await open_database(server.url, settings, stack)
        await _fill(database, folder, archive)
    folder.end_restore()


async def _fill(database: Database, folder: DataFolder, archive: ArchiveReader) -> None:
    await check_restorable(database, archive.manifest)
    await read_tables(database, archive)
    if secret := archive.secret(_SECRET_KEY):
        folder.write_secret_key(secret)
    if key := archive.secret(_FIRST_KEY):
        folder.write_key(key)


def _check_secret_key(folder: DataFolder, archive: ArchiveReader, settings: Settings) -> None:
    """Refuse another secret key than the backup's: the secrets of webhooks would not be those that receivers know."""
    given, kept = settings.service.secret_key, archive.secret(_SECRET_KEY)
    present = given.get_secret_value() if given else folder.read_secret_key()
    if present and kept and present != kept and not folder.restore_unfinished:
        where = "PAGEMILL_SECRET_KEY" if given else f"The file secret-key in {settings.database.data_dir}"
        raise OperatorError(
            f"{where} is not the key of the backup, so receivers of webhooks would refuse their signatures. Remove it: "
            "the backup brings its own."
        )
