"""When monitors run: once for each due time, whoever is alive, whatever is lost, whatever the clock does."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.jobs.queue.test_lost_answers import HEALTHY, LATE, LOST_AFTER, LOST_BEFORE, UnreliableDatabase

from pagemill import bodies
from pagemill.errors import ConflictError, ExtractionTimeoutError, QueueFullError, RateLimitedError
from pagemill.jobs.keys.keys import ANONYMOUS, Keys
from pagemill.jobs.monitors import statements
from pagemill.jobs.monitors.monitor_worker import MonitorWorker
from pagemill.jobs.monitors.runs import MonitorRuns
from pagemill.jobs.objects.object_storage import ObjectStorage
from pagemill.jobs.queue.claims import Queue
from pagemill.scraping.extractor_pool import ExtractorPool

URL = "http://example.com/"
HOOK = "http://hook.example/"
LEASE = timedelta(minutes=2)
WAITING_FOR_A_LOCK = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
STATEMENTS_OF_A_RUN = 16
"""More than a run sends."""


@pytest.fixture
def runs(database, settings):
    return MonitorRuns(database, settings)


@pytest.fixture
async def extractors(settings):
    async with ExtractorPool(settings) as extractors:
        yield extractors


@pytest.fixture
def worker_of(settings, extractors):
    """Makes a worker's share of the monitors on a database; pages are ended by `end_pages`."""

    def make(database):
        return MonitorWorker(settings, database, extractors, ObjectStorage(settings, database))

    return make


async def end_pages(database, text):
    queue = Queue(database, "pages")
    await queue.heartbeat()
    for page in await queue.claim(100):
        packed = {"markdown": bodies.pack(text)}
        await queue.complete(page, final_url=page.url, status_code=200, bodies=packed)


async def look_once(worker):
    await worker.start_due()
    await worker.take_up()


async def expire_leases(database):
    await database.rows("UPDATE monitors SET leased_at = leased_at - interval '1 hour'")


async def run_through(monitors, worker, text):
    """Let whatever is due run to its end, as one worker after another would whose answers get lost."""
    for _ in range(20):
        await look_once(worker)
        await worker.finished()
        await end_pages(monitors.database, text)
        await expire_leases(monitors.database)
        rows = await monitors.database.rows("SELECT id FROM monitors WHERE job_id IS NOT NULL OR next_run_at <= now()")
        if not rows:
            return
    raise AssertionError("a run did not end")


async def test_a_due_time_starts_one_run_whoever_asks(monitors, runs, database, settings):
    made = [await monitors.create(f"{URL}{number}") for number in range(30)]
    others = MonitorRuns(database, settings)
    started = await asyncio.gather(*(some.start_due(5) for some in [runs, others] * 10))
    started.append(await runs.start_due(100))  # what was locked by one as the others looked
    ids = [monitor.id for found in started for monitor in found]
    assert sorted(ids) == sorted(monitor.id for monitor in made)
    assert await runs.start_due(100) == []


async def test_workers_that_poll_at_once_submit_one_job_for_each_run(monitors, database, worker_of):
    for number in range(10):
        await monitors.create(f"{URL}{number}")
    await asyncio.gather(*(look_once(worker_of(database)) for _ in range(4)))
    assert len(await monitors.jobs()) == 10


async def test_a_run_that_is_being_started_is_started_by_nobody_else(monitors, runs, database):
    """Without a lock on the row, the second statement would wait for the first, and then start the run again."""
    monitor = await monitors.create(URL)
    first = await database.connect()
    async with first.transaction():
        [started] = await first.fetch(statements.START_DUE_RUNS, 10)
        second = asyncio.create_task(runs.start_due(10))
        while not second.done() and not await database.rows(WAITING_FOR_A_LOCK):
            await asyncio.sleep(0.01)
    await first.close()
    assert await second == []
    assert (await monitors.get(monitor)).job_id == started["job_id"]


async def test_the_next_run_is_an_interval_after_the_last_due_time(monitors, runs, database):
    monitor = await monitors.create(URL, interval_minutes=60)
    await database.rows("UPDATE monitors SET next_run_at = now() - interval '10 minutes'")
    due = (await monitors.get(monitor)).next_run_at
    await runs.start_due(1)
    assert (await monitors.get(monitor)).next_run_at == due + timedelta(hours=1)


