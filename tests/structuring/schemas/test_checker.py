from __future__ import annotations

import asyncio
import contextlib
import os
import signal

import pytest

from pagemill.errors import InvalidSchemaError
from pagemill.settings import Settings
from pagemill.structuring.schemas.checker import SchemaChecker

COSTLY = {"properties": {f"p{number}": {"pattern": f"\\p{{L}}{{1,4}}x{number}"} for number in range(1400)}}


@pytest.fixture
async def checker():
    async with contextlib.aclosing(SchemaChecker(Settings())) as checker:
        yield checker


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "objekt"}, "at /type"),
        ({"properties": {"a": {"pattern": "("}}}, "pattern"),
        ({"$ref": "https://a.example/s"}, "a.example"),
        ({"allOf": [{"$ref": "#"}] * 90}, "itself"),
    ],
)
async def test_a_bad_schema_is_refused_naming_the_fault(checker, schema, said):
    with pytest.raises(InvalidSchemaError) as caught:
        await checker.check(schema)
    assert said in caught.value.message
    assert await checker.check({"type": "object"}) == '{"type":"object"}'


async def test_a_schema_that_takes_too_long_is_refused_and_others_are_checked():
    settings = Settings(schema_check_timeout=0.3)
    async with contextlib.aclosing(SchemaChecker(settings)) as checker:
        with pytest.raises(InvalidSchemaError, match="longer than"):
            await checker.check(COSTLY)
        assert await checker.check({"type": "object"}) == '{"type":"object"}'


async def test_the_event_loop_goes_on_while_a_schema_is_compiled(checker):
    await checker.check({})
    task = asyncio.create_task(checker.check(COSTLY))
    turns = 0
    while not task.done():
        await asyncio.sleep(0)
        turns += 1
    await asyncio.wait([task])
    task.exception()
    assert turns > 100


async def test_a_child_that_is_killed_is_replaced(checker):
    await checker.check({})
    for compiler in checker._compilers:
        if compiler.pid:
            os.kill(compiler.pid, signal.SIGKILL)
    assert await checker.check({"type": "object"}) == '{"type":"object"}'


async def test_a_check_that_is_given_up_as_its_process_starts_answers_no_other(checker):
    task = asyncio.create_task(checker.check({}))
    starting = checker._idle[-1]
    while starting.pid is None:
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    with pytest.raises(InvalidSchemaError):
        await checker.check({"type": "objekt"})


async def test_a_process_that_is_killed_as_it_starts_is_replaced(checker):
    task = asyncio.create_task(checker.check({"type": "object"}))
    starting = checker._idle[-1]
    while starting.pid is None:
        await asyncio.sleep(0)
    os.kill(starting.pid, signal.SIGKILL)
    assert await task == '{"type":"object"}'


async def test_costly_schemas_of_one_key_leave_room_for_another():
    settings = Settings(schema_check_timeout=3.0)
    async with contextlib.aclosing(SchemaChecker(settings)) as checker:
        hostile = [asyncio.create_task(checker.check({**COSTLY, "title": str(number)}, "A")) for number in range(12)]
        await asyncio.sleep(0)
        assert await checker.check({"type": "object"}, "B") == '{"type":"object"}'
        assert sum(task.done() for task in hostile) < 6
        for task in hostile:
            task.cancel()
        await asyncio.gather(*hostile, return_exceptions=True)
        assert await checker.check({"type": "array"}, "A") == '{"type":"array"}'
        assert checker._turns == {}
