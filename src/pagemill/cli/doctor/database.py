"""Checks the database, and this machine's clock against the database's.

A server is only connected to. An embedded one that does not run is not started: that is for `pagemill serve`.
"""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg

from pagemill.cli.doctor.finding import Finding, failed, ok, warning
from pagemill.errors import OperatorError
from pagemill.jobs.database.embedded import EmbeddedPostgres
from pagemill.jobs.database.migrator import all_migrations

if TYPE_CHECKING:
    from collections.abc import Callable

    from pagemill.settings import Settings

_DATABASE, _CLOCK = "database", "clock"
_OLDEST_SERVER = 13_00_00
_NEWEST = "SELECT coalesce(max(version), 0) FROM schema_versions"
_FACTS = """
SELECT current_setting('server_version_num')::integer AS version, pg_is_in_recovery() AS standby,
       current_setting('max_connections')::integer AS connections,
       to_regclass('schema_versions') IS NOT NULL AS migrated,
       extract(epoch FROM clock_timestamp())::float8 AS time
"""


@dataclass(frozen=True, slots=True)
class _Facts:
    version: int
    standby: bool
    connections: int
    schema: int | None
    """Its version; None where there is none."""
    drift: float
    """By how many seconds this machine's clock is ahead."""


async def check_database(settings: Settings, now: Callable[[], float] = time.time) -> list[Finding]:
    """Whether the database can be reached and has the schema of this code, and whether the clocks agree."""
    url, hint = settings.database.database_url, "Check PAGEMILL_DATABASE_URL, the server, and whom it lets in."
    if url is None:
        try:
            server = EmbeddedPostgres(settings.database.data_dir)
        except OperatorError as error:
            return [failed(_DATABASE, error.message, "")]
        if (absent := await asyncio.to_thread(_check_stopped, server, settings)) is not None:
            return [absent]
        url, hint = server.url, f"Its log is {server.log_file}."
    try:
        facts = await _ask(url, settings, now)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError, ValueError) as error:
        reason = str(error) or type(error).__name__
        return [failed(_DATABASE, f"It cannot be reached: {reason}.", hint)]
    return [_check_facts(facts, settings), *_check_connections(facts, settings), _check_clock(facts, settings)]


def _check_stopped(server: EmbeddedPostgres, settings: Settings) -> Finding | None:
    """The finding for an embedded server that does not run; None for one that does."""
    try:
        if server.is_running():
            return None
        programs = server.check_programs()
        made_by = server.data_version()
    except OperatorError as error:
        return failed(_DATABASE, error.message, "")
    except OSError as error:
        hint = "Run this as the user that runs the service."
        return failed(_DATABASE, f"{settings.database.data_dir} cannot be looked at: {error.strerror}.", hint)
    if made_by is None:
        return ok(_DATABASE, f"embedded {programs}; `pagemill serve` makes the database")
    if made_by not in programs.split()[-1].split("."):
        return failed(
            _DATABASE,
            f"The data folder was made by PostgreSQL {made_by}, and the programs are {programs}.",
            "Make a backup with the Pagemill that made it, and restore that into a new folder.",
        )
    return ok(_DATABASE, f"embedded {programs}, not running; `pagemill serve` starts it")


async def _ask(url: str, settings: Settings, now: Callable[[], float]) -> _Facts:
    async with asyncio.timeout(settings.database.database_connect_timeout + settings.database.database_wait):
        connection = await asyncpg.connect(url, timeout=settings.database.database_connect_timeout)
        try:
            await connection.execute("SET default_transaction_read_only = on")
            before = now()
            row: Any = await connection.fetchrow(_FACTS)
            drift = (before + now()) / 2 - row["time"]
            schema = await connection.fetchval(_NEWEST) if row["migrated"] else None
        finally:
            await connection.close()
    return _Facts(row["version"], row["standby"], row["connections"], schema, drift)


def _check_facts(facts: _Facts, settings: Settings) -> Finding:
    kind = "PostgreSQL" if settings.database.database_url else "embedded PostgreSQL"
    shown = f"{kind} {facts.version // 10000}.{facts.version % 10000}"
    newest = len(all_migrations())
    if facts.version < _OLDEST_SERVER:
        return failed(_DATABASE, f"It is {shown}.", f"Pagemill needs PostgreSQL {_OLDEST_SERVER // 10000} or newer.")
    if facts.standby:
        return failed(_DATABASE, f"{shown} is a standby, which cannot be written.", "Use the primary's URL.")
    if facts.schema is None:
        return warning(_DATABASE, f"{shown} has no schema yet.", "`pagemill migrate` or `pagemill serve` makes it.")
    if facts.schema > newest:
        hint = "Start the newer Pagemill that made it."
        return failed(_DATABASE, f"The schema is at version {facts.schema}, and this code knows {newest}.", hint)
    if facts.schema < newest:
        hint = "Run `pagemill migrate`, or restart `pagemill serve`."
        return failed(_DATABASE, f"The schema is at version {facts.schema}, and this code needs {newest}.", hint)
    return ok(_DATABASE, f"{shown}, schema at version {facts.schema}")


def _check_connections(facts: _Facts, settings: Settings) -> list[Finding]:
    processes = 1 + (settings.service.workers or os.cpu_count() or 1)
    needed = processes * (settings.database.database_connections + 1)
    if needed <= facts.connections:
        return []
    return [
        warning(
            _DATABASE,
            f"The processes of one `pagemill serve` open up to {needed} connections, and the server allows "
            f"{facts.connections}.",
            "Raise max_connections of the server, or lower PAGEMILL_DATABASE_CONNECTIONS.",
        )
    ]


def _check_clock(facts: _Facts, settings: Settings) -> Finding:
    ahead = f"This machine's clock is {abs(facts.drift):.1f} s {'ahead of' if facts.drift > 0 else 'behind'} the "
    if abs(facts.drift) > settings.jobs.max_clock_drift:
        return failed(_CLOCK, f"{ahead}database's.", "Synchronise both with NTP: receivers refuse old signatures.")
    return ok(_CLOCK, f"within {max(abs(facts.drift), 0.1):.1f} s of the database's")
