"""Workers whose connections break at the worst moments, on a real PostgreSQL, in every order that Hypothesis thinks of.

Without `Queue.reconcile` this fails within a few steps: a claim takes page 1, its answer is lost, the repeated claim
takes page 2; page 1 then belongs to a live worker that never heard of it, and stays `processing` for ever. Without
`DeliveryQueue.reconcile`, and with places taken by leases that had run out, so did a webhook.
"""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from pagemill.jobs.database.migrator import migrate
from pagemill.jobs.database.pool import Database
from pagemill.jobs.keys.keys import ANONYMOUS
from pagemill.jobs.queue.claims import Queue, rescue
from pagemill.jobs.queue.store import JobStore
from pagemill.jobs.webhooks.delivery_queue import DeliveryQueue
from pagemill.jobs.webhooks.endpoints import DeliveryStatus
from pagemill.model import Failure, ScrapeOptions

FAILURE = Failure("timeout", "It took too long.")
MAX_CRASHES = 3
LEASE = timedelta(hours=1)
WORKERS = 3
HEALTHY, LOST_BEFORE, LOST_AFTER, LATE = "healthy", "lost before it was sent", "lost after it took effect", "late"
FAULTS = st.lists(st.sampled_from([HEALTHY, LOST_BEFORE, LOST_AFTER, LATE]), max_size=3)

# An end that changes is recorded beside the row, whoever changes it.
TRACK_ENDS = """
CREATE TABLE page_ends (page_id bigint NOT NULL);
CREATE FUNCTION track_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO page_ends VALUES (NEW.id); RETURN NULL; END $$;
CREATE TRIGGER track_end AFTER UPDATE ON pages FOR EACH ROW
    WHEN (NEW.completed_at IS NOT NULL OR OLD.completed_at IS NOT NULL) EXECUTE FUNCTION track_end();
"""


