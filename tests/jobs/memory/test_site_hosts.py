"""What is known of hosts: what each answer, and each failure, makes of it."""

from __future__ import annotations

import pytest

from pagemill.errors import (
    BlockedAddressError,
    ConnectionResetByHostError,
    ConnectTimeoutError,
    DeadlineExceededError,
    DnsError,
    ExtractionCrashedError,
    HttpStatusError,
    ProxyError,
)
from pagemill.jobs.memory.site_hosts import DatabaseHosts
from pagemill.scraping.sites.site_files import SiteFiles
from pagemill.sites import tasks
from pagemill.sites.robots import ALLOW_ALL, DISALLOW_ALL, Robots, Rule

ORIGIN = "https://a.example"
OLD = tasks.pack_robots(Robots((Rule(allows=False, pattern="/old"),)))
NEW = tasks.pack_robots(Robots((Rule(allows=False, pattern="/new"),)))
ALL, NOTHING = tasks.pack_robots(ALLOW_ALL), tasks.pack_robots(DISALLOW_ALL)


@pytest.fixture
def hosts(database, settings):
    return DatabaseHosts(database, settings.changed(robots_stale_days=1 / 24))


async def age(database, seconds):
    await database.rows(
        "UPDATE robots_files SET rules_at = rules_at - make_interval(secs => $1), "
        "fetched_at = fetched_at - make_interval(secs => $1)",
        float(seconds),
    )


async def test_a_robots_txt_that_never_could_be_had_closes_the_site(hosts):
    assert await hosts.keep_robots(ORIGIN, NOTHING, reachable=False) == NOTHING
    assert await hosts.keep_robots(ORIGIN, NOTHING, reachable=False) == NOTHING
    assert await hosts.find_robots(ORIGIN) == NOTHING
    assert await hosts.find_stale_robots(ORIGIN) is None


async def test_what_is_known_counts_however_often_the_file_cannot_be_had(hosts, database):
    assert await hosts.keep_robots(ORIGIN, OLD, reachable=True) == OLD
    for _ in range(3):
        await age(database, 1000)
        assert await hosts.keep_robots(ORIGIN, NOTHING, reachable=False) == OLD
        assert await hosts.find_robots(ORIGIN) == await hosts.find_stale_robots(ORIGIN) == OLD


async def test_what_is_known_counts_no_longer_than_it_may(hosts, database):
    await hosts.keep_robots(ORIGIN, OLD, reachable=True)
    await age(database, 3000)
    assert await hosts.keep_robots(ORIGIN, NOTHING, reachable=False) == OLD
    await age(database, 3000)
    assert await hosts.find_stale_robots(ORIGIN) is None
    assert await hosts.keep_robots(ORIGIN, NOTHING, reachable=False) == NOTHING
    assert await hosts.keep_robots(ORIGIN, NOTHING, reachable=False) == NOTHING


async def test_an_answer_takes_the_place_of_all_that_was_known(hosts):
    await hosts.keep_robots(ORIGIN, OLD, reachable=True)
    assert await hosts.keep_robots(ORIGIN, NEW, reachable=True) == NEW
    await hosts.keep_robots(ORIGIN, NOTHING, reachable=False)
    assert await hosts.keep_robots(ORIGIN, ALL, reachable=True) == ALL
    assert await hosts.keep_robots(ORIGIN, NOTHING, reachable=False) == ALL


async def test_an_answer_after_failures_counts(hosts):
    await hosts.keep_robots(ORIGIN, NOTHING, reachable=False)
    assert await hosts.keep_robots(ORIGIN, NEW, reachable=True) == NEW


async def test_one_that_could_not_be_had_is_asked_for_again_sooner(hosts, database):
    await hosts.keep_robots(ORIGIN, OLD, reachable=True)
    await age(database, 1000)
    assert await hosts.find_robots(ORIGIN) == OLD
    await hosts.keep_robots(ORIGIN, NOTHING, reachable=False)
    await age(database, 1000)
    assert await hosts.find_robots(ORIGIN) is None
    assert await hosts.find_robots(ORIGIN, accepted_age=2000) == OLD


@pytest.mark.parametrize(
    ("error", "slower"),
    [
        (HttpStatusError("", 503), True),
        (HttpStatusError("", 500), False),
        (ConnectionResetByHostError(""), True),
        (ProxyError(""), False),
        (DnsError(""), False),
        (BlockedAddressError(""), False),
        (ConnectTimeoutError(""), False),
        (DeadlineExceededError(""), False),
        (ExtractionCrashedError(""), False),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_only_what_the_host_does_makes_it_slower(hosts, database, settings, error, slower):
    await hosts.take_turn("a.example")
    await SiteFiles(None, hosts, None, settings).report("a.example", error, 0.0)
    row = await database.row("SELECT slowdown, latency FROM host_turns")
    assert (row["slowdown"] > 0, row["latency"]) == (slower, 0)