async def test_due_times_that_were_missed_start_one_run(monitors, runs, database):
    monitor = await monitors.create(URL, interval_minutes=60)
    await database.rows("UPDATE monitors SET next_run_at = now() - interval '3 days'")
    assert len(await runs.start_due(10)) == 1
    row = await database.row("SELECT next_run_at - now() AS wait FROM monitors WHERE id = $1", monitor.id)
    assert timedelta(minutes=59) < row["wait"] <= timedelta(hours=1)


async def test_a_clock_that_was_set_back_delays_a_monitor_by_an_interval_at_most(monitors, runs, database):
    monitor = await monitors.create(URL, interval_minutes=60)
    await runs.start_due(1)
    shift = "interval '10 hours'"  # what a clock that was ten hours ahead wrote down
    await database.rows(
        f"UPDATE monitors SET job_id = NULL, next_run_at = next_run_at + {shift}, scheduled_at = scheduled_at + {shift}"
    )
    assert await runs.bring_forward() == 1
    row = await database.row("SELECT next_run_at - now() AS wait FROM monitors WHERE id = $1", monitor.id)
    assert row["wait"] <= timedelta(hours=1)
    assert await runs.bring_forward() == 0


async def test_a_lease_of_a_clock_that_was_set_back_is_over(monitors, runs, database):
    await monitors.create(URL)
    [started] = await runs.start_due(1)
    assert await runs.claim(LEASE) is None
    await database.rows("UPDATE monitors SET leased_at = now() + interval '10 hours'")
    claimed = await runs.claim(LEASE)
    assert (claimed.job_id, claimed.claims) == (started.job_id, started.claims + 1)


@pytest.mark.parametrize("fault", [LOST_BEFORE, LOST_AFTER, LATE])
async def test_whatever_statement_loses_its_answer_each_run_has_its_effects_once(
    monitors, database, database_url, worker_of, fault, monkeypatch
):
    """In turn, each statement of a run is lost; a late one arrives after the run's end."""
    monkeypatch.setattr("pagemill.jobs.database.pool._FIRST_DELAY", 0)
    monitor = await monitors.create(URL, alert_webhook_url=HOOK)
    await run_through(monitors, worker_of(database), "Rye costs 0 euros.")
    async with UnreliableDatabase(database_url) as unreliable:
        worker, was_reached = worker_of(unreliable), True
        for number in range(STATEMENTS_OF_A_RUN):
            await monitors.make_due(monitor)
            unreliable.faults.extend([HEALTHY] * number + [fault])
            await run_through(monitors, worker, f"Rye costs {number + 1} euros.")
            was_reached = not unreliable.faults
            unreliable.faults.clear()
            await unreliable.let_late_ones_arrive()
            assert await monitors.database.rows("SELECT id FROM monitors WHERE job_id IS NOT NULL") == []
            assert len(await monitors.jobs()) == number + 2
            changes = await monitors.changes(monitor)
            assert len({change.job_id for change in changes}) == len(changes) == number + 1
            alerts = await database.rows("SELECT job_id FROM webhook_deliveries WHERE event = 'monitor.changed'")
            assert sorted(row["job_id"] for row in alerts) == sorted(change.job_id for change in changes)
            assert (await monitors.get(monitor)).checks == number + 2
        assert not was_reached, "a run sends more statements than were lost"


async def test_a_comparison_whose_worker_died_goes_on_where_it_was(monitors, database, worker_of, runs):
    """What the dead one still sends later has no effect."""
    monitor = await monitors.create(URL, alert_webhook_url=HOOK)
    await run_through(monitors, worker_of(database), "Rye costs 3 euros.")
    await monitors.make_due(monitor)
    await look_once(worker_of(database))
    await end_pages(database, "Rye costs 4 euros.")
    dead = await runs.claim(LEASE)
    assert await runs.claim(LEASE) is None
    await expire_leases(database)
    await run_through(monitors, worker_of(database), "")
    late = (dead.id, dead.job_id, dead.claims)
    await database.rows(
        statements.RECORD_PAGE,
        *(*late, 0, b"page", URL, b"content", None, dead.created_at, "chg_late", "changed", "late", None, None),
        *("snap_late", "00", 200),
    )
    await database.rows(statements.FINISH_RUN, *late, True, None, None, True, [b"page"], 10, 10, 10, 1, 0, 10)
    assert await database.rows("SELECT FROM monitor_snapshots WHERE id = 'snap_late'") == []
    assert len(await database.rows("SELECT FROM monitor_runs")) == 2
    assert len(await monitors.changes(monitor)) == 1
    assert len(await database.rows("SELECT id FROM webhook_deliveries")) == 1
    assert (await monitors.get(monitor)).checks == 2


