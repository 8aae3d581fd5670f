"""`pagemill keys`: create, list and revoke API keys."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from pagemill.cli.service_database import service_database
from pagemill.errors import OperatorError
from pagemill.jobs.database.migrator import migrate
from pagemill.jobs.keys.keys import Keys

if TYPE_CHECKING:
    import argparse

    from pagemill.settings import Settings


async def run(action: str, arguments: argparse.Namespace, settings: Settings) -> int:
    """Carry out one of `create`, `list` and `revoke`, on the database that the service uses, running or not."""
    async with AsyncExitStack() as stack:
        database = await service_database(settings, stack)
        await migrate(database)
        keys = Keys(database)
        if action == "create":
            return await _create(keys, arguments.name, operator=arguments.operator)
        if action == "list":
            return await _list(keys)
        return await _revoke(keys, arguments.id)


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
