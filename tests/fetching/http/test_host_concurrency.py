from __future__ import annotations

import asyncio

import pytest

from pagemill.fetching.http.host_concurrency import HostLimiter


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


async def test_cancelled_waiters_are_passed_over() -> None:
    slots = HostLimiter(1)
    await slots.acquire("a")
    waiters = [asyncio.create_task(slots.acquire("a")) for _ in range(3)]
    await asyncio.sleep(0)
    waiters[0].cancel()
    slots.release("a")  # the first has been cancelled, so the second has it
    await asyncio.wait({waiters[1]}, timeout=1)
    assert waiters[1].done()
    slots.release("a")
    await waiters[2]
    slots.release("a")
    await asyncio.gather(*waiters, return_exceptions=True)
    assert len(slots) == 0


async def test_a_waiter_cancelled_as_its_turn_comes_passes_it_on() -> None:
    slots = HostLimiter(1)
    await slots.acquire("a")
    first, second = (asyncio.create_task(slots.acquire("a")) for _ in range(2))
    await asyncio.sleep(0)
    slots.release("a")  # the first has its turn, but has not run yet
    first.cancel()
    async with asyncio.timeout(1):
        await second
    slots.release("a")
    assert first.cancelled()
    assert len(slots) == 0
