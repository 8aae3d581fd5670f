from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

from pagemill.fair_semaphore import FairSemaphore


class Pages:
    """Pages that hold a slot until they are told to end."""

    def __init__(self, semaphore):
        self._semaphore = semaphore
        self.started = []
        self._ends = {}

    def start(self, name):
        """Start a page whose key is the first letter of its name."""
        self._ends[name] = asyncio.Event()
        return asyncio.create_task(self._run(name))

    async def _run(self, name):
        async with self._semaphore.slot(name[0]):
            self.started.append(name)
            await self._ends[name].wait()

    async def end(self, name):
        self._ends[name].set()
        await settled()

    async def end_all(self):
        for end in self._ends.values():
            end.set()
        await settled()


async def settled():
    for _ in range(20):
        await asyncio.sleep(0)


@asynccontextmanager
async def pages(limit, spare=0):
    running = Pages(FairSemaphore(limit, spare))
    yield running
    await running.end_all()


async def test_keys_are_served_in_turn():
    async with pages(1) as running:
        for name in ("a1", "a2", "a3", "b1", "b2", "c1"):
            running.start(name)
        await settled()
        for name in ("a1", "a2", "b1", "c1", "a3"):
            await running.end(name)
        assert running.started == ["a1", "a2", "b1", "c1", "a3", "b2"]


async def test_the_key_that_holds_fewest_is_next():
    async with pages(3) as running:
        for name in ("a1", "a2", "b1", "a3", "b2"):
            running.start(name)
        await settled()
        await running.end("a1")
        assert running.started[3:] == ["a3"]  # both hold one by then
        await running.end("a2")
        assert running.started[4:] == ["b2"]


async def test_a_spare_slot_is_for_a_key_that_holds_none():
    async with pages(2, spare=1) as running:
        for name in ("a1", "a2", "a3"):
            running.start(name)
        await settled()
        assert running.started == ["a1", "a2"]
        running.start("b1")
        running.start("b2")
        await settled()
        assert running.started == ["a1", "a2", "b1"]
        await running.end("a1")  # down to the limit, and no lower
        assert running.started == ["a1", "a2", "b1"]
        await running.end("a2")
        assert running.started == ["a1", "a2", "b1", "a3"]


async def test_who_gives_up_leaves_the_queue():
    async with pages(1) as running:
        running.start("a1")
        given_up = running.start("b1")
        running.start("c1")
        await settled()
        given_up.cancel()
        await running.end("a1")
        assert running.started == ["a1", "c1"]


async def test_a_slot_given_to_one_who_is_cancelled_at_once_goes_on():
    async with pages(1) as running:
        running.start("a1")
        cancelled = running.start("b1")
        running.start("c1")
        await settled()
        running._ends["a1"].set()
        while not running._semaphore._held["b"]:
            await asyncio.sleep(0)
        cancelled.cancel()
        await settled()
        assert running.started == ["a1", "c1"]


async def test_several_who_give_up_as_a_slot_is_freed_leave_it_to_the_next():
    async with pages(1) as running:
        running.start("a1")
        given_up = [running.start(name) for name in ("b1", "b2", "c1")]
        running.start("d1")
        await settled()
        running._ends["a1"].set()
        for page in given_up:
            page.cancel()
        await settled()
        assert running.started == ["a1", "d1"]
        assert not any(isinstance(page.exception(), ValueError) for page in given_up if not page.cancelled())
