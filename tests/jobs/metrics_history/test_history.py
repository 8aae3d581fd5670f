"""The history of metrics: what sources counted adds up, whatever restarts, and no rate is negative."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagemill.errors import UnavailableError
from pagemill.jobs.metrics_history.history import MetricsHistory, _quantile
from pagemill.jobs.metrics_history.recorder import HistoryRecorder
from pagemill.observability import instruments, metrics
from pagemill.observability.sampling import growth, key_of, parse_key

START = datetime(2026, 1, 1, tzinfo=UTC)
COMPLETED = "pages_ended_total{code=,status=completed}"


@pytest.fixture
def counting():
    instruments.turn_on("test")
    yield
    instruments.turn_off()


async def store(database, source, number, seconds, counted, gauges=None, queue=None):
    await database.rows(
        "INSERT INTO metrics_history (source, number, taken_at, counted, gauges, queue) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        *(source, number, START + timedelta(seconds=seconds), counted, gauges or {}, queue or {"workers": 2}),
    )


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 50)), max_size=20))
def test_the_sum_of_growth_is_what_was_counted_whatever_restarts(events):
    """A process that restarts counts from 0."""
    before, now, total, grown = {}, 0.0, 0.0, 0.0
    for restarts, counted in events:
        if restarts and counted < now:  # else nobody could tell, but by the source, which is another then
            now = 0
        now += counted
        total += counted
        found = growth(before, {"a": now})
        assert all(value > 0 for value in found.values())
        grown += found.get("a", 0)
        before = {"a": now}
    assert grown == total


def test_a_key_holds_its_labels():
    key = key_of("pages_ended_total", {"status": "failed", "code": "dns_error"})
    assert parse_key(key) == ("pages_ended_total", {"code": "dns_error", "status": "failed"})
    assert parse_key("pages_rescued_total") == ("pages_rescued_total", {})
    assert (
        key_of("api_requests_total", {"method": "GET", "route": "/v1/jobs", "status": "404"})
        == "api_requests_total{status=4xx}"
    )


async def test_sources_are_summed_up_and_steps_without_samples_are_empty(database):
    history = MetricsHistory(database, 30)
    await store(database, "a", 1, 15, {COMPLETED: 3}, {"browser_pages": 2})
    await store(database, "a", 2, 45, {COMPLETED: 5}, {"browser_pages": 4})
    await store(database, "b", 1, 50, {COMPLETED: 10}, {"browser_pages": 1}, {"workers": 1})
    await store(database, "a", 3, 135, {}, {}, {"workers": 3})
    found = await history.read(timedelta(minutes=4), START + timedelta(seconds=190))
    assert found.step == timedelta(minutes=1)
    assert found.times[-1] == START + timedelta(minutes=2)
    assert found.rates("pages_ended_total", "status") == {"completed": [None, 18, None, 0]}
    assert found.rates("pages_ended_total") == {"": [None, 18, None, 0]}
    assert found.rates("pages_ended_total", "status", status="failed") == {}
    assert found.gauges["browser_pages"] == [None, 4, None, None]
    assert found.highest["workers"] == [None, 2, None, 3]
    assert found.lowest["workers"] == [None, 1, None, 3]


async def test_what_is_counted_comes_into_the_history_once(database, settings, counting):
    recorder = HistoryRecorder(database, settings)
    metrics.page_completed("http", "http://a.test/")
    await recorder.record()
    metrics.page_completed("http", "http://a.test/")
    metrics.page_failed("timeout", "http://a.test/")
    metrics.STAGE_DURATION.observe(0.3, "page")
    await recorder.record()
    await recorder.record()
    other = HistoryRecorder(database, settings)  # another process, which counts from its own start on
    other._counted = recorder._counted
    metrics.page_completed("cache", "http://a.test/")
    await other.record()
    rows = await database.rows(
        "SELECT key, sum(value::float8) AS value "
        "FROM metrics_history, jsonb_each_text(counted) AS grown (key, value) GROUP BY 1"
    )
    counted = {row["key"]: row["value"] for row in rows}
    assert counted[COMPLETED] == 3
    assert counted["pages_ended_total{code=timeout,status=failed}"] == 1
    assert counted["stage_duration_seconds_bucket{le=0.5,stage=page}"] == 1
    assert "host_pages_ended_total" not in str(counted)


class Unanswered:
    """A database whose answers get lost, after the statement took effect or before."""

    def __init__(self, database):
        self._database = database
        self.loses = []

    async def rows(self, statement, *values, **options):
        lost = self.loses.pop(0) if self.loses and "INSERT INTO metrics_history" in statement else None
        found = None if lost == "before" else await self._database.rows(statement, *values, **options)
        if lost:
            raise UnavailableError("away")
        return found

    async def row(self, *arguments, **options):
        return await self._database.row(*arguments, **options)


@pytest.mark.parametrize("loses", [["before"], ["after"], ["after", "before"], ["before", "before", "after"]])
async def test_an_answer_that_gets_lost_counts_nothing_twice(loses, database, settings, counting):
    unanswered = Unanswered(database)
    recorder = HistoryRecorder(unanswered, settings)
    unanswered.loses = loses
    for _ in range(6):
        metrics.page_completed("http", "http://a.test/")
        await recorder.record()
    rows = await database.rows("SELECT sum((counted ->> $1)::float8) AS pages FROM metrics_history", COMPLETED)
    assert rows[0]["pages"] == 6


async def test_old_samples_are_deleted(database, settings, counting):
    await store(database, "old", 1, 0, {COMPLETED: 1})
    await database.rows("UPDATE metrics_history SET taken_at = now() - interval '8 days'")
    await HistoryRecorder(database, settings).record()
    assert [row["source"] for row in await database.rows("SELECT source FROM metrics_history")] != ["old"]
    assert (await database.row("SELECT count(*) FROM metrics_history"))["count"] == 1


async def test_the_recorder_takes_samples_until_it_is_cancelled(database, settings, counting):
    recorder = HistoryRecorder(database, settings.changed(metrics_history_interval=0.02))
    task = asyncio.create_task(recorder.run())
    async with asyncio.timeout(60):
        while (await database.row("SELECT count(*) FROM metrics_history"))["count"] < 2:
            await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.wait((task,))
    assert task.cancelled()


def test_percentiles_lie_within_their_bucket():
    bounds, counts = [0.1, 0.5, 1.0, float("inf")], [50, 90, 99, 100]
    assert _quantile(0.5, bounds, counts) == pytest.approx(0.1)
    assert _quantile(0.9, bounds, counts) == pytest.approx(0.5)
    assert 0.5 < _quantile(0.95, bounds, counts) < 1.0
    assert _quantile(1.0, bounds, counts) == 1.0
    assert _quantile(0.5, bounds, [0, 0, 0, 0]) is None
    assert _quantile(0.5, [], []) is None


@given(st.lists(st.integers(0, 100), min_size=4, max_size=4), st.floats(0.01, 1))
def test_a_percentile_is_never_below_a_smaller_one(growths, share):
    bounds, total, counts = [0.1, 0.5, 1.0, float("inf")], 0, []
    for grown in growths:
        total += grown
        counts.append(total)
    low, high = _quantile(share / 2, bounds, counts), _quantile(share, bounds, counts)
    assert (low is None and high is None) or 0 <= low <= high <= 1.0
