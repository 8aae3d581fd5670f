"""What the queue costs: pages claimed and completed a second, and processor time of client and server for each.

    python -m bench.job_queue [--pages N] [--clients N]

Pages are submitted in batches of 100 to an embedded server; clients in this process take 16 at a time, as a worker
does, and complete each with three small bodies. No fetching, no extraction.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

import psutil

from pagemill import bodies
from pagemill.jobs.database.embedded import EmbeddedPostgres
from pagemill.jobs.database.migrator import migrate
from pagemill.jobs.database.pool import Database
from pagemill.jobs.keys.keys import ANONYMOUS
from pagemill.jobs.queue.claims import Queue
from pagemill.jobs.queue.store import JobStore
from pagemill.model import ScrapeOptions

HAND = 16
PACKED = {name: bodies.pack("some text") for name in ("html", "cleanedHtml", "markdown")}


async def run(pages: int, clients: int) -> None:
    """Measure once and print a line."""
    with tempfile.TemporaryDirectory(prefix="pagemill-bench-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder))
        await server.start()
        async with Database(server.url, connections=clients, wait=30) as database:
            await migrate(database)
            store = JobStore(database)
            began = time.perf_counter()
            for start in range(0, pages, 100):
                urls = [f"http://example.com/{number}" for number in range(start, start + 100)]
                await store.submit(ANONYMOUS, urls, ScrapeOptions(), batch=True)
            submitting = time.perf_counter() - began
            before, began, ours = server_time(server), time.perf_counter(), time.process_time()
            await asyncio.gather(*(drain(database, f"client {number}") for number in range(clients)))
            elapsed, ours = time.perf_counter() - began, time.process_time() - ours
            theirs = server_time(server) - before
        await server.stop()
    print(
        f"submitted {pages / submitting:.0f} pages/s; drained {pages / elapsed:.0f} pages/s with {clients} clients; "
        f"{ours / pages * 1e3:.2f} ms of client and {theirs / pages * 1e3:.2f} ms of server processor time a page"
    )


async def drain(database: Database, name: str) -> None:
    """Take and complete pages until there are none."""
    queue = Queue(database, name)
    await queue.heartbeat()
    while pages := await queue.claim(HAND):
        for page in pages:
            await queue.complete(page, final_url=page.url, status_code=200, bodies=PACKED)


def server_time(server: EmbeddedPostgres) -> float:
    """Return the processor seconds used by the server's processes that are alive."""
    root = psutil.Process(server.pid)
    return sum(sum(process.cpu_times()[:2]) for process in (root, *root.children(recursive=True)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    asyncio.run(run(options.pages, options.clients))