async def test_a_worker_that_stops_gives_its_runs_back(monitors, database, worker_of, runs, settings):
    class Hanging(ExtractorPool):
        async def compare(self, request, body):
            reached.set()
            await asyncio.Event().wait()

    reached = asyncio.Event()
    monitor = await monitors.create(URL)
    await run_through(monitors, worker_of(database), "Rye costs 3 euros.")
    await monitors.make_due(monitor)
    stopping = MonitorWorker(settings, database, Hanging(settings), ObjectStorage(settings, database))
    await look_once(stopping)
    await end_pages(database, "Rye costs 4 euros.")
    await look_once(stopping)
    await reached.wait()
    assert await runs.claim(LEASE) is None
    await stopping.release()
    assert (await runs.claim(LEASE)).id == monitor.id


async def test_a_comparison_that_takes_too_long_is_made_without_aligning(monitors, database, worker_of, settings):
    class Slow(ExtractorPool):
        async def compare(self, request, body):
            if request["comparison"]["align"]:
                raise ExtractionTimeoutError("It took too long.")
            return await super().compare(request, body)

    monitor = await monitors.create(URL)
    await run_through(monitors, worker_of(database), "one\n\ntwo\n\nthree")
    await monitors.make_due(monitor)
    async with Slow(settings) as extractors:
        worker = MonitorWorker(settings, database, extractors, ObjectStorage(settings, database))
        await run_through(monitors, worker, "1\n\ntwo\n\n3")
    [change] = await monitors.changes(monitor)
    assert change.diff == "@@ -1,3 +1,3 @@\n-one\n-two\n-three\n+1\n+two\n+3\n"


async def test_a_page_whose_comparison_fails_says_so_and_keeps_its_content(monitors, database, worker_of, settings):
    class Failing(ExtractorPool):
        async def compare(self, request, body):
            raise RuntimeError("a fault of ours")

    monitor = await monitors.create(URL)
    await run_through(monitors, worker_of(database), "Rye costs 3 euros.")
    await monitors.make_due(monitor)
    worker = MonitorWorker(settings, database, Failing(settings), ObjectStorage(settings, database))
    await run_through(monitors, worker, "Rye costs 4 euros.")
    assert (await monitors.get(monitor)).failure.code == "internal_error"
    assert await monitors.changes(monitor) == []
    await monitors.make_due(monitor)
    await run_through(monitors, worker_of(database), "Rye costs 5 euros.")
    [change] = await monitors.changes(monitor)
    assert change.diff == "@@ -1 +1 @@\n-Rye costs 3 euros.\n+Rye costs 5 euros.\n"


async def test_one_that_expired_runs_no_more(monitors, runs, database):
    monitor = await monitors.create(URL)
    await database.rows("UPDATE monitors SET expires_at = now()")
    assert await runs.start_due(10) == []
    assert await runs.end_expired() == 1
    found = await monitors.get(monitor)
    assert (found.expired, found.next_run_at) == (True, None)
    assert (await runs.start(found)).job_id is None


async def test_one_of_a_revoked_key_runs_no_more(monitors, runs, database):
    keys = Keys(database)
    key_id, _ = await keys.create("gone")
    await monitors.create(URL, key_id)
    await keys.revoke(key_id)
    assert await runs.start_due(10) == []
    assert await runs.end_expired() == 1


async def test_a_paused_one_runs_when_it_is_asked_to(monitors, runs):
    monitor = await monitors.create(URL, is_active=False)
    assert monitor.next_run_at is None
    assert await runs.start_due(10) == []
    started = await runs.start(monitor)
    assert await monitors.jobs() == [started.job_id]
    assert (await runs.start(monitor)).job_id == started.job_id
    assert len(await monitors.jobs()) == 1


