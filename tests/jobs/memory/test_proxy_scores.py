from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pagemill.fetching.proxies.scores import ProxyScore
from pagemill.jobs.database.pool import Database
from pagemill.jobs.memory.proxy_scores import DatabaseProxyScores
from pagemill.settings import Settings

SETTINGS = Settings(proxy_half_life=3600.0, database_patience=0.5)
_hosts = iter(range(1_000_000))


@hypothesis_settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(outcomes=st.lists(st.one_of(st.none(), st.floats(0, 60)), min_size=1, max_size=80))
async def test_the_database_counts_as_the_formula_does(database, outcomes):
    scores, host, expected = DatabaseProxyScores(database, SETTINGS), f"host{next(_hosts)}", ProxyScore()
    for outcome in outcomes:
        await scores.record(host, "e", outcome)
        expected = expected.plus(outcome)
    found = (await scores.of(host, ["e", "other"]))["e"]
    assert found.successes == pytest.approx(expected.successes, rel=0.02, abs=1e-9)
    assert found.failures == pytest.approx(expected.failures, rel=0.02, abs=1e-9)
    assert found.seconds == pytest.approx(expected.seconds, rel=0.02, abs=1e-9)


async def test_outcomes_fade_and_go(database):
    scores = DatabaseProxyScores(database, SETTINGS)
    await scores.record("h", "e", 4.0)
    await database.rows("UPDATE exit_scores SET updated_at = now() - interval '2 hours'")
    assert (await scores.of("h", ["e"]))["e"].successes == pytest.approx(0.25, rel=0.01)
    [shown] = await scores.list()
    assert (shown.host, shown.proxy) == ("h", "e")
    assert shown.score.latency == pytest.approx(4.0)
    assert await scores.delete_faded(10) == 0
    await scores.record("h", "e", None)
    faded = (await scores.of("h", ["e"]))["e"]
    assert faded.successes == pytest.approx(0.25, rel=0.01)
    assert faded.failures == pytest.approx(1.0, rel=0.01)
    await database.rows("UPDATE exit_scores SET updated_at = now() - interval '11 hours'")
    assert await scores.delete_faded(10) == 1
    assert await scores.list() == []


async def test_outcomes_of_many_at_once_all_count(database):
    scores = DatabaseProxyScores(database, SETTINGS)
    await asyncio.gather(*(scores.record("h", "e", 1.0) for _ in range(30)))
    assert (await scores.of("h", ["e"]))["e"].successes == pytest.approx(30, rel=0.01)


async def test_pages_do_not_wait_for_a_database_that_is_away():
    async with asyncio.timeout(60):
        database = Database("postgresql://nobody@127.0.0.1:1/none", connections=1, wait=float("inf"))
        scores = DatabaseProxyScores(database, SETTINGS)
        await scores.record("h", "e", 1.0)
        assert await scores.of("h", ["e"]) == {}
