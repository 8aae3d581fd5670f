"""What a batch by upload costs the API process: seconds and memory for uploading it, and for reading its results.

    python -m bench.batches [--urls N] [--worked N] [--parquet]

The database is an embedded one of its own. Pages are ended by this program, with one small body each: no fetching, no
extraction. After `--worked` of them the batch is cancelled.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import psutil

from pagemill import bodies
from pagemill.jobs.batches.store import BatchStore
from pagemill.jobs.database.embedded import EmbeddedPostgres
from pagemill.jobs.database.migrator import migrate
from pagemill.jobs.database.pool import Database
from pagemill.jobs.keys.keys import Keys
from pagemill.jobs.queue.claims import Queue
from pagemill.jobs.queue.store import JobStore
from pagemill.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MEGABYTE = 1 << 20
PACKED = {"markdown": bodies.pack("Some words of a page. " * 20)}


class Weighed:
    """The API's memory while something is done: how much it grew at most, and how long that took."""

    def __init__(self, pid: int, what: str) -> None:
        self._process = psutil.Process(pid)
        self._what = what

    async def __aenter__(self) -> None:
        self._before = self._peak = self._process.memory_info().rss
        self._began = time.perf_counter()
        self._watching = asyncio.create_task(self._watch())

    async def __aexit__(self, *_: object) -> None:
        self._watching.cancel()
        seconds = time.perf_counter() - self._began
        grown = (self._peak - self._before) / MEGABYTE
        print(f"{self._what}: {seconds:.1f} s; the API had {self._before / MEGABYTE:.0f} MB and grew by {grown:.0f} MB")

    async def _watch(self) -> None:
        while True:
            self._peak = max(self._peak, self._process.memory_info().rss)
            await asyncio.sleep(0.02)


async def run(urls: int, worked: int, *, parquet: bool) -> None:
    """Measure once and print a line for each step."""
    with tempfile.TemporaryDirectory(prefix="pagemill-bench-") as folder, contextlib.ExitStack() as stack:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder))
        await server.start()
        async with Database(server.url, connections=8, wait=30) as database:
            await migrate(database)
            _, secret = await Keys(database).create("bench")
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            api = stack.enter_context(_api(server.url, listener))
            stack.callback(api.kill)
            client = httpx2.AsyncClient(
                base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", headers={"X-API-Key": secret}, timeout=3600
            )
            async with client:
                while (await client.get("/health")).status_code != 200:  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(0.1)
                async with Weighed(api.pid, f"upload of {urls} URLs"):
                    answer = await client.post("/v1/batches", content=_table(urls) if parquet else _lines(urls))
                answer.raise_for_status()
                batch_id = answer.json()["id"]
                began = time.perf_counter()
                done = await _work_off(database, server.url, worked)
                print(f"queue worked off: {done / (time.perf_counter() - began):.0f} pages/s")
                (await client.delete(f"/v1/batches/{batch_id}")).raise_for_status()
                form = "parquet" if parquet else "jsonl"
                size = 0
                async with (
                    Weighed(api.pid, f"results as {form}"),
                    client.stream("GET", f"/v1/batches/{batch_id}/results", params={"format": form}) as results,
                ):
                    async for chunk in results.aiter_bytes():
                        size += len(chunk)
                print(f"{size / MEGABYTE:.1f} MB of results")
        await server.stop()


async def _lines(urls: int) -> AsyncIterator[bytes]:
    for start in range(0, urls, 1000):
        yield b"".join(
            b'{"url": "https://example.com/a/page/of/some/depth/%d", "id": "%d"}\n' % (number, number)
            for number in range(start, min(urls, start + 1000))
        )


def _table(urls: int) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(pa.table({"url": [f"https://example.com/a/page/of/some/depth/{n}" for n in range(urls)]}), sink)
    return sink.getvalue()


def _api(url: str, listener: socket.socket) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "pagemill", "api", "--fd", str(listener.fileno())],
        env={**os.environ, "PAGEMILL_DATABASE_URL": url},
        pass_fds=(listener.fileno(),),
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


async def _work_off(database: Database, url: str, most: int) -> int:
    """Feed the queue and end pages, as workers do. Return how many."""
    done = 0
    store = BatchStore(database, JobStore(database), Settings(database_url=url))

    async def drain(name: str) -> None:
        queue = Queue(database, name)
        await queue.heartbeat()
        nonlocal done
        while done < most:
            pages = await queue.claim(16)
            for page in pages:
                await queue.complete(page, final_url=page.url, status_code=200, bodies=PACKED)
            done += len(pages)
            if not pages and not (await store.release())[1]:
                return

    await asyncio.gather(*(drain(f"client {number}") for number in range(4)))
    return done


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--urls", type=int, default=100_000)
    parser.add_argument("--worked", type=int, default=20_000)
    parser.add_argument("--parquet", action="store_true")
    options = parser.parse_args()
    asyncio.run(run(options.urls, options.worked, parquet=options.parquet))
