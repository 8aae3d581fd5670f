"""What a full database costs: the time and the plan of each hot statement, and PostgreSQL's CPU for each page.

    python -m bench.scale [--pages 1000 200000 2000000] [--drain N] [--plans]

An embedded server is filled with ended pages, three bodies each. Then each hot statement is timed, and N more pages are
submitted, claimed and completed, with the CPU of the server's processes for each. All this happens twice: right after
loading, over connections whose statements were planned while the tables were empty (as those of a service that has just
grown), and after ANALYZE. `--plans` prints the plans. `--retention` then deletes every ended job as the workers do and
says how long polls take meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import psutil

from pagemill import bodies, logs
from pagemill.jobs.database.embedded import EmbeddedPostgres
from pagemill.jobs.database.migrator import migrate
from pagemill.jobs.database.pool import Database
from pagemill.jobs.keys.keys import ANONYMOUS
from pagemill.jobs.queue import statements
from pagemill.jobs.queue.claims import Queue
from pagemill.jobs.queue.store import JobStore
from pagemill.model import ScrapeOptions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

BATCH = 10
HAND = 16
CLIENTS = 4
STEP = 200_000
PACKED = {name: bodies.pack("Some words of a page. " * 20) for name in ("html", "cleanedHtml", "markdown")}

_JOBS = """
INSERT INTO jobs (id, key_id, batch, options, status, pages_left, pages_completed, created_at, completed_at)
SELECT 'batch_' || n, 'anonymous', true, '{}', 'completed', 0, $3, now() - interval '8 days', now() - interval '8 days'
FROM generate_series($1::bigint, $2::bigint) n
"""
_PAGES = """
INSERT INTO pages (job_id, key_id, position, url, status, attempt, final_url, status_code, completed_at)
SELECT 'batch_' || n, 'anonymous', position, 'http://example.com/' || n || '/' || position, 'completed', 1,
       'http://example.com/' || n || '/' || position, 200, now() - interval '8 days'
FROM generate_series($1::bigint, $2::bigint) n, generate_series(0, $3::integer - 1) position
"""
_BODIES = """
INSERT INTO bodies (page_id, format, body)
SELECT pages.id, format, $3 FROM pages, unnest($4::text[]) format WHERE pages.id > $1 AND pages.id <= $2
"""


async def run(counts: list[int], drain: int, job_pages: int, *, plans: bool, retention: bool) -> None:
    """Fill one server to each count in turn, and measure at each."""
    logs.configure("error", "text")
    folder = Path(tempfile.mkdtemp(prefix="pagemill-scale-"))
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder)
    try:
        await server.start()
        async with Database(server.url, connections=CLIENTS, wait=60) as database:
            await migrate(database)
            await plan_on_empty_tables(database)
            loaded = 0
            for count in counts:
                await load(server.url, loaded, count, job_pages)
                loaded = count
                await report(database, server, f"{count} pages, right after loading", drain, plans=plans)
                await database.rows("ANALYZE")
                await report(database, server, f"{count} pages, after ANALYZE", drain, plans=plans)
            if retention:
                await measure_retention(database, server.url)
    finally:
        await server.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def plan_on_empty_tables(database: Database) -> None:
    """Run every hot statement on every connection until PostgreSQL keeps one plan for it, as an idle worker does."""
    for _ in range(8):
        for _, statement, values in hot(0, "no job"):
            await asyncio.gather(*(database.rows(statement, *values) for _ in range(CLIENTS)))


async def load(url: str, already: int, count: int, job_pages: int) -> None:
    """Add ended pages, up to `count`. Foreign keys are not checked row by row meanwhile."""
    async with Database(url, connections=1, wait=60, name="pagemill bench") as database:
        connection = await database.connect()
        await connection.execute("SET session_replication_role = replica; SET synchronous_commit = off")
        for start in range(already, count, STEP):
            first, last = start // job_pages, min(start + STEP, count) // job_pages - 1
            before = await connection.fetchval("SELECT coalesce(max(id), 0) FROM pages")
            await connection.execute(_JOBS, first, last, job_pages, timeout=None)
            await connection.execute(_PAGES, first, last, job_pages, timeout=None)
            after = await connection.fetchval("SELECT max(id) FROM pages")
            await connection.execute(_BODIES, before, after, PACKED["html"], list(PACKED), timeout=None)
        await connection.close()


async def report(database: Database, server: EmbeddedPostgres, title: str, drain: int, *, plans: bool) -> None:
    """Print a row for each hot statement, and the CPU for each page."""
    milliseconds = await measure_drain(database, server, drain)
    [size] = await database.rows("SELECT pg_database_size(current_database()) AS size")
    print(f"\n## {title} ({size['size'] / 1e9:.2f} GB)\n")
    print(f"PostgreSQL's CPU: {milliseconds:.2f} ms a page, from submission to end\n")
    print("| statement | ms | scans |\n|---|---|---|")
    [page] = await database.rows(
        "SELECT id, job_id FROM pages WHERE completed_at IS NOT NULL ORDER BY id LIMIT 1 OFFSET 500"
    )
    for name, statement, values in hot(page["id"], page["job_id"]):
        took = []
        for _ in range(7):
            began = time.perf_counter()
            await database.rows(statement, *values)
            took.append(1000 * (time.perf_counter() - began))
        [[text]] = await database.rows(f"EXPLAIN (FORMAT JSON) {statement}", *values)
        plan = orjson.loads(text)[0]["Plan"]
        scans = dict.fromkeys(f"{node['Node Type']} {node['Relation Name']}" for node in nodes(plan)
                              if node["Node Type"] == "Seq Scan")  # fmt: skip
        print(f"| {name} | {statistics.median(took):.2f} | {', '.join(scans) or 'by index'} |")
        if plans:
            print(orjson.dumps(plan, option=orjson.OPT_INDENT_2).decode())


def hot(page: int, job: str) -> list[tuple[str, str, tuple[Any, ...]]]:
    """The statements of every request and of every page."""
    return [
        ("claim (empty queue)", statements.CLAIM_PAGES, ("bench", HAND, 0, 2, None, [])),
        ("reconcile", statements.RECONCILE_PAGES, ("bench", [1], [1])),
        (
            "complete",
            statements.COMPLETE_PAGE,
            (page, 99, "bench", "u", 200, ["html"], [b""], False, "http", [], None, [None], [None]),
        ),
        ("fail", statements.FAIL_PAGE, (page, 99, "bench", "code", "message", None, [])),
        ("job", statements.GET_JOB, (job, ANONYMOUS)),
        ("pages of a job", statements.GET_PAGES, (job,)),
        ("bodies of a page", statements.GET_BODY_PLACES, (page, ["html"], 0)),
        ("list of failed jobs", statements.LIST_JOBS["failed"], (ANONYMOUS, time_ahead(), "", 20)),
        ("rescue", statements.RESCUE_PAGES, (["dead"], [None], 3, "code", "message", False)),
        ("retention, none old", statements.DELETE_ENDED_JOBS, (timedelta(days=900), 200)),
    ]


def time_ahead() -> Any:
    """A time that no job was made after."""
    from datetime import UTC, datetime

    return datetime.max.replace(tzinfo=UTC)


def nodes(plan: dict[str, Any]) -> Any:
    """Every node of a plan."""
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


async def measure_drain(database: Database, server: EmbeddedPostgres, pages: int) -> float:
    """Submit, claim and complete pages; return PostgreSQL's milliseconds of CPU for each."""
    store = JobStore(database)
    before = server_time(server)
    for start in range(0, pages, BATCH):
        urls = [f"http://example.com/{number}" for number in range(start, start + BATCH)]
        await store.submit(ANONYMOUS, urls, ScrapeOptions(), batch=True)
    await asyncio.gather(*(end_pages(database, f"client {number}") for number in range(CLIENTS)))
    return 1000 * (server_time(server) - before) / pages


