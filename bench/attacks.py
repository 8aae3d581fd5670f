"""Measures what attacks on the API cost it: memory, and how long `/health` takes for everyone else meanwhile.

    python -m bench.attacks           # print the table
    python -m bench.attacks --write   # and put it into bench/README.md, as this version's

Each attack runs for some seconds against an API process of its own, over loopback, and sends a bounded number of bytes.
The process may open 1,024 files.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import psutil

from bench.readme import write_section
from pagemill import bodies
from pagemill.jobs.database.embedded import EmbeddedPostgres
from pagemill.jobs.database.migrator import migrate
from pagemill.jobs.database.pool import Database
from pagemill.jobs.keys.keys import Keys
from pagemill.jobs.queue.claims import Queue
from pagemill.jobs.queue.store import JobStore
from pagemill.model import ScrapeOptions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterator

SECONDS = 12
OPEN_FILES = 1024
MEGABYTE = 1024 * 1024
LARGE = 25 * MEGABYTE
CHUNK = 64 * 1024


class Target(NamedTuple):
    """Where an attack goes: a port, a key, and a job with a large result."""

    port: int
    key: str
    job_id: str


async def endless_headers(target: Target) -> None:
    """One request whose header lines do not end: 256 MB."""
    await flood(target, b"GET / HTTP/1.1\r\n", b"a: b\r\n" * (CHUNK // 6), 256 * MEGABYTE)


async def endless_value(target: Target) -> None:
    """One request with a header value that does not end: 64 MB."""
    await flood(target, b"GET / HTTP/1.1\r\nX: ", b"a" * CHUNK, 64 * MEGABYTE)


async def pipelined(target: Target) -> None:
    """20 connections, each with 8 MB of pipelined requests, which read no answer."""
    requests = b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n" * 1500
    await asyncio.gather(*(flood(target, b"", requests, 8 * MEGABYTE) for _ in range(20)))


async def silent(target: Target) -> None:
    """1,100 connections that send nothing."""
    await hold([connect(target, b"") for _ in range(1100)])


async def dripping(target: Target) -> None:
    """500 connections that send a header a second."""

    async def drip() -> None:
        with contextlib.suppress(OSError):
            _, writer = await connect(target, b"GET / HTTP/1.1\r\n")
            for _ in range(SECONDS):
                writer.write(b"a: b\r\n")
                await asyncio.sleep(1)

    await asyncio.gather(*(drip() for _ in range(500)))


async def readers(target: Target) -> None:
    """With a key: 100 readers of a result of 25 MB, who read nothing."""
    request = f"GET /v1/url-scraper/{target.job_id} HTTP/1.1\r\nHost: a\r\nX-API-Key: {target.key}\r\n\r\n".encode()
    await hold([connect(target, request) for _ in range(100)])


ATTACKS: dict[str, Callable[[Target], Coroutine[Any, Any, None]]] = {
    attack.__name__: attack for attack in (endless_headers, endless_value, pipelined, silent, dripping, readers)
}


async def connect(target: Target, data: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a connection and send something, with a small receive buffer."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", target.port))
    reader, writer = await asyncio.open_connection(sock=client, limit=1024)
    writer.write(data)
    return reader, writer


async def hold(connecting: list[Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]) -> None:
    """Open connections and keep them open."""
    kept = await asyncio.gather(*connecting, return_exceptions=True)
    await asyncio.sleep(SECONDS)
    del kept


async def flood(target: Target, start: bytes, again: bytes, most: int) -> None:
    """Send `again` until the time is over, the API closes, or `most` bytes are sent; then keep the connection open."""
    deadline = time.monotonic() + SECONDS
    with contextlib.suppress(OSError, TimeoutError):
        _, writer = await connect(target, start)
        async with asyncio.timeout(SECONDS):
            for _ in range(most // len(again)):
                writer.write(again)
                await writer.drain()
    await asyncio.sleep(max(0.0, deadline - time.monotonic()))


class Probe:
    """Asks `/health` ten times a second, and looks at the memory of a process."""

    def __init__(self, process: psutil.Process, port: int) -> None:
        self.slowest = 0.0
        self.failures = 0
        self.peak = 0
        self._process = process
        self._port = port
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._ask), threading.Thread(target=self._weigh)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        while not self._stopped.wait(0.1):
            began = time.monotonic()
            try:
                with socket.create_connection(("127.0.0.1", self._port), timeout=30) as client:
                    client.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                    if b" 200 " not in client.recv(4096):
                        self.failures += 1
            except OSError:
                self.failures += 1
            self.slowest = max(self.slowest, time.monotonic() - began)

    def _weigh(self) -> None:
        while not self._stopped.wait(0.05):
            self.peak = max(self.peak, self._process.memory_info().rss)


@contextlib.contextmanager
def api_process(database_url: str) -> Iterator[tuple[psutil.Process, int]]:
    """Run `pagemill api` with few open files."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = f'ulimit -n {OPEN_FILES}; exec "$0" -m pagemill api --port {port}'
    environment = {**os.environ, "PAGEMILL_DATABASE_URL": database_url, "PAGEMILL_LOG_LEVEL": "error"}
    with subprocess.Popen(["/bin/sh", "-c", command, sys.executable], env=environment) as process:
        try:
            while True:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.1)
            time.sleep(1)
            yield psutil.Process(process.pid), port
        finally:
            process.kill()


