"""Lists of jobs: each key sees its own, filters find what they say, and parts neither repeat nor leave out."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import empty_database

from pagemill.jobs.database.pool import Database
from pagemill.jobs.keys.keys import Keys
from pagemill.jobs.listing import statements
from pagemill.jobs.listing.job_filter import ANY_ERROR, JobFilter, ListedKind
from pagemill.jobs.listing.job_lists import Count, JobLists
from pagemill.jobs.queue.claims import Queue
from pagemill.jobs.queue.store import JobStore, Site
from pagemill.model import Failure, JobKind, ScrapeOptions, SiteOptions, Status

SITE = Site(JobKind.CRAWL, SiteOptions("http://site.test/"), b"\x01", "site.test")


@pytest.fixture
def store(database):
    return JobStore(database)


@pytest.fixture
def lists(database):
    return JobLists(database, 50_000)


@pytest.fixture
async def key(database):
    return (await Keys(database).create("a"))[0]


async def submit(store, key, *urls, **more):
    return await store.submit(key, urls, ScrapeOptions(), **({"batch": len(urls) > 1} | more))


async def ids(lists, key, **wanted):
    return [job.id for job in (await lists.jobs(key, JobFilter(**wanted), None, 50)).jobs]


async def end(database, *failures):
    """End all pages: those of these URLs fail with a code."""
    queue = Queue(database, "w")
    await queue.heartbeat()
    codes = dict(failures)
    for page in await queue.claim(100):
        if page.url in codes:
            await queue.fail(page, Failure(codes[page.url], "It failed."))
        else:
            await queue.complete(page, final_url=page.url, status_code=200, bodies={})


async def test_a_job_is_shown_with_its_progress(database, store, lists, key):
    job = await submit(store, key, "http://a.test/1", "http://a.test/2", "http://b.test/")
    await end(database, ("http://a.test/2", "dns_error"))
    [listed] = (await lists.jobs(key, JobFilter(), None, 10)).jobs
    assert (listed.id, listed.kind, listed.url) == (job.id, ListedKind.BATCH, "http://a.test/1")
    assert (listed.progress.pages, listed.progress.completed, listed.progress.failed) == (3, 2, 1)
    assert listed.status is Status.COMPLETED
    assert listed.completed_at


async def test_each_filter_finds_what_it_says(database, store, lists, key):
    single = await submit(store, key, "https://a.test/docs/1")
    batch = await submit(store, key, "http://a.test/x", "http://b.test/")
    failed = await submit(store, key, "http://u:p@C.test:8080/?q")
    await end(database, ("http://b.test/", "dns_error"), ("http://u:p@C.test:8080/?q", "timeout"))
    crawl = await submit(store, key, "http://site.test/", site=SITE)
    assert await ids(lists, key) == [crawl.id, failed.id, batch.id, single.id]
    assert await ids(lists, key, status=Status.PENDING) == [crawl.id]
    assert await ids(lists, key, status=Status.COMPLETED) == [batch.id, single.id]
    assert await ids(lists, key, status=Status.FAILED) == [failed.id]
    assert await ids(lists, key, kind=ListedKind.SINGLE) == [failed.id, single.id]
    assert await ids(lists, key, kind=ListedKind.BATCH) == [batch.id]
    assert await ids(lists, key, kind=ListedKind.CRAWL) == [crawl.id]
    assert await ids(lists, key, kind=ListedKind.MAP) == []
    assert await ids(lists, key, host="a.test") == [batch.id, single.id]
    assert await ids(lists, key, host="c.test") == [failed.id]
    assert await ids(lists, key, host="a.test", url_prefix="a.test/docs") == [single.id]
    assert await ids(lists, key, host="a.test", url_prefix="http://a.test/") == [batch.id]
    assert await ids(lists, key, host="a.test", kind=ListedKind.BATCH) == [batch.id]
    assert await ids(lists, key, error_code="dns_error") == [batch.id]
    assert await ids(lists, key, error_code=ANY_ERROR) == [failed.id, batch.id]
    assert await ids(lists, key, error_code="timeout", status=Status.COMPLETED) == []
    assert await ids(lists, key, since=batch.created_at) == [crawl.id, failed.id, batch.id]
    assert await ids(lists, key, until=batch.created_at) == [single.id]
    assert await ids(lists, key, since=batch.created_at, until=failed.created_at) == [batch.id]


async def test_each_key_sees_its_own(database, store, lists, key):
    other, _ = await Keys(database).create("b")
    job = await submit(store, key, "http://a.test/")
    await end(database, ("http://a.test/", "timeout"))
    for wanted in (JobFilter(), JobFilter(host="a.test"), JobFilter(error_code="timeout"), JobFilter(Status.FAILED)):
        assert (await lists.jobs(other, wanted, None, 10)).jobs == []
        assert [found.id for found in (await lists.jobs(key, wanted, None, 10)).jobs] == [job.id]
    assert await lists.count(other, JobFilter(), 10) == Count(0, more=False)
    assert await lists.details(job.id, other) is None
    assert await lists.details(job.id, key)


async def test_a_search_stops_when_it_has_looked_at_enough(database, key):
    await database.rows(
        "INSERT INTO jobs (id, key_id, batch, options, pages_left, created_at, kind) SELECT 'job_' || n, $1, false, "
        "'{}', 0, now() - n * interval '1 second', 'scrape' FROM generate_series(1, 9000) n",
        key,
    )
    await database.rows(
        "INSERT INTO pages (job_id, key_id, position, url, error_code) VALUES ('job_8000', $1, 0, '', 'timeout')", key
    )
    lists, wanted = JobLists(database, 4000), JobFilter(error_code="timeout")
    part = await lists.jobs(key, wanted, None, 10)
    assert (part.jobs, part.next.job_id) == ([], "job_4000")
    assert part.searched_to == part.next.created_at
    part = await lists.jobs(key, wanted, part.next, 10)
    assert [job.id for job in part.jobs] == ["job_8000"]
    part = await lists.jobs(key, wanted, part.next, 10)
    assert (part.jobs, part.next, part.searched_to) == ([], None, None)


async def test_a_count_ends_at_its_limit(database, store, lists, key):
    for number in range(3):
        await submit(store, key, f"http://a.test/{number}")
    assert await lists.count(key, JobFilter(), 3) == Count(3, more=False)
    assert await lists.count(key, JobFilter(), 2) == Count(2, more=True)
    assert await lists.count(key, JobFilter(host="a.test"), 2) == Count(2, more=True)
    assert await lists.count(key, JobFilter(error_code="timeout"), 2) is None


async def test_a_job_that_was_run_again_names_the_other(database, store, lists, key):
    first = await submit(store, key, "http://a.test/")
    second = await submit(store, key, "http://a.test/", retry_of=first.id)
    assert (await lists.details(first.id, key)).retries == [second.id]
    found = await lists.details(second.id, key)
    assert (found.retry_of, found.earlier_is_there) == (first.id, True)
    await database.rows("DELETE FROM jobs WHERE id = $1", first.id)
    assert not (await lists.details(second.id, key)).earlier_is_there


async def test_pages_and_errors_of_a_job(database, store, lists, key):
    job = await submit(store, key, *(f"http://a.test/{number}" for number in range(5)))
    await end(
        database,
        *((f"http://a.test/{number}", code) for number, code in ((1, "timeout"), (2, "dns_error"), (4, "timeout"))),
    )
    assert await lists.errors(job.id) == {"timeout": 2, "dns_error": 1}
    assert [listed.page.index for listed in await lists.pages(job.id, -1, 3)] == [0, 1, 2]
    assert [listed.page.index for listed in await lists.pages(job.id, 2, 3)] == [3, 4]
    assert [listed.page.index for listed in await lists.failed_pages(job.id, None, ("", -1), 9)] == [2, 1, 4]
    assert [listed.page.index for listed in await lists.failed_pages(job.id, None, ("timeout", 1), 9)] == [4]
    assert [listed.page.index for listed in await lists.failed_pages(job.id, "dns_error", ("", -1), 9)] == [2]


async def test_the_frontier_of_a_crawl(database, store, lists, key):
    crawl = await submit(store, key, "http://site.test/", site=SITE)
    await database.rows(
        "INSERT INTO crawl_urls (job_id, identity, url, host, depth, priority) "
        "SELECT $1, int4send(n), 'http://site.test/' || n, 'site.test', 1, n FROM generate_series(1, 20) n",
        crawl.id,
    )
    frontier = await lists.frontier(crawl.id)
    assert frontier.hosts == Count(1, more=False)
    assert frontier.next_urls[0] == "http://site.test/20"
    assert len(frontier.next_urls) == 10
    [listed] = await lists.pages(crawl.id, -1, 10)
    assert (listed.depth, listed.duplicate_of, listed.unchanged) == (0, None, False)


STEPS = st.lists(
    st.one_of(st.integers(1, 4).map(lambda size: ("read", size)), st.tuples(st.just("insert"), st.integers(-3, 12))),
    max_size=20,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moments=st.lists(st.integers(0, 9), max_size=14), steps=STEPS, by_host=st.booleans())
def test_parts_neither_repeat_nor_leave_out_whatever_is_submitted_meanwhile(moments, steps, by_host, paged_database):
    runner, database = paged_database
    runner.run(_page_through(database, moments, steps, JobFilter(host="a.test") if by_host else JobFilter()))


@pytest.fixture(scope="module")
def paged_database(postgres_url, migrated_database):
    with asyncio.Runner() as runner:
        opened = empty_database(postgres_url, migrated_database)
        database = Database(runner.run(opened.__aenter__()), connections=1, wait=5)
        runner.run(database.__aenter__())
        yield runner, database
        runner.run(database.__aexit__(None, None, None))
        runner.run(opened.__aexit__(None, None, None))


async def _page_through(database, moments, steps, wanted):
    """Many jobs have the same moment, so that their ids decide."""
    await database.rows("DELETE FROM jobs")
    start, names = datetime(2026, 1, 1, tzinfo=UTC), iter(range(1000))

    async def insert(moment):
        created_at, job_id = start + timedelta(seconds=moment), f"job_{next(names) * 7919 % 1000:03}"
        await database.rows(
            "WITH job AS (INSERT INTO jobs (id, key_id, batch, options, pages_left, created_at) "
            "VALUES ($1, 'anonymous', false, '{}', 1, $2)) "
            "INSERT INTO pages (job_id, key_id, position, url, created_at) "
            "VALUES ($1, 'anonymous', 0, 'http://a.test/', $2)",
            job_id,
            created_at,
        )
        return created_at, job_id

    first = sorted([await insert(moment) for moment in moments], reverse=True)
    lists, seen, place = JobLists(database, 50_000), [], None
    for step, value in [*steps, ("read", 100), ("read", 100)]:
        if step == "insert":
            await insert(value)
            continue
        if seen and place is None:
            break
        part = await lists.jobs("anonymous", wanted, place, value)
        assert len(part.jobs) <= value
        seen += [(job.created_at, job.id) for job in part.jobs]
        place = part.next
    assert seen == sorted(set(seen), reverse=True)
    assert set(first) <= set(seen)


INDEXES = {
    "all": "jobs_of_key",
    "unended": "jobs_of_key_unended",
    "failed": "jobs_of_key_failed",
    "batches": "jobs_of_key_batches",
    "maps": "jobs_of_key_and_kind",
    "crawls": "jobs_of_key_and_kind",
    "host": "pages_of_host",
}


async def test_no_part_of_a_list_scans_a_table(large_database):
    assert set(INDEXES) == set(statements.LIST_JOBS)
    values = ("k1", datetime.max.replace(tzinfo=UTC), "", datetime(1970, 1, 1, tzinfo=UTC), 21)
    asked: list[tuple[str, tuple[object, ...], str]] = [
        (statements.LIST_PAGES, ("job_1", -1, 50), "pages_job_id_position_key"),
        (statements.LIST_FAILED_PAGES, ("job_1", "", -1, None, 50), "pages_failed"),
        (statements.COUNT_ERRORS, ("job_1", 1000), "pages_failed"),
        (statements.GET_DETAILS, ("job_1", "k1"), "jobs_retries"),
        (statements.GET_FRONTIER, ("job_1", 10, 1000), "crawl_urls_waiting"),
    ]
    for source, index in INDEXES.items():
        host = "a.test" if source == "host" else None
        asked += [
            (statements.LIST_JOBS[source], (*values, host, 20, None, None, None, None), index),
            (statements.COUNT_JOBS[source], (*values, host), index),
        ]
    for statement, arguments, index in asked:
        [[text]] = await large_database.rows(f"EXPLAIN (FORMAT JSON) {statement}", *arguments)
        nodes = list(_nodes(json.loads(text)[0]["Plan"]))
        assert "Seq Scan" not in {node["Node Type"] for node in nodes}, statement
        assert index in {node.get("Index Name") for node in nodes}, statement
        assert not [node for node in nodes if node["Node Type"] == "Sort" and node["Plan Rows"] > 1000], statement


@pytest.fixture
async def large_database(database):
    await database.rows("INSERT INTO keys (id, name) VALUES ('k1', ''), ('k2', '')")
    await database.rows(
        "INSERT INTO jobs (id, key_id, batch, options, pages_left, status, completed_at, created_at, kind) "
        "SELECT 'job_' || n, 'k' || n % 2 + 1, n % 50 = 0, '{}', 0, "
        "CASE WHEN n % 20 = 0 THEN 'failed' ELSE 'completed' END::status, "
        "CASE WHEN n % 100 > 0 THEN now() END, now() - n * interval '1 second', "
        "CASE n % 40 WHEN 1 THEN 'crawl' WHEN 2 THEN 'map' ELSE 'scrape' END FROM generate_series(1, 20000) n"
    )
    await database.rows(
        "INSERT INTO pages (job_id, key_id, position, url, created_at, error_code) SELECT id, key_id, 0, "
        "CASE WHEN status = 'failed' THEN 'http://a.test/' ELSE 'http://b.test/' END, created_at, "
        "CASE WHEN status = 'failed' THEN 'timeout' END FROM jobs"
    )
    await database.rows("ANALYZE")
    return database


def _nodes(plan):
    yield plan
    for child in plan.get("Plans", []):
        yield from _nodes(child)
