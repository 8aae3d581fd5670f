"""A pool of PostgreSQL connections whose statements outlive a server that goes away and comes back."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakValueDictionary

import asyncpg
import orjson
import structlog

from pagemill.errors import UnavailableError, UsageError
from pagemill.jobs.database.connection_gate import ConnectionGate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
    from types import TracebackType

log = structlog.get_logger(__name__)

FOREVER = float("inf")

_INVALID_URL = "A setting is not valid. PAGEMILL_DATABASE_URL has parameters that cannot be."
_FIRST_DELAY = 0.05
_LONGEST_DELAY = 1.0
_RETRY_LOG_INTERVAL = 5.0
_LONGEST_STATEMENT = 600.0
_FIRST_LOCK_DELAY = 0.005
_LONGEST_LOCK_DELAY = 0.05

# SQLSTATE classes and codes after which the same statement may succeed: connection lost, transaction rolled back for
# another's sake, out of resources (disk, memory, connections), the server stopping or starting.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_TRANSIENT_CLASSES = ("08", "40", "53")
_TRANSIENT_CODES = ("57P01", "57P02", "57P03", "55P03", "58030")


class StatementCallError(Exception):
    """A statement was called as it cannot be, with too few values for one: a fault of ours, and not sent again."""


class _LockTakenError(Exception):
    """Another connection holds the advisory lock."""


class Database:
    """Connections to one PostgreSQL, opened on first need, at most `connections`.

    Each statement is tried again until it succeeds or `wait` seconds have gone by; so it must be safe to repeat, even
    while its first sending is still under way on the server. With a `wait` of 0 it is sent once. After that
    `errors.UnavailableError` is raised. What asyncpg refuses to send at all is raised at once, as StatementCallError.
    Opening a connection may take `connect_timeout` seconds; one that was not used for `idle_time` is closed.

    A server may also fall silent with its connections open. So no sending takes longer than `statement_timeout`, nor
    than is left of `wait`: then its connection is given up, and the statement is sent again on another one. Each next
    sending may take twice as long, so that a statement with much to do ends as well.
    """

    def __init__(  # noqa: PLR0913 - each is a limit of its own
        self,
        url: str,
        *,
        connections: int,
        wait: float,
        connect_timeout: float = 10.0,
        statement_timeout: float = 30.0,
        idle_time: float = 300.0,
        name: str = "pagemill",
    ) -> None:
        self._url = url
        self._wait = wait
        self._statement_timeout = statement_timeout
        self._connect_timeout = connect_timeout
        # Every statement that matters has an index. Without this a plan that was made while a table was empty would
        # scan it, and be kept as it grows until statistics are gathered.
        self._settings = {"application_name": name, "jit": "off", "enable_seqscan": "off"}
        self._logged_at = float("-inf")
        self._gate = ConnectionGate()
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._pool: asyncpg.Pool = asyncpg.create_pool(
            url,
            min_size=0,
            max_size=connections,
            timeout=connect_timeout,
            max_inactive_connection_lifetime=idle_time,
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

    async def rows(
        self,
        statement: str,
        *values: Any,
        wait: float | None = None,
        timeout: float | None = None,
        lock: int | None = None,
    ) -> list[Any]:
        """Run a statement and return its rows. With `lock`, one of those with the same number at a time.

        With `timeout`, that is how long each sending of it may take. Who waits for a lock holds no connection.
        """
        patience = timeout or self._statement_timeout
        wait = self._wait if wait is None else wait
        if lock is None:
            return await self._rows(statement, values, wait, patience, grows=timeout is None)
        clock = asyncio.get_running_loop().time
        deadline, delay = clock() + (wait or patience), _FIRST_LOCK_DELAY
        async with self._in_turn(lock, deadline):
            while True:
                with contextlib.suppress(_LockTakenError):
                    return await self._rows(statement, values, wait, patience, lock, grows=timeout is None)
                if clock() + delay > deadline:
                    raise UnavailableError("Others hold what is asked for. Try again in a moment.")
                await asyncio.sleep(random.uniform(delay / 2, delay))  # noqa: S311 - no secret
                delay = min(delay * 2, _LONGEST_LOCK_DELAY)

    @contextlib.asynccontextmanager
    async def _in_turn(self, lock: int, deadline: float) -> AsyncIterator[None]:
        """Let one of this process at a time ask for a lock of the database, in the order in which they come."""
        turn = self._locks.setdefault(lock, asyncio.Lock())
        try:
            async with asyncio.timeout_at(None if deadline == FOREVER else deadline):
                await turn.acquire()
        except TimeoutError:
            raise UnavailableError("Others hold what is asked for. Try again in a moment.") from None
        try:
            yield
        finally:
            turn.release()

    async def _rows(  # noqa: PLR0913 - see `rows`
        self,
        statement: str,
        values: tuple[Any, ...],
        wait: float,
        patience: float,
        lock: int | None = None,
        *,
        grows: bool,
    ) -> list[Any]:
        return await self._repeated(lambda: self._send(statement, values, lock), wait, patience, grows=grows)

    async def copy(
        self,
        clear: str,
        values: tuple[Any, ...],
        table: str,
        columns: Sequence[str],
        records: Sequence[tuple[Any, ...]],
    ) -> None:
        """Copy records into a table (COPY), after the statement `clear`, in one transaction.

        `clear` deletes what an earlier sending left, so that the records are there once. Raises as `rows` does.
        """

        async def send() -> list[Any]:
            async with self._gate.passage(), self._pool.acquire() as connection, _terminated_if_abandoned(connection):
                try:
                    async with connection.transaction():
                        with _refusals_told(connection):
                            await connection.execute(clear, *values)
                            await connection.copy_records_to_table(table, columns=columns, records=records)
                except asyncpg.UniqueViolationError as error:
                    # An earlier sending, whose answer got lost, took effect after `clear` had looked.
                    raise ConnectionAbortedError("The same records were copied just now.") from error
            return []

        await self._repeated(send, self._wait, self._statement_timeout, grows=True)

    async def _repeated(
        self, send: Callable[[], Awaitable[list[Any]]], wait: float, patience: float, *, grows: bool
    ) -> list[Any]:
        clock, delay = asyncio.get_running_loop().time, _FIRST_DELAY
        deadline = clock() + wait
        while True:
            try:
                # With a `wait` of 0 there is one sending, and the caller says how long it may take.
                async with asyncio.timeout(min(patience, deadline - clock()) if wait else patience):
                    return await send()
            except asyncpg.ClientConfigurationError:
                raise UsageError(_INVALID_URL) from None
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
                if not is_transient(error):
                    raise
                if clock() + delay > deadline:
                    raise UnavailableError("The database is not available. Try again in a moment.") from error
                self._log_retry(error)
                if isinstance(error, TimeoutError) and grows:
                    patience = min(patience * 2, _LONGEST_STATEMENT)
            await asyncio.sleep(delay)
            delay = min(delay * 2, _LONGEST_DELAY)

    async def _send(self, statement: str, values: tuple[Any, ...], lock: int | None) -> list[Any]:
        try:
            async with self._gate.passage(), self._pool.acquire() as connection, _terminated_if_abandoned(connection):
                if lock is not None:
                    return await _with_advisory_lock(connection, lock, statement, values)
                with _refusals_told(connection):
                    rows: list[Any] = await connection.fetch(statement, *values)
                return rows
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Nobody cancelled us: something that the connection waited for was cancelled with it.
            raise ConnectionAbortedError("The connection was given up under a statement.") from error

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
        async with asyncio.timeout(self._connect_timeout):
            try:
                connection = await asyncpg.connect(
                    self._url, timeout=self._connect_timeout, server_settings=self._settings
                )
            except asyncpg.ClientConfigurationError:
                raise UsageError(_INVALID_URL) from None
            await _prepare_connection(connection)
        return connection


def is_transient(error: Exception) -> bool:
    """Whether the same statement may succeed later, seen by the error's class and SQLSTATE."""
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        return state.startswith(_TRANSIENT_CLASSES) or state in _TRANSIENT_CODES
    return True


