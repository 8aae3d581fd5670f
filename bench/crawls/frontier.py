"""What a crawl's frontier costs as it grows: one that knows a million URLs is asked for the next page, and given more.

.venv/bin/python -m bench.crawls.frontier [--urls N ...]
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import resource
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pagemill import logs
from pagemill.jobs.crawls.frontier import Frontier
from pagemill.jobs.database.embedded import EmbeddedPostgres
from pagemill.jobs.database.migrator import migrate
from pagemill.jobs.database.pool import Database
from pagemill.jobs.keys.keys import ANONYMOUS
from pagemill.jobs.queue.store import JobStore, Site
from pagemill.model import JobKind, ScrapeOptions, SiteOptions
from pagemill.settings import Settings
from pagemill.sites.candidates import Candidate, digest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

HOST = "example.com"
START = f"https://{HOST}/"
TIMES = 50
LINKS = 100
"""Links of a page that are added at a time."""

# Rows as ADD_URLS writes them, without asking for each whether it is known.
FILL = f"""
WITH added AS (
    INSERT INTO crawl_urls (job_id, identity, url, host, depth, parent, priority)
    SELECT $1, sha256(convert_to('{HOST}/docs/' || n, 'UTF8')), '{START}docs/chapter-' || n % 1000 || '/page-' || n,
           '{HOST}', 1 + n % 5, 0, random()
    FROM generate_series($2::integer, $3::integer) AS n
    RETURNING 1
)
UPDATE jobs SET urls_waiting = urls_waiting + (SELECT count(*) FROM added) WHERE id = $1
"""
SIZE = "SELECT pg_total_relation_size('crawl_urls') AS bytes"


def identity_of(path: object) -> str:
    """As FILL makes it."""
    return hashlib.sha256(f"{HOST}/docs/{path}".encode()).hexdigest()


async def median(action: Callable[[int], Awaitable[object]]) -> str:
    """The median and the longest time of an action, in milliseconds."""
    times = []
    for number in range(TIMES):
        started = time.perf_counter()
        await action(number)
        times.append(1000 * (time.perf_counter() - started))
    return f"{statistics.median(times):.1f} / {max(times):.1f}"


def memory() -> int:
    """The most memory that this process had, in bytes."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


async def measure(database: Database, settings: Settings, sizes: list[int]) -> None:
    options = SiteOptions(url=START, limit=2 * max(sizes))
    site = Site(JobKind.CRAWL, options, bytes.fromhex(digest(START)), HOST)
    job = await JobStore(database).submit(ANONYMOUS, [START], ScrapeOptions(), batch=True, site=site)
    frontier, known = Frontier(database, settings), 0
    before = memory()
    print("| known URLs | next page, ms | 100 links, half of them new, ms | bytes a URL |\n|--:|--:|--:|--:|")
    for size in sizes:
        await database.rows(FILL, job.id, known, size - 1, wait=600)
        [row] = await database.rows(SIZE)

        async def add(number: int, size: int = size) -> None:
            paths = [*range(LINKS // 2), *(f"{size}-{number}-{link}" for link in range(LINKS // 2))]
            links = [Candidate(f"{START}docs/{path}", identity_of(path), HOST, None, "", None, None) for path in paths]
            await frontier.add(job.id, links, 2, 0, None)

        added = await median(add)
        released = await median(lambda _: frontier.release())
        known = size
        print(f"| {size:,} | {released} | {added} | {row['bytes'] / size:.0f} |", flush=True)
    print(f"\nThis process grew by {(memory() - before) / 1024 / 1024:.0f} MiB. Times: median / longest of {TIMES}.")


async def run(sizes: list[int]) -> None:
    with tempfile.TemporaryDirectory(prefix="pagemill-bench-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "postgres")
        await server.start()
        most = 2 * max(sizes)
        settings = Settings(
            database_url=server.url,
            host_interval=0.0,
            crawl_pages_in_flight=most,
            host_pages_in_flight=most,
            crawl_max_urls=most,
        )
        try:
            async with Database(server.url, connections=2, wait=600, statement_timeout=600) as database:
                await migrate(database)
                await measure(database, settings, sizes)
        finally:
            await server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--urls", type=int, nargs="+", default=[1000, 10_000, 100_000, 1_000_000])
    logs.configure("error", "text")
    asyncio.run(run(sorted(parser.parse_args().urls)))


if __name__ == "__main__":
    main()
