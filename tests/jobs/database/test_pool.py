"""Statements and cancellation: ours ends them, a stranger's does not."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from pagemill.errors import UnavailableError, UsageError
from pagemill.jobs.database.pool import Database, StatementCallError


async def test_a_url_with_parameters_that_cannot_be_is_told_and_not_tried_for_ever():
    async with Database("postgresql://user:secret@127.0.0.1:9/name?sslmode=maybe", connections=1, wait=60) as database:
        for work in (database.rows("SELECT 1"), database.connect()):
            with pytest.raises(UsageError, match="PAGEMILL_DATABASE_URL") as told:
                await work
            assert "secret" not in told.value.message


class Pool:
    """A pool of which the first acquisitions end in a cancellation, as when another task closes their connection."""

    def __init__(self, pool, times):
        self._pool, self._times, self.sends = pool, times, 0

    def __getattr__(self, name):
        return getattr(self._pool, name)

    def acquire(self):
        self.sends += 1
        if self.sends <= self._times:
            raise asyncio.CancelledError
        return self._pool.acquire()


async def test_a_connection_that_is_given_up_under_a_statement_is_replaced(database_url, monkeypatch):
    async with Database(database_url, connections=1, wait=5) as database:
        pool = Pool(database._pool, times=2)
        monkeypatch.setattr(database, "_pool", pool)
        assert [row[0] for row in await database.rows("SELECT 7")] == [7]
        assert pool.sends == 3


async def test_a_statement_without_patience_is_unavailable_and_not_cancelled(database_url, monkeypatch):
    async with Database(database_url, connections=1, wait=0) as database:
        monkeypatch.setattr(database, "_pool", Pool(database._pool, times=9))
        with pytest.raises(UnavailableError):
            await database.rows("SELECT 7")


async def test_a_task_that_is_cancelled_is_cancelled(database_url):
    async with Database(database_url, connections=1, wait=60) as database:
        sleeping = asyncio.create_task(database.rows("SELECT pg_sleep(30)"))
        await asyncio.sleep(0.2)
        sleeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sleeping
        assert [row[0] for row in await database.rows("SELECT 7")] == [7]


async def test_a_value_that_no_column_holds_is_not_sent_again_and_again(database_url):
    async with Database(database_url, connections=1, wait=60) as database, asyncio.timeout(20):
        with pytest.raises(asyncpg.DataError):
            await database.rows("SELECT $1::integer", 2**40)
        assert [row[0] for row in await database.rows("SELECT 7")] == [7]


async def test_a_statement_with_too_few_values_is_not_sent_again_and_again(database_url):
    async with Database(database_url, connections=1, wait=60) as database, asyncio.timeout(20):
        for lock in (None, 7):
            with pytest.raises(StatementCallError):
                await database.rows("SELECT $1::integer, $2::integer", 1, lock=lock)
        with pytest.raises(StatementCallError):
            await database.copy("SELECT $1::integer, $2::integer", (1,), "jobs", ["id"], [])
        assert [row[0] for row in await database.rows("SELECT 7")] == [7]


async def test_a_connection_that_was_closed_is_replaced(database_url):
    async with Database(database_url, connections=1, wait=5) as database:
        async with database._pool.acquire() as connection:
            connection._con.terminate()
        assert [row[0] for row in await database.rows("SELECT 7")] == [7]


async def test_who_waits_for_a_lock_holds_no_connection(database_url):
    """Heartbeats go through the same pool."""
    async with Database(database_url, connections=2, wait=60) as database, asyncio.timeout(20):
        holder = await database.connect()
        await holder.execute("SELECT pg_advisory_lock(7)")
        waiting = [asyncio.create_task(database.rows("SELECT $1::integer", n, lock=7)) for n in range(6)]
        await asyncio.sleep(0.2)
        async with asyncio.timeout(5):
            await asyncio.gather(*(database.rows("SELECT 1") for _ in range(20)))
        assert not any(task.done() for task in waiting)
        await holder.close()
        assert [rows[0][0] for rows in await asyncio.gather(*waiting)] == list(range(6))


async def test_a_lock_is_not_waited_for_beyond_patience(database_url):
    async with Database(database_url, connections=2, wait=0.3) as database, asyncio.timeout(20):
        holder = await database.connect()
        await holder.execute("SELECT pg_advisory_lock(7)")
        found = await asyncio.gather(*(database.rows("SELECT 1", lock=7) for _ in range(3)), return_exceptions=True)
        assert [type(each) for each in found] == [UnavailableError] * 3
        await holder.close()
        assert [row[0] for row in await database.rows("SELECT 7", lock=7)] == [7]


async def test_statements_with_one_lock_run_one_at_a_time(database_url):
    increment = "UPDATE counted SET number = (SELECT number FROM counted, pg_sleep(0.002)) + 1"
    async with (
        Database(database_url, connections=4, wait=60) as one,
        Database(database_url, connections=4, wait=60) as other,
    ):
        await one.rows("CREATE TABLE counted AS SELECT 0 AS number")
        await asyncio.gather(*(database.rows(increment, lock=7) for database in (one, other) for _ in range(20)))
        assert (await one.row("SELECT number FROM counted"))["number"] == 40


async def test_connections_that_are_not_used_are_closed_and_opened_again(database_url):
    async with Database(database_url, connections=3, wait=5, idle_time=0.2) as database:
        await asyncio.gather(*(database.rows("SELECT pg_sleep(0.1)") for _ in range(3)))
        assert database._pool.get_size() == 3
        async with asyncio.timeout(5):
            while database._pool.get_size():
                await asyncio.sleep(0.05)
        assert (await database.row("SELECT 1 AS one"))["one"] == 1
