"""Statements share connections while they are short, and none waits long behind another."""

from __future__ import annotations

import asyncio
import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from pagemill.jobs.database import connection_gate
from pagemill.jobs.database.connection_gate import ConnectionGate
from pagemill.jobs.database.pool import Database


async def test_short_statements_at_once_take_one_connection(database_url):
    async with Database(database_url, connections=5, wait=5) as database:
        for _ in range(5):
            answers = await asyncio.gather(*(database.rows("SELECT $1::int", number) for number in range(5)))
            assert [rows[0][0] for rows in answers] == list(range(5))
        assert database._pool.get_size() < 5, "each would have opened its own"


async def test_a_statement_passes_by_one_that_takes_long(database_url):
    async with Database(database_url, connections=5, wait=60) as database:
        long = asyncio.create_task(database.rows("SELECT pg_sleep(60)"))
        await asyncio.sleep(0.1)
        assert [row[0] for row in await database.rows("SELECT 7")] == [7]
        assert not long.done()
        long.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await long


async def test_how_many_passed_at_once_is_forgotten(monkeypatch):
    monkeypatch.setattr(connection_gate, "_FORGOTTEN_AFTER", 0.0)
    gate = ConnectionGate()
    async with gate.passage(), gate.passage():
        assert gate._width == 2
    async with gate.passage():
        assert gate._width == 1


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.booleans()), max_size=12))
def test_whoever_is_cancelled_keeps_nobody_out(passages):
    """Each comes and goes at its time, in milliseconds; some are cancelled: wherever they are, all others pass."""

    async def run() -> tuple[list[int], ConnectionGate]:
        gate, passed = ConnectionGate(), []

        async def passing(number: int, comes: int, takes: int) -> None:
            await asyncio.sleep(comes / 1000)
            async with gate.passage():
                await asyncio.sleep(takes / 1000)
                passed.append(number)

        tasks = [
            asyncio.create_task(passing(number, comes, takes)) for number, (comes, takes, _) in enumerate(passages)
        ]
        await asyncio.sleep(0.01)
        for task, (_, _, is_cancelled) in zip(tasks, passages, strict=True):
            if is_cancelled:
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return passed, gate

    passed, gate = asyncio.run(run())
    assert {number for number, (_, _, is_cancelled) in enumerate(passages) if not is_cancelled} <= set(passed)
    assert (gate._passing, any(not turn.done() for turn in gate._waiting)) == (0, False)