async def end_pages(database: Database, name: str) -> None:
    """Claim and complete pages until there are none, as a worker does."""
    queue = Queue(database, name)
    await queue.heartbeat()
    while pages := await queue.claim(HAND):
        for page in pages:
            await queue.complete(page, final_url=page.url, status_code=200, bodies=PACKED)


async def measure_retention(database: Database, url: str) -> None:
    """Delete every old job as workers do, and print how long polls take before and meanwhile."""
    async with Database(url, connections=2, wait=60) as other:
        store = JobStore(other)
        job = await store.submit(ANONYMOUS, ["http://example.com/"], ScrapeOptions(), batch=False)
        before = [took async for took in polls(store, job.id, 200)]
        began, deleted, meanwhile = time.perf_counter(), 0, []
        deleting = asyncio.create_task(delete_all(JobStore(database)))
        while not deleting.done():
            meanwhile += [took async for took in polls(store, job.id, 20)]
        deleted = deleting.result()
        took = time.perf_counter() - began
    print(f"\n## Retention\n\n{deleted} jobs deleted in {took:.0f} s, {deleted / took:.0f} a second")
    for title, times in (("before", before), ("meanwhile", meanwhile)):
        print(f"poll {title}: median {statistics.median(times):.2f} ms, "
              f"95th percentile {statistics.quantiles(times, n=20)[-1]:.2f} ms")  # fmt: skip


async def delete_all(store: JobStore) -> int:
    """Delete in the workers' steps, without their pauses; return how many jobs that were."""
    deleted = 0
    while step := await store.delete_ended(timedelta(days=7), 200):
        deleted += step
    return deleted


async def polls(store: JobStore, job_id: str, count: int) -> AsyncIterator[float]:
    """Poll a job as the API does, and yield the milliseconds that each took."""
    for _ in range(count):
        began = time.perf_counter()
        await store.get(job_id, ANONYMOUS)
        await store.pages(job_id)
        yield 1000 * (time.perf_counter() - began)
        await asyncio.sleep(0.01)


def server_time(server: EmbeddedPostgres) -> float:
    """The processor seconds of the server's processes that are alive."""
    root = psutil.Process(server.pid)
    return sum(sum(process.cpu_times()[:2]) for process in (root, *root.children(recursive=True)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, nargs="+", default=[1_000, 200_000, 2_000_000])
    parser.add_argument("--drain", type=int, default=1000)
    parser.add_argument("--job-pages", type=int, default=10, help="pages of each loaded job")
    parser.add_argument("--plans", action="store_true")
    parser.add_argument("--retention", action="store_true")
    options = parser.parse_args()
    asyncio.run(run(options.pages, options.drain, options.job_pages, plans=options.plans, retention=options.retention))
