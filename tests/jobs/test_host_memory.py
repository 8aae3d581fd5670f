from __future__ import annotations

from pagemill.jobs.host_memory import DatabaseHostMemory
from pagemill.scraping.host_memory import IN_A_ROW


async def needed_browser(memory, host):
    for _ in range(IN_A_ROW):
        await memory.learn(host, needs_browser=True)


async def test_what_one_worker_learns_the_others_know(database):
    one, other = DatabaseHostMemory(database, 60.0), DatabaseHostMemory(database, 60.0)
    await needed_browser(one, "app.test")
    assert one.needs_browser("app.test")
    assert not other.needs_browser("app.test")
    await other.refresh()
    assert other.needs_browser("app.test")
    await other.learn("app.test", needs_browser=False)
    await one.refresh()
    assert not one.needs_browser("app.test")


async def test_it_ends(database):
    memory = DatabaseHostMemory(database, 0.0)
    await needed_browser(memory, "app.test")
    await memory.refresh()
    assert not memory.needs_browser("app.test")
    assert await database.rows("SELECT * FROM browser_hosts") == []