class UnreliableDatabase(Database):
    """The real database behind a connection that breaks as told: `faults` are those of the next statements sent.

    A late statement is one whose sender took it for lost and repeated it, while the server still worked on it: it takes
    effect when `late` is awaited.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url, connections=2, wait=30)
        self.faults: deque[str] = deque()
        self.late: deque[tuple[str, tuple[object, ...], int | None]] = deque()

    async def _send(self, statement, values, lock):
        fault = self.faults.popleft() if self.faults else HEALTHY
        if fault == LATE:
            self.late.append((statement, values, lock))
        elif fault != LOST_BEFORE:
            rows = await super()._send(statement, values, lock)
            if fault == HEALTHY:
                return rows
        raise ConnectionResetError(fault)

    async def let_late_ones_arrive(self):
        while self.late:
            await super()._send(*self.late.popleft())


class LiveWorker:
    """What a worker process keeps in memory."""

    def __init__(self, database: Database, name: str) -> None:
        self.name = name
        self.queue = Queue(database, name)
        self.deliveries = DeliveryQueue(database, name)
        self.pages = []
        self.sending = []


class LostAnswers(RuleBasedStateMachine):
    """Jobs with a webhook, three workers, and a connection that breaks."""

    def __init__(self, url: str, runner: asyncio.Runner) -> None:
        super().__init__()
        self.run = runner.run
        self.unreliable, self.reliable = UnreliableDatabase(url), Database(url, connections=1, wait=30)
        self.names = (f"worker {number}" for number in count())
        self.workers: list[LiveWorker] = []
        self.dead: list[LiveWorker] = []

    @initialize()
    def start(self):
        async def start():
            await self.unreliable.__aenter__()
            await self.reliable.__aenter__()
            for table in ("jobs", "workers", "webhook_deliveries", "page_ends"):
                await self.reliable.rows(f"DELETE FROM {table}")
            for _ in range(WORKERS):
                await self.new_worker()

        self.run(start())

    async def new_worker(self):
        worker = LiveWorker(self.unreliable, next(self.names))
        self.workers.append(worker)
        await worker.queue.heartbeat()

    def broken(self, faults, work):
        """Do something while the connection breaks as told."""
        self.unreliable.faults.extend(faults)
        result = self.run(work)
        self.unreliable.faults.clear()
        return result

    @rule(faults=FAULTS, pages=st.integers(1, 4))
    def submit(self, faults, pages):
        urls = [f"http://example.com/{number}" for number in range(pages)]
        submission = JobStore(self.unreliable).submit(
            ANONYMOUS, urls, ScrapeOptions(), batch=pages > 1, webhook_url="http://hook.example/"
        )
        self.broken(faults, submission)

    @rule(faults=FAULTS, number=st.integers(0, WORKERS - 1), limit=st.integers(1, 3))
    def claim(self, faults, number, limit):
        worker = self.workers[number]
        worker.pages += self.broken(faults, worker.queue.claim(limit))

    @rule(faults=FAULTS, number=st.integers(0, WORKERS - 1), completes=st.booleans())
    def end(self, faults, number, completes):
        worker = self.workers[number]
        if worker.pages:
            self.broken(faults, end(worker.queue, worker.pages.pop(0), completes=completes))

    @rule(number=st.integers(0, WORKERS - 1))
    def lose_a_page_in_a_fault_of_ours(self, number):
        worker = self.workers[number]
        if worker.pages:
            worker.queue.forget(worker.pages.pop())

    @rule(faults=FAULTS, number=st.integers(0, WORKERS - 1))
    def heartbeat(self, faults, number):
        worker = self.workers[number]
        self.broken(faults, worker.queue.heartbeat())
        self.broken(faults, worker.queue.reconcile())
        self.broken(faults, worker.deliveries.reconcile())
        if not self.unreliable.late:
            assert self.run(unknown(self.reliable, worker)) == []

    @rule(faults=FAULTS, number=st.integers(0, WORKERS - 1))
    def hang_until_taken_for_dead(self, faults, number):
        """It still holds what it had, and comes back later."""
        self.broken(faults, rescue(self.unreliable, MAX_CRASHES, dead_worker=self.workers[number].name))

    @rule(number=st.integers(0, WORKERS - 1))
    def die(self, number):
        self.dead.append(self.workers.pop(number))
        self.run(self.new_worker())

    @precondition(lambda self: self.dead)
    @rule(faults=FAULTS)
    def find_the_dead(self, faults):
        self.broken(faults, rescue(self.unreliable, MAX_CRASHES, dead_worker=self.dead.pop().name))

    @rule(faults=FAULTS, number=st.integers(0, WORKERS - 1))
    def restart(self, faults, number):
        worker = self.workers.pop(number)
        self.broken(faults, worker.deliveries.release())
        self.broken(faults, worker.queue.unregister())
        self.run(self.new_worker())

    @rule(faults=FAULTS, number=st.integers(0, WORKERS - 1))
    def claim_deliveries(self, faults, number):
        worker = self.workers[number]
        worker.sending += self.broken(faults, worker.deliveries.claim(2, 2, LEASE))

    @rule(faults=FAULTS, number=st.integers(0, WORKERS - 1))
    def deliver(self, faults, number):
        worker = self.workers[number]
        if worker.sending:
            self.broken(faults, deliver(worker, worker.sending.pop()))

    @precondition(lambda self: self.unreliable.late)
    @rule()
    def let_late_ones_arrive(self):
        self.run(self.unreliable.let_late_ones_arrive())

    @invariant()
    def counters_equal_the_rows(self):
        if self.workers:
            assert self.run(wrong_counters(self.reliable)) == []

    @invariant()
    def pages_end_once_and_their_jobs_are_told_once(self):
        if self.workers:
            assert self.run(ended_twice(self.reliable)) == []
            assert self.run(told_wrongly(self.reliable)) == []

    def teardown(self):
        if self.workers:
            self.run(self.finish())

    async def finish(self):
        """The connection holds from now on. Everything must come to an end."""
        try:
            await self.unreliable.let_late_ones_arrive()
            # What others would find silent, or gone: a late statement may have come after a worker's end.
            names = {worker.name for worker in self.workers}
            for row in await self.reliable.rows("SELECT id FROM workers"):
                if row["id"] not in names:
                    await rescue(self.unreliable, MAX_CRASHES, dead_worker=row["id"])
            await rescue(self.unreliable, MAX_CRASHES)
            # A late claim of deliveries by a worker that is gone holds them until its lease ends, which it does now.
            await self.reliable.rows(
                "UPDATE webhook_deliveries SET next_attempt_at = now() "
                "WHERE next_attempt_at IS NOT NULL AND worker_id <> ALL ($1::text[])",
                list(names),
            )
            for _ in range(2):
                for worker in self.workers:
                    await self.work_off(worker)
            assert await self.reliable.rows("SELECT id, worker_id FROM pages WHERE completed_at IS NULL") == []
            assert await self.reliable.rows("SELECT id FROM jobs WHERE completed_at IS NULL") == []
            assert await self.reliable.rows("SELECT id FROM webhook_deliveries WHERE status <> 'success'") == []
            assert await ended_twice(self.reliable) == []
            assert await told_wrongly(self.reliable) == []
        finally:
            await self.unreliable.__aexit__(None, None, None)
            await self.reliable.__aexit__(None, None, None)

    async def work_off(self, worker):
        await worker.queue.heartbeat()
        await worker.queue.reconcile()
        await worker.deliveries.reconcile()
        for page in worker.pages + await worker.queue.claim(10):
            await end(worker.queue, page, completes=True)
        for delivery in worker.sending + await worker.deliveries.claim(10, 10, LEASE):
            await deliver(worker, delivery)
        worker.pages, worker.sending = [], []


async def end(queue, page, *, completes):
    if completes:
        await queue.complete(page, final_url=page.url, status_code=200, bodies={"html": b"x"})
    else:
        await queue.fail(page, FAILURE)


async def deliver(worker, delivery):
    await worker.deliveries.end_attempt(delivery, DeliveryStatus.SUCCESS, 200, None, None)


async def unknown(database, worker):
    """What the database says is a worker's, and the worker does not know of."""
    pages = await database.rows("SELECT id, attempt FROM pages WHERE worker_id = $1", worker.name)
    deliveries = await database.rows("SELECT id, claims FROM webhook_deliveries WHERE worker_id = $1", worker.name)
    known = {(page.id, page.attempt) for page in worker.pages}
    known |= {(delivery.id, delivery.claims) for delivery in worker.sending}
    return [tuple(row) for row in (*pages, *deliveries) if tuple(row) not in known]