async def test_a_run_counts_as_a_submission_of_its_key(monitors, database, settings):
    limited = MonitorRuns(database, settings.changed(pages_per_day=2))
    for number in range(3):
        await monitors.create(f"{URL}{number}")
    started = await limited.start_due(10)
    for run in started[:2]:
        await limited.submit(run)
        await limited.submit(run)  # as one does whose answer was lost: it counts once
    with pytest.raises(RateLimitedError):
        await limited.submit(started[2])
    found = await monitors.get(started[2])
    assert (found.job_id, found.failure.code) == (None, "rate_limited")
    wait = await database.row("SELECT next_run_at - now() AS wait FROM monitors WHERE id = $1", found.id)
    assert timedelta(0) < wait["wait"] <= timedelta(minutes=15)
    assert len(await monitors.jobs()) == 2


async def test_a_run_waits_where_the_queue_of_its_key_is_full(monitors, database, settings):
    limited = MonitorRuns(database, settings.changed(queued_pages_per_key=1))
    first, second = await monitors.create(f"{URL}1"), await monitors.create(f"{URL}2")
    await limited.start(first)
    with pytest.raises(QueueFullError):
        await limited.start(second)
    assert (await monitors.get(second)).failure.code == "queue_full"


async def test_runs_of_one_key_leave_room_for_another(monitors, runs, database):
    key_id, _ = await Keys(database).create("other")
    await monitors.create(URL)
    other = await monitors.create(URL, key_id)
    await runs.start_due(10)
    await expire_leases(database)
    assert (await runs.claim(LEASE, [ANONYMOUS])).id == other.id
    assert await runs.claim(LEASE, [ANONYMOUS, key_id]) is None


async def test_runs_of_one_key_that_wait_are_compared_one_after_another(monitors, database, worker_of, extractors):
    """Not some at each look at the database."""
    made = [await monitors.create(f"{URL}{number}") for number in range(5)]
    await look_once(worker_of(database))
    await end_pages(database, "Rye costs 3 euros.")
    settings = monitors.settings.changed(poll_interval=3600)
    worker = asyncio.create_task(MonitorWorker(settings, database, extractors, ObjectStorage(settings, database)).run())
    async with asyncio.timeout(20):
        for monitor in made:
            while (await monitors.get(monitor)).checks == 0:
                await asyncio.sleep(0.02)
    worker.cancel()


async def test_a_key_has_so_many_monitors_at_most(monitors):
    made = await asyncio.gather(
        *(monitors.store.create(ANONYMOUS, monitors.definition(f"{URL}{number}"), limit=3) for number in range(6)),
        return_exceptions=True,
    )
    assert [type(found).__name__ for found in made].count("ConflictError") == 3
    assert len(await monitors.store.monitors_of(ANONYMOUS, None, 10)) == 3


async def test_a_request_that_comes_again_makes_one_monitor(monitors):
    store, wanted = monitors.store, monitors.definition(URL)
    first = await store.create(ANONYMOUS, wanted, limit=9, repeat_window=timedelta(minutes=1))
    assert (await store.create(ANONYMOUS, wanted, limit=9, repeat_window=timedelta(minutes=1))).id == first.id
    keyed = await store.create(ANONYMOUS, wanted, limit=9, idempotency_key="again")
    assert (await store.create(ANONYMOUS, wanted, limit=2, idempotency_key="again")).id == keyed.id
    with pytest.raises(ConflictError):
        await store.create(ANONYMOUS, monitors.definition(f"{URL}else"), limit=9, idempotency_key="again")


async def test_a_change_made_twice_counts_once(monitors, database):
    """What is sent again after another's change has no effect."""
    monitor = await monitors.create(URL)
    faster = monitors.definition(URL, interval_minutes=20)
    first = await monitors.store.update(monitor, faster)
    assert first.definition.interval_minutes == 20
    assert await monitors.store.update(monitor, monitors.definition(URL, interval_minutes=30)) is None
    assert (await monitors.get(monitor)).definition.interval_minutes == 20
    paused = await monitors.store.update(first, monitors.definition(URL, is_active=False))
    assert paused.next_run_at is None
    resumed = await monitors.store.update(paused, monitors.definition(URL))
    assert resumed.next_run_at is not None
