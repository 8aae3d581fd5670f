"""`pagemill sessions`: save, list and delete the sessions of a key, by a running service."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from pagemill.cli import scrape_arguments
from pagemill.cli.sites import service
from pagemill.client import ClientError
from pagemill.errors import OperatorError, UsageError

if TYPE_CHECKING:
    import argparse

    from pagemill.client import AsyncClient
    from pagemill.settings import Settings


async def run(action: str, arguments: argparse.Namespace, settings: Settings) -> int:
    """Carry out one of `save`, `list` and `delete`."""
    async with service.connect(arguments, settings) as client:
        try:
            if action == "save":
                return await _save(client, arguments)
            if action == "list":
                return await _list(client, as_json=arguments.json)
            return await _delete(client, arguments.name)
        except ClientError as error:
            raise service.failure(error) from error


async def _save(client: AsyncClient, arguments: argparse.Namespace) -> int:
    fields: dict[str, Any] = {
        **scrape_arguments.page_fields(arguments),
        "formats": ["links"],
        "sessionName": arguments.session,
        "saveSession": arguments.name,
    }
    page = await client.scrape(arguments.url, **cast("Any", fields))
    outcome = page.session or {}
    if not outcome.get("saved"):
        raise OperatorError(f"The session was not saved. {outcome.get('error', '')}".strip())
    print(f"{outcome['id']}  {outcome['name']}  saved on {page.final_url}")
    return 0


async def _list(client: AsyncClient, *, as_json: bool) -> int:
    for session in await client.sessions():
        if as_json:
            print(json.dumps(dict(session.raw)))
        else:
            print(f"{session.id}  {session.updated_at[:10]}  {session.name}  {', '.join(session.domains)}")
    return 0


async def _delete(client: AsyncClient, name: str) -> int:
    found = [session for session in await client.sessions() if name in (session.id, session.name)]
    if not found:
        raise UsageError(f"There is no session {name!r}. `pagemill sessions list` shows them.")
    await client.delete_session(found[0].id)
    print(f"{found[0].name} is deleted.")
    return 0