def measure(name: str, database_url: str, key: str, job_id: str) -> str:
    """Run an attack, or none, and return its row of the table."""
    with api_process(database_url) as (process, port):
        before = process.memory_info().rss
        with Probe(process, port) as probe:
            if name == "none":
                time.sleep(SECONDS)
            else:
                words = ["--attack", name, "--port", str(port), "--key", key, "--job", job_id]
                subprocess.run([sys.executable, "-m", "bench.attacks", *words], check=True)
        time.sleep(2)
        after = process.memory_info().rss
    cells = (
        f"{(probe.peak - before) / MEGABYTE:.0f} MB",
        f"{(after - before) / MEGABYTE:.0f} MB",
        f"{1000 * probe.slowest:,.0f} ms",
        str(probe.failures),
    )
    return f"| {name.replace('_', ' ')} | {' | '.join(cells)} |"


async def prepare(database_url: str) -> tuple[str, str]:
    """Make a key, and a job of it with a large result. Return both."""
    async with Database(database_url, connections=1, wait=30) as database:
        await migrate(database)
        key_id, secret = await Keys(database).create("bench")
        job = await JobStore(database).submit(key_id, ["https://example.com/"], ScrapeOptions(), batch=False)
        queue = Queue(database, "bench")
        await queue.heartbeat()
        [page] = await queue.claim(1)
        text = random.Random(1).randbytes(LARGE // 2).hex()
        packed = {name: bodies.pack(value) for name, value in (("html", text), ("markdown", "m"))}
        await queue.complete(page, final_url=page.url, status_code=200, bodies=packed)
    return secret, job.id


def table() -> str:
    """Every attack, as a table."""
    lines = ["| attack | memory at most | memory kept | slowest `/health` | not answered |", "|---|--:|--:|--:|--:|"]
    with tempfile.TemporaryDirectory(prefix="pagemill-bench-") as folder, asyncio.Runner() as runner:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "data")
        runner.run(server.start())
        try:
            secret, job_id = runner.run(prepare(server.url))
            for name in ("none", *ATTACKS):
                lines.append(measure(name, server.url, secret, job_id))
                print(lines[-1], flush=True)
        finally:
            runner.run(server.stop())
    return "\n".join(lines)


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--attack", choices=tuple(ATTACKS), help="run one attack against a running API")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", default="")
    parser.add_argument("--job", default="")
    options = parser.parse_args()
    if options.attack:
        asyncio.run(ATTACKS[options.attack](Target(options.port, options.key, options.job)))
        return
    text = table()
    print(text)
    if options.write:
        write_section("attacks", text)


if __name__ == "__main__":
    main()
