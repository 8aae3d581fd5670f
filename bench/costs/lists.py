"""How long a part of a list of jobs takes in a database of a million jobs, at its start and deep in it.

    python -m bench.costs.lists [--jobs 1000000] [--plans]

An embedded server is filled with jobs of one page, of one key: one in twenty failed, one in fifty is a batch, one in
two hundred a crawl; one in a hundred thousand is of a host of its own, and failed with an error of its own. For each
filter, parts of 50 are read at the start and after nine tenths of all jobs, over a connection whose statements were
planned while the tables were empty; then the count that the page shows. Medians of eleven.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pagemill import logs
from pagemill.jobs.database.embedded import EmbeddedPostgres
from pagemill.jobs.database.migrator import migrate
from pagemill.jobs.database.pool import Database
from pagemill.jobs.keys.keys import ANONYMOUS
from pagemill.jobs.listing import statements
from pagemill.jobs.listing.job_filter import ANY_ERROR, Cursor, JobFilter, ListedKind
from pagemill.jobs.listing.job_lists import JobLists
from pagemill.model import Status

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

STEP = 200_000
PART, MOST_COUNTED, MOST_LOOKED_AT = 50, 1_000, 50_000
NOW = datetime.now(UTC)

_JOBS = """
INSERT INTO jobs (id, key_id, batch, options, status, pages, pages_left, pages_completed, created_at, completed_at,
                  kind)
SELECT 'job_' || n, 'anonymous', n % 50 = 0, '{}',
       CASE WHEN n % 20 = 0 THEN 'failed' ELSE 'completed' END::status, 1, 0,
       (n % 20 > 0)::integer, $3::timestamptz - n * interval '0.5 seconds', now(),
       CASE WHEN n % 200 = 1 THEN 'crawl' ELSE 'scrape' END
FROM generate_series($1::bigint, $2::bigint) n
"""
_PAGES = """
INSERT INTO pages (job_id, key_id, position, url, status, attempt, completed_at, created_at, error_code)
SELECT 'job_' || n, 'anonymous', 0,
       'https://' || CASE WHEN n % 100000 = 0 THEN 'rare' ELSE 'host' || n % 1000 END || '.example/page/' || n,
       CASE WHEN n % 20 = 0 THEN 'failed' ELSE 'completed' END::status, 1, now(),
       $3::timestamptz - n * interval '0.5 seconds',
       CASE WHEN n % 100000 = 0 THEN 'tls_error' WHEN n % 20 = 0 THEN 'timeout' END
FROM generate_series($1::bigint, $2::bigint) n
"""

FILTERS = {
    "all": JobFilter(),
    "completed": JobFilter(status=Status.COMPLETED),
    "failed": JobFilter(status=Status.FAILED),
    "running (none)": JobFilter(status=Status.PROCESSING),
    "batches": JobFilter(kind=ListedKind.BATCH),
    "crawls": JobFilter(kind=ListedKind.CRAWL),
    "a host, 1 in 1,000": JobFilter(host="host7.example"),
    "a host, 1 in 100,000": JobFilter(host="rare.example"),
    "a URL's beginning": JobFilter(host="host7.example", url_prefix="host7.example/page/9"),
    "any error": JobFilter(error_code=ANY_ERROR),
    "an error, 1 in 100,000": JobFilter(error_code="tls_error"),
    "an error, 1 in 100,000, of failed jobs": JobFilter(error_code="tls_error", status=Status.FAILED),
}


async def run(jobs: int, *, plans: bool) -> None:
    """Fill a server, and print a row for each filter."""
    logs.configure("error", "text")
    folder = Path(tempfile.mkdtemp(prefix="pagemill-lists-"))
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder)
    try:
        await server.start()
        async with Database(server.url, connections=1, wait=60) as database:
            await migrate(database)
            lists = JobLists(database, MOST_LOOKED_AT)
            for _ in range(8):
                for wanted in FILTERS.values():
                    await lists.jobs(ANONYMOUS, wanted, None, PART)
                    await lists.count(ANONYMOUS, wanted, MOST_COUNTED)
            await load(database, jobs)
            await report(lists, jobs)
            if plans:
                await print_plans(database)
    finally:
        await server.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def load(database: Database, jobs: int) -> None:
    """Add ended jobs. Foreign keys are not checked row by row meanwhile."""
    connection = await database.connect()
    await connection.execute("SET session_replication_role = replica; SET synchronous_commit = off")
    for start in range(1, jobs + 1, STEP):
        await connection.execute(_JOBS, start, min(start + STEP - 1, jobs), NOW, timeout=None)
        await connection.execute(_PAGES, start, min(start + STEP - 1, jobs), NOW, timeout=None)
    await connection.execute("ANALYZE", timeout=None)
    await connection.close()


async def report(lists: JobLists, jobs: int) -> None:
    """Print the times."""
    deep = Cursor(NOW - timedelta(seconds=0.45 * jobs), "")
    print(f"{jobs} jobs\n\n| filter | start, ms | deep, ms | count, ms |\n|---|---|---|---|")
    for name, wanted in FILTERS.items():
        start = await median(lambda wanted=wanted: lists.jobs(ANONYMOUS, wanted, None, PART))  # type: ignore[misc]
        later = await median(lambda wanted=wanted: lists.jobs(ANONYMOUS, wanted, deep, PART))  # type: ignore[misc]
        count = await median(lambda wanted=wanted: lists.count(ANONYMOUS, wanted, MOST_COUNTED))  # type: ignore[misc]
        part = await lists.jobs(ANONYMOUS, wanted, None, PART)
        note = f" ({len(part.jobs)} found among {MOST_LOOKED_AT})" if part.searched_to else ""
        print(f"| {name}{note} | {start:.1f} | {later:.1f} | {count:.1f} |")


async def median(ask: Callable[[], Awaitable[object]]) -> float:
    """The median time in milliseconds."""
    took = []
    for _ in range(11):
        began = time.perf_counter()
        await ask()
        took.append(1000 * (time.perf_counter() - began))
    return statistics.median(took)


async def print_plans(database: Database) -> None:
    """Print what PostgreSQL does for the first part of each source."""
    values = (ANONYMOUS, datetime.max.replace(tzinfo=UTC), "", datetime(1970, 1, 1, tzinfo=UTC), PART + 1)
    for name, statement in statements.LIST_JOBS.items():
        host = "host7.example" if name == "host" else None
        rows = await database.rows(f"EXPLAIN (ANALYZE) {statement}", *values, host, PART + 1, None, None, None, None)
        print(f"\n{name}\n" + "\n".join(row[0] for row in rows))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1_000_000)
    parser.add_argument("--plans", action="store_true")
    arguments = parser.parse_args()
    asyncio.run(run(arguments.jobs, plans=arguments.plans))
