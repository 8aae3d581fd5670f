"""A pool of PostgreSQL connections whose statements outlive a server that goes away and comes back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self

import asyncpg
import orjson
import structlog

from pagemill.errors import UnavailableError

if TYPE_CHECKING:
    from types import TracebackType

log = structlog.get_logger(__name__)

FOREVER = float("inf")

_FIRST_DELAY = 0.05
_LONGEST_DELAY = 1.0
_RETRY_LOG_INTERVAL = 5.0

# SQLSTATE classes and codes after which the same statement may succeed: connection lost, transaction rolled back for
# another's sake, out of resources (disk, memory, connections), the server stopping or starting.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_TRANSIENT_CLASSES = ("08", "40", "53")
_TRANSIENT_CODES = ("57P01", "57P02", "57P03", "55P03", "58030")


class Database:
    """Connections to one PostgreSQL, opened on first need, at most `connections`.

    Each statement is tried again until it succeeds or `wait` seconds have gone by; so it must be safe to repeat, even
    while its first sending is still under way on the server. With a `wait` of 0 it is sent once. After that
    `errors.UnavailableError` is raised. Opening a connection may take `connect_timeout` seconds.
    """

    def __init__(
        self, url: str, *, connections: int, wait: float, connect_timeout: float = 10.0, name: str = "pagemill"
    ) -> None:
        self._url = url
        self._wait = wait
        self._connect_timeout = connect_timeout
        # Every statement that matters has an index. Without this a plan that was made while a table was empty would
        # scan it, and be kept as it grows until statistics are gathered.
        self._settings = {"application_name": name, "jit": "off", "enable_seqscan": "off"}
        self._logged_at = float("-inf")
        self._pool: asyncpg.Pool = asyncpg.create_pool(
            url,
            min_size=0,
            max_size=connections,
            timeout=connect_timeout,
            server_settings=self._settings,
            init=_prepare_connection,
            reset=_no_reset,
        )

    async def __aenter__(self) -> Self:
        await self._pool
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            async with asyncio.timeout(2):
                await self._pool.close()
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            self._pool.terminate()

    async def rows(self, statement: str, *values: Any, wait: float | None = None, lock: int | None = None) -> list[Any]:
        """Run a statement and return its rows. With `lock`, one of those with the same number at a time."""
        delay = _FIRST_DELAY
        deadline = asyncio.get_running_loop().time() + (self._wait if wait is None else wait)
        while True:
            try:
                return await self._send(statement, values, lock)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
                if not is_transient(error):
                    raise
                if asyncio.get_running_loop().time() + delay > deadline:
                    raise UnavailableError("The database is not available. Try again in a moment.") from error
                self._log_retry(error)
            await asyncio.sleep(delay)
            delay = min(delay * 2, _LONGEST_DELAY)

    async def _send(self, statement: str, values: tuple[Any, ...], lock: int | None) -> list[Any]:
        async with self._pool.acquire() as connection:
            if lock is not None:
                return await _with_advisory_lock(connection, lock, statement, values)
            rows: list[Any] = await connection.fetch(statement, *values)
            return rows

    def _log_retry(self, error: Exception) -> None:
        """Log why statements wait; not for each of them, since there may be many."""
        now = asyncio.get_running_loop().time()
        if now - self._logged_at > _RETRY_LOG_INTERVAL:
            self._logged_at = now
            log.warning("the database cannot do as asked for now, trying again", error=repr(error))

    async def row(self, statement: str, *values: Any, wait: float | None = None) -> Any | None:
        """Run a statement and return its first row, or None where there is none."""
        rows = await self.rows(statement, *values, wait=wait)
        return rows[0] if rows else None

    async def connect(self) -> asyncpg.Connection:
        """Open a connection outside the pool, for one that listens or holds a lock. The caller closes it."""
        connection = await asyncpg.connect(self._url, timeout=self._connect_timeout, server_settings=self._settings)
        await _prepare_connection(connection)
        return connection


def is_transient(error: Exception) -> bool:
    """Whether the same statement may succeed later, seen by the error's class and SQLSTATE."""
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        return state.startswith(_TRANSIENT_CLASSES) or state in _TRANSIENT_CODES
    return True


async def _no_reset(_: asyncpg.Connection) -> None:
    """Spare a round trip after each statement: none of ours leaves anything behind in its session."""


async def _with_advisory_lock(connection: Any, lock: int, statement: str, values: tuple[Any, ...]) -> list[Any]:
    async with connection.transaction():
        # A statement of its own: what the next one sees is fixed when that one begins.
        await connection.execute("SELECT pg_advisory_xact_lock($1)", lock)
        rows: list[Any] = await connection.fetch(statement, *values)
        return rows


async def _prepare_connection(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", format="binary", encoder=_encode_jsonb, decoder=_decode_jsonb
    )


def _encode_jsonb(value: Any) -> bytes:
    return b"\x01" + orjson.dumps(value)  # the binary form is a version byte, then the text


def _decode_jsonb(value: bytes) -> Any:
    return orjson.loads(value[1:])
