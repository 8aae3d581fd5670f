from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from pagemill.fair_semaphore import current_key
from pagemill.fetching.http.host_concurrency import HostLimiter


async def hold(slots: HostLimiter, key: str, until: asyncio.Event) -> None:
    """Hold a slot of the host `a` for an API key."""
    current_key.set(key)
    async with slots.slot("a"):
        await until.wait()


async def test_gives_slots_in_the_order_of_asking() -> None:
    slots = HostLimiter(1)
    order: list[int] = []

    async def use(number: int) -> None:
        async with slots.slot("a"):
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(use(number) for number in range(10)))
    assert order == list(range(10))


async def test_hosts_do_not_wait_for_each_other() -> None:
    slots = HostLimiter(1)
    async with slots.slot("a"), asyncio.timeout(1), slots.slot("b"):
        assert len(slots) == 2


async def test_a_key_that_holds_all_slots_leaves_the_spare_one_to_another() -> None:
    slots = HostLimiter(2, spare=1)
    end = asyncio.Event()
    hostile = [asyncio.create_task(hold(slots, "A", end)) for _ in range(50)]
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        current_key.set("B")
        async with slots.slot("a"):
            pass
    end.set()
    await asyncio.gather(*hostile)
    assert len(slots) == 0


async def test_a_freed_slot_goes_to_the_key_that_holds_none() -> None:
    slots = HostLimiter(2)
    ends = [asyncio.Event() for _ in range(3)]
    hostile = [asyncio.create_task(hold(slots, "A", end)) for end in ends]
    await asyncio.sleep(0)
    end = asyncio.Event()
    end.set()
    other = asyncio.create_task(hold(slots, "B", end))
    await asyncio.sleep(0)
    ends[0].set()
    async with asyncio.timeout(5):
        await other
    for one in ends:
        one.set()
    await asyncio.gather(*hostile)
    assert len(slots) == 0


async def test_forgets_idle_hosts() -> None:
    slots = HostLimiter(2)
    for number in range(100):
        async with slots.slot(f"host-{number}"):
            assert len(slots) == 1
    assert len(slots) == 0


async def test_a_failure_gives_the_slot_back() -> None:
    slots = HostLimiter(1)
    with pytest.raises(ValueError, match="x"):
        async with slots.slot("a"):
            raise ValueError("x")
    assert len(slots) == 0


async def test_cancelled_waiters_are_passed_over_and_forgotten() -> None:
    slots = HostLimiter(1)
    end = asyncio.Event()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(slots.slot("a"))
        waiters = [asyncio.create_task(hold(slots, key, end)) for key in ("A", "A", "B")]
        await asyncio.sleep(0)
        waiters[0].cancel()
    end.set()
    async with asyncio.timeout(5):
        await asyncio.gather(*waiters, return_exceptions=True)
    assert waiters[0].cancelled()
    assert len(slots) == 0


async def test_a_waiter_cancelled_as_its_turn_comes_passes_it_on() -> None:
    slots = HostLimiter(1)
    end = asyncio.Event()
    end.set()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(slots.slot("a"))
        first, second = (asyncio.create_task(hold(slots, "A", end)) for _ in range(2))
        await asyncio.sleep(0)
    first.cancel()  # it has its turn, but has not run yet
    async with asyncio.timeout(5):
        await second
    await asyncio.gather(first, return_exceptions=True)
    assert first.cancelled()
    assert len(slots) == 0