async def wrong_counters(database):
    return await database.rows(
        "SELECT jobs.id FROM jobs JOIN pages ON job_id = jobs.id GROUP BY jobs.id "
        "HAVING pages_left <> count(*) FILTER (WHERE pages.completed_at IS NULL) "
        "OR pages_completed <> count(*) FILTER (WHERE pages.status = 'completed') "
        "OR (jobs.completed_at IS NULL) <> bool_or(pages.completed_at IS NULL)"
    )


async def ended_twice(database):
    return await database.rows("SELECT page_id FROM page_ends GROUP BY page_id HAVING count(*) > 1")


async def told_wrongly(database):
    """Jobs that ended without a delivery or with two, or that have one and did not end."""
    return await database.rows(
        "SELECT jobs.id FROM jobs LEFT JOIN webhook_deliveries ON job_id = jobs.id GROUP BY jobs.id "
        "HAVING count(webhook_deliveries.id) <> CASE WHEN jobs.completed_at IS NULL THEN 0 ELSE 1 END"
    )


@pytest.fixture(scope="module")
def url(postgres_url):
    """A database of this module's own, in which every end of a page is recorded."""

    async def make():
        async with Database(postgres_url, connections=1, wait=5) as server:
            await server.rows("DROP DATABASE IF EXISTS lost_answers")
            await server.rows("CREATE DATABASE lost_answers")
        url = postgres_url.replace("/postgres?", "/lost_answers?")
        async with Database(url, connections=1, wait=5) as database:
            await migrate(database)
            connection = await database.connect()
            await connection.execute(TRACK_ENDS)
            await connection.close()
        return url

    return asyncio.run(make())


def test_whatever_is_lost_every_page_ends_once_and_is_told_of(url, monkeypatch):
    monkeypatch.setattr("pagemill.jobs.database.pool._FIRST_DELAY", 0)
    with asyncio.Runner() as runner:
        run_state_machine_as_test(
            lambda: LostAnswers(url, runner),
            settings=settings(
                max_examples=60,
                stateful_step_count=20,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to make it smaller takes minutes
            ),
        )
