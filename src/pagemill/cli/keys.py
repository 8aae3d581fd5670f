"""`pagemill keys`: create, list and revoke API keys."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from pagemill.cli.service_folder import require_service
from pagemill.data_folder import DataFolder
from pagemill.errors import OperatorError
from pagemill.jobs.database.embedded import EmbeddedPostgres
from pagemill.jobs.database.migrator import migrate
from pagemill.jobs.database.pool import Database
from pagemill.jobs.keys.keys import Keys

if TYPE_CHECKING:
    import argparse

    from pagemill.settings import Settings


async def run(action: str, arguments: argparse.Namespace, settings: Settings) -> int:
    """Carry out one of `create`, `list` and `revoke`, on the database that the service uses, running or not."""
    async with AsyncExitStack() as stack:
        keys = Keys(await _database(settings, stack))
        if action == "create":
            return await _create(keys, arguments.name, operator=arguments.operator)
        if action == "list":
            return await _list(keys)
        return await _revoke(keys, arguments.id)


async def _database(settings: Settings, stack: AsyncExitStack) -> Database:
    url = settings.database.database_url
    if url is None:
        url = await _embedded(settings, stack)
    database = await stack.enter_async_context(
        Database(
            url,
            connections=1,
            wait=settings.database.database_wait,
            connect_timeout=settings.database.database_connect_timeout,
        )
    )
    await migrate(database)
    return database


async def _embedded(settings: Settings, stack: AsyncExitStack) -> str:
    """Return the URL of the embedded server: the running service's, or our own for this command."""
    require_service(settings.database.data_dir)
    server = EmbeddedPostgres(settings.database.data_dir, settings.database.database_start_timeout)
    try:
        stack.enter_context(DataFolder(settings.database.data_dir))
    except OperatorError:  # held by `pagemill serve`, whose server we may use
        return server.url
    await server.start()
    stack.push_async_callback(server.stop)
    return server.url


async def _create(keys: Keys, name: str, *, operator: bool) -> int:
    key_id, secret = await keys.create(name, operator=operator)
    print(secret)
    print(f"{key_id} ({name}): the key above is shown this once.", file=sys.stderr)
    return 0


async def _list(keys: Keys) -> int:
    for key in await keys.list():
        state = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else "active"
        print(f"{key.id}  {key.created_at:%Y-%m-%d}  {state:<18}  {key.name}{' (operator)' if key.operator else ''}")
    return 0


async def _revoke(keys: Keys, key_id: str) -> int:
    if not await keys.revoke(key_id):
        raise OperatorError(f"There is no key {key_id!r}. `pagemill keys list` shows them.")
    print(f"{key_id} is revoked.")
    return 0
