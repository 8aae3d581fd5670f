"""The database of the service on this machine, running or not, for commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagemill.cli.service_folder import require_service
from pagemill.data_folder import DataFolder
from pagemill.errors import OperatorError
from pagemill.jobs.database.embedded import EmbeddedPostgres
from pagemill.jobs.database.pool import Database

if TYPE_CHECKING:
    from contextlib import AsyncExitStack

    from pagemill.settings import Settings


async def service_database(settings: Settings, stack: AsyncExitStack) -> Database:
    """Open the database that the service uses, until the stack closes.

    The embedded one is the running service's, or is started for this command.
    """
    url = settings.database.database_url or await _embedded(settings, stack)
    return await open_database(url, settings, stack)


async def open_database(url: str, settings: Settings, stack: AsyncExitStack) -> Database:
    """Open one connection to a database, until the stack closes."""
    return await stack.enter_async_context(
        Database(
            url,
            connections=1,
            wait=settings.database.database_wait,
            connect_timeout=settings.database.database_connect_timeout,
        )
    )


async def _embedded(settings: Settings, stack: AsyncExitStack) -> str:
    """Return the URL of the embedded server: the running service's, or our own for this command."""
    require_service(settings.database.data_dir)
    server = EmbeddedPostgres(settings.database.data_dir, settings.database.database_start_timeout)
    folder = DataFolder(settings.database.data_dir)
    try:
        stack.enter_context(folder)
    except OperatorError:
        if folder.is_held:  # by `pagemill serve`, whose server we may use
            return server.url
        raise
    await server.start()
    stack.push_async_callback(server.stop)
    return server.url
