from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from pagemill.jobs.queue.notifications import ENDED, QUEUE, WATCH, Notifications
from pagemill.jobs.queue.watched_steps import StepTeller, StepWatching
from pagemill.observability.stages import Stage
from pagemill.observability.steps import MAX_STEPS


def page(number=1, job_id="job_1", position=0):
    return SimpleNamespace(id=number, job_id=job_id, position=position)


class Counting:
    """A database that counts the statements that are sent to it."""

    def __init__(self, database):
        self.database, self.sent = database, []

    async def rows(self, *values, **options):
        self.sent.append(values)
        return await self.database.rows(*values, **options)


async def test_without_watchers_nothing_is_sent(database):
    counting = Counting(database)
    teller = StepTeller(counting)
    telling = asyncio.create_task(teller.run())
    with teller.steps_of(page()), Stage("http"), Stage("extraction"):
        await asyncio.sleep(0.05)
    telling.cancel()
    assert counting.sent == []
    assert not teller._in_hand


@pytest.fixture
async def told(database):
    """A worker's teller and a watcher's side, on their channels."""
    teller = StepTeller(database)
    async with Notifications(database, QUEUE) as queue, Notifications(database, ENDED) as ended:
        queue.handle(WATCH, teller.watch)
        watching = StepWatching(database, ended)
        async with ended.subscribed() as listens, queue.subscribed() as listens_too:
            await asyncio.gather(listens.wait(), listens_too.wait())
        telling = asyncio.create_task(teller.run())
        yield teller, watching
        telling.cancel()


async def steps(watcher, position, count):
    """What a watcher was told of a page, once it is so many steps."""
    async with asyncio.timeout(60):
        while len(watcher.steps.get(position, ())) < count:
            watcher.changed.clear()
            await watcher.changed.wait()
    return [step["stage"] for step in watcher.steps[position]]


async def test_a_watcher_is_told_of_its_own_job_alone_and_of_what_went_before(told):
    teller, watching = told
    with teller.steps_of(page(1, "job_1", 3)), Stage("http"):
        with teller.steps_of(page(2, "job_2")), Stage("browser"):
            async with watching.watching("job_1") as watcher:
                assert await steps(watcher, 3, 1) == ["http"]
                assert set(watcher.steps) == {3}
        assert not watching._watchers


async def test_only_the_first_steps_are_told(told):
    teller, watching = told
    with teller.steps_of(page()):
        for _ in range(2 * MAX_STEPS):
            with Stage("http"):
                pass
        async with watching.watching("job_1") as watcher:
            assert await steps(watcher, 0, MAX_STEPS) == ["http"] * MAX_STEPS


async def test_two_watchers_are_both_told(told):
    teller, watching = told
    async with watching.watching("job_1") as one, watching.watching("job_1") as other:
        with teller.steps_of(page()), Stage("http"):
            assert await steps(one, 0, 1) == await steps(other, 0, 1) == ["http"]
