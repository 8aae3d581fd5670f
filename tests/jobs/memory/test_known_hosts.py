"""What was learnt of hosts is listed by name, and forgotten where that is asked for."""

from __future__ import annotations

import pytest
from tests.jobs.database.rows import fill

from pagemill.jobs.memory.known_hosts import KnownHosts


@pytest.fixture
def hosts(database):
    return KnownHosts(database)


async def test_hosts_of_all_tables_are_listed_by_name(database, hosts):
    await fill(database)
    await database.rows(
        "INSERT INTO robots_files (origin, rules, reachable) VALUES ('https://only.test:8443', '[]', false)"
    )
    found = await hosts.list("", "", 10)
    assert [host.host for host in found] == ["a.test", "f.test", "only.test:8443", "spa.test"]
    assert (found[0].selectors, found[0].proxies, found[0].slowdown) == (1, 1, None)
    assert (found[1].slowdown, found[1].robots_reachable) == (0, True)
    assert found[2].robots_reachable is False
    assert found[3].browser_until
    assert [host.host for host in await hosts.list("a.test", "", 2)] == ["f.test", "only.test:8443"]
    assert [host.host for host in await hosts.list("", "sp", 10)] == ["spa.test"]
    assert await hosts.list("", "100%_", 10) == []


async def test_a_host_is_forgotten_and_others_are_not(database, hosts):
    await fill(database)
    await database.rows("INSERT INTO browser_hosts VALUES ('a.test', now() + interval '1 hour')")
    assert await hosts.forget("a.test") == 3
    assert await hosts.forget("a.test") == 0
    assert [host.host for host in await hosts.list("", "", 10)] == ["f.test", "spa.test"]


async def test_a_host_that_is_forgotten_keeps_its_peace(database, hosts):
    await database.rows(
        "INSERT INTO host_turns (host, next_at, slowdown) VALUES ('a.test', now() + interval '1 hour', 9)"
    )
    await hosts.forget("a.test")
    row = await database.row("SELECT slowdown, next_at > now() + interval '50 minutes' AS later FROM host_turns")
    assert (row["slowdown"], row["later"]) == (0, True)