@contextlib.contextmanager
def _refusals_told(connection: Any) -> Iterator[None]:
    """Raise StatementCallError where asyncpg refuses a statement though its connection is open.

    It raises the same class for a connection that was closed, and that may be another one's turn.
    """
    try:
        yield
    except asyncpg.InterfaceError as error:
        if connection.is_closed():
            raise
        raise StatementCallError(str(error)) from error


async def _no_reset(_: asyncpg.Connection) -> None:
    """Spare a round trip after each statement: none of ours leaves anything behind in its session."""


@contextlib.asynccontextmanager
async def _terminated_if_abandoned(connection: Any) -> AsyncIterator[None]:
    """Close a connection whose statement is not waited for any more.

    asyncpg would ask the server to cancel the statement, and wait for that before the connection can be used: for ever
    where the server is silent.
    """
    try:
        yield
    except (asyncio.CancelledError, TimeoutError):
        _terminate(connection)
        raise


def _terminate(connection: Any) -> None:
    with contextlib.suppress(asyncpg.InterfaceError):  # one that is closed is the pool's again
        connection.terminate()


async def _with_advisory_lock(connection: Any, lock: int, statement: str, values: tuple[Any, ...]) -> list[Any]:
    await connection.execute("BEGIN")
    try:
        # A statement of its own: what the next one sees is fixed when that one begins.
        is_ours = await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", lock)
        with _refusals_told(connection):
            rows: list[Any] = await connection.fetch(statement, *values) if is_ours else []
        await connection.execute("COMMIT")
    except BaseException:
        _terminate(connection)  # which rolls back, without asking a server that may be silent
        raise
    if not is_ours:
        raise _LockTakenError
    return rows


async def _prepare_connection(connection: asyncpg.Connection) -> None:
    async with _terminated_if_abandoned(connection):
        await connection.set_type_codec(
            "jsonb", schema="pg_catalog", format="binary", encoder=_encode_jsonb, decoder=_decode_jsonb
        )


def _encode_jsonb(value: Any) -> bytes:
    return b"\x01" + orjson.dumps(value)  # the binary form is a version byte, then the text


def _decode_jsonb(value: bytes) -> Any:
    return orjson.loads(value[1:])
