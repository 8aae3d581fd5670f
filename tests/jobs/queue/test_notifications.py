from __future__ import annotations

import asyncio

from pagemill.jobs.queue.notifications import ENDED, Notifications


async def notified(event):
    async with asyncio.timeout(60):
        await event.wait()
    event.clear()


async def quiet(event):
    await asyncio.sleep(0.05)
    return not event.is_set()


async def test_a_notice_wakes_those_who_wait_for_it_alone(database):
    async with Notifications(database, ENDED) as notices, notices.subscribed("a") as a, notices.subscribed("b") as b:
        await notified(a)  # once, as the connection is made
        await notified(b)
        await database.rows("SELECT pg_notify($1, 'a')", ENDED)
        await notified(a)
        assert await quiet(b)


async def test_it_listens_again_when_its_connection_is_cut(database):
    async with Notifications(database, ENDED) as notices, notices.subscribed("a") as event:
        await notified(event)
        await database.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database() AND query LIKE 'LISTEN%'"
        )
        await notified(event)  # some may have been lost: everyone looks
        async with asyncio.timeout(60):
            while not event.is_set():
                await database.rows("SELECT pg_notify($1, 'a')", ENDED)
                await asyncio.sleep(0.05)


async def test_nothing_is_kept_of_those_who_left(database):
    async with Notifications(database, ENDED) as notices:
        for number in range(100):
            async with notices.subscribed(str(number)):
                pass
        assert not notices._subscribers
