from __future__ import annotations

from pagemill.jobs.memory.browser_hosts import DatabaseHostMemory
from pagemill.settings import Settings


async def needed_browser(memory, host):
    for _ in range(Settings().browser.browser_memory_pages):
        await memory.learn(host, needs_browser=True)


async def test_what_one_worker_learns_the_others_know(database):
    one, other = DatabaseHostMemory(database, Settings()), DatabaseHostMemory(database, Settings())
    await needed_browser(one, "app.test")
    assert one.needs_browser("app.test")
    assert not other.needs_browser("app.test")
    await other.refresh()
    assert other.needs_browser("app.test")
    await other.learn("app.test", needs_browser=False)
    await one.refresh()
    assert not one.needs_browser("app.test")


async def test_it_ends(database):
    memory = DatabaseHostMemory(database, Settings(browser_memory=1e-6))
    await needed_browser(memory, "app.test")
    await memory.refresh()
    assert not memory.needs_browser("app.test")
    assert await database.rows("SELECT * FROM browser_hosts") == []
