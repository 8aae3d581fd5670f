from __future__ import annotations

from pagemill.jobs.host_memory import DatabaseHostMemory


async def test_what_one_worker_learns_the_others_know(database):
    one, other = DatabaseHostMemory(database, 60.0), DatabaseHostMemory(database, 60.0)
    await one.learn("app.test", needs_browser=True)
    assert one.needs_browser("app.test")
    assert not other.needs_browser("app.test")
    await other.refresh()
    assert other.needs_browser("app.test")
    await other.learn("app.test", needs_browser=False)
    await one.refresh()
    assert not one.needs_browser("app.test")


async def test_it_ends(database):
    memory = DatabaseHostMemory(database, 0.0)
    await memory.learn("app.test", needs_browser=True)
    await memory.refresh()
    assert not memory.needs_browser("app.test")
    assert await database.rows("SELECT * FROM browser_hosts") == []
