from __future__ import annotations

import asyncio
import contextlib

import pytest
import structlog
from tests.web.http_server import HttpServer, Response

from pagemill.jobs.keys.keys import ANONYMOUS
from pagemill.jobs.queue.claims import Queue, rescue
from pagemill.jobs.queue.store import JobStore
from pagemill.jobs.worker import Worker
from pagemill.model import ScrapeOptions, Status

PAGE = Response(b"<html><body><article><h1>Title</h1><p>Words of a page.</p></article></body></html>")


@pytest.fixture
def store(database):
    return JobStore(database)


@pytest.fixture
async def web():
    async with HttpServer({"/": PAGE}) as web:
        yield web


@contextlib.asynccontextmanager
async def working(settings, name="worker", **changes):
    stop = asyncio.Event()
    task = asyncio.create_task(Worker(settings.changed(**changes), name).run(stop))
    try:
        yield task
    finally:
        stop.set()
        await task


async def submit(store, *urls):
    return await store.submit(ANONYMOUS, urls, ScrapeOptions(), batch=len(urls) > 1)


async def ended(store, job, seconds=20):
    async with asyncio.timeout(seconds):
        while not (found := await store.get(job.id, ANONYMOUS)).status.ended:
            await asyncio.sleep(0.02)
    return found, await store.pages(job.id)


async def test_a_page_is_completed_with_its_bodies(settings, store, web):
    async with working(settings):
        job, [page] = await ended(store, await submit(store, web.url("/")))
    assert job.status == Status.COMPLETED
    assert page.started_at >= page.created_at
    assert set(await store.bodies(page.id)) == {"html", "cleanedHtml", "markdown", "metadata"}


async def test_a_page_fails_with_a_named_reason_beside_others_that_complete(settings, store, web):
    async with working(settings):
        job, pages = await ended(store, await submit(store, web.url("/"), web.url("/missing"), "http://10.0.0.1/"))
    assert job.status == Status.COMPLETED
    assert [page.failure and page.failure.code for page in pages] == [None, "http_error", "blocked_address"]
    assert "404" in pages[1].failure.message


async def test_the_log_says_in_one_line_how_a_page_ended(settings, store, web):
    with structlog.testing.capture_logs() as lines:
        async with working(settings):
            await ended(store, await submit(store, web.url("/"), web.url("/missing")))
    [completed] = [line for line in lines if line["event"] == "page completed"]
    assert (completed["status"], completed["fetched_with"], completed["host"]) == (200, "http", "127.0.0.1")
    assert 0 < completed["quality"] <= 1
    [failed] = [line for line in lines if line["event"] == "page failed"]
    assert (failed["status"], failed["error"]) == (404, "http_error")
    assert "404" in failed["message"]


async def test_a_page_past_its_deadline_fails_as_timeout(settings, store, web):
    async def never(_request):
        await asyncio.sleep(60)
        return PAGE

    web.routes["/never"] = never
    async with working(settings, job_deadline=0.5):
        job, [page] = await ended(store, await submit(store, web.url("/never")), seconds=10)
    assert job.status == Status.FAILED
    assert page.failure.code == "timeout"


async def test_work_arrives_by_notice_not_by_polling(settings, store, web):
    async with working(settings, poll_interval=60):
        await asyncio.sleep(0.5)
        await ended(store, await submit(store, web.url("/")), seconds=10)


async def test_a_lost_notice_delays_a_page_no_longer_than_a_poll(settings, store, database, web):
    async with working(settings, poll_interval=0.3):
        await asyncio.sleep(0.5)
        await database.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database() AND query LIKE 'LISTEN%'"
        )
        await ended(store, await submit(store, web.url("/")), seconds=30)


async def test_a_worker_has_no_more_pages_in_hand_than_allowed(settings, store, web):
    busy, most = 0, 0

    async def slow(_request):
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0.05)
        busy -= 1
        return PAGE

    web.routes["/slow"] = slow
    async with working(settings, worker_concurrency=3):
        await ended(store, await submit(store, *[web.url("/slow")] * 20))
    assert most == 3


async def test_the_pages_of_a_silent_worker_are_rescued_by_another(settings, store, database, web):
    silent = Queue(database, "silent")
    await silent.heartbeat()
    job = await submit(store, web.url("/"))
    assert await silent.claim(1)
    async with working(settings, worker_timeout=0.6, worker_heartbeat=0.1):
        _, [page] = await ended(store, job, seconds=10)
    assert page.status == Status.COMPLETED


async def test_a_page_that_two_workers_died_with_is_worked_on_alone(settings, store, database, web):
    busy, alone = 0, None

    async def neighbour(_request):
        nonlocal busy
        busy += 1
        await asyncio.sleep(0.3)
        busy -= 1
        return PAGE

    async def suspect(_request):
        nonlocal alone
        alone = busy == 0
        await asyncio.sleep(0.3)
        alone = alone and busy == 0
        return PAGE

    web.routes |= {"/neighbour": neighbour, "/suspect": suspect}
    job = await submit(store, web.url("/suspect"))
    for name in ("first", "second"):
        queue = Queue(database, name)
        await queue.heartbeat()
        assert await queue.claim(1)
        await rescue(database, settings.jobs.max_crashes, dead_worker=name)
    others = await submit(store, *[web.url("/neighbour")] * 20)
    async with working(settings, worker_concurrency=4):
        _, [page] = await ended(store, job)
        await ended(store, others)
    assert page.status == Status.COMPLETED
    assert alone is True


async def test_old_jobs_are_deleted(settings, store, web):
    async with working(settings):
        job, _ = await ended(store, await submit(store, web.url("/")))
    async with working(settings, retention_days=1e-9), asyncio.timeout(60):
        while await store.get(job.id, ANONYMOUS):
            await asyncio.sleep(0.02)


async def test_a_fault_of_ours_is_the_pages_failure_and_the_worker_goes_on(settings, store, web, monkeypatch):
    from pagemill.scraping.scraper import Scraper

    scrape = Scraper.scrape

    async def faulty(self, url, *rest, **named):
        if url.endswith("/fault"):
            raise ZeroDivisionError
        return await scrape(self, url, *rest, **named)

    monkeypatch.setattr(Scraper, "scrape", faulty)
    async with working(settings):
        _, [page] = await ended(store, await submit(store, web.url("/fault")))
        assert page.failure.code == "internal_error"
        assert "ZeroDivision" not in page.failure.message
        assert (await ended(store, await submit(store, web.url("/"))))[0].status == Status.COMPLETED


async def test_a_stopped_worker_leaves_nothing_in_hand(settings, store, database, web):
    async def never(_request):
        await asyncio.sleep(60)
        return PAGE

    web.routes["/never"] = never
    async with working(settings, grace_period=0.3):
        job = await submit(store, web.url("/never"))
        async with asyncio.timeout(60):
            while not web.requests:
                await asyncio.sleep(0.02)
    rows = await database.rows("SELECT worker_id, crashes, status FROM pages WHERE job_id = $1", job.id)
    assert [tuple(row) for row in rows] == [(None, 0, "processing")]
    assert await database.rows("SELECT id FROM workers") == []
