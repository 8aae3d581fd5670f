"""What the API process holds in memory is bounded, however many clients come at once. Sizes, not times."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from datetime import timedelta
from typing import TYPE_CHECKING

import orjson
import psutil
from tests.api.test_server import address, api_process, healthy

from pagemill import bodies
from pagemill.jobs.batches.store import BatchStore
from pagemill.jobs.keys.keys import Keys
from pagemill.jobs.queue.claims import Queue
from pagemill.jobs.queue.store import JobStore
from pagemill.model import ScrapeOptions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pagemill.jobs.database.pool import Database
    from pagemill.settings import Settings

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
MEGABYTE = 1 << 20
CLIENTS = 200


@contextlib.asynccontextmanager
async def weighed(settings: Settings, most: int) -> AsyncIterator[int]:
    """Run an API process and yield its port. Its memory may grow by `most` bytes."""
    with (
        socket.create_server(("127.0.0.1", 0), backlog=512) as listener,
        api_process(settings, "--fd", str(listener.fileno()), pass_fds=(listener.fileno(),)) as api,
    ):
        await healthy(address(listener))
        process = psutil.Process(api.pid)
        before = peak = process.memory_info().rss
        ended = asyncio.Event()

        async def watch() -> None:
            nonlocal peak
            while not ended.is_set():
                peak = max(peak, process.memory_info().rss)
                await asyncio.sleep(0.02)

        watching = asyncio.create_task(watch())
        try:
            yield listener.getsockname()[1]
            await healthy(address(listener))
        finally:
            ended.set()
            await watching
        assert peak - before < most, f"{(peak - before) / MEGABYTE:.0f} MB"


async def send(port: int, line: str, secret: str, body: bytes = b"", *headers: str) -> Connection:
    """Send a request, from a client that takes in little of the answer before it is read."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=client, limit=4096)
    head = [f"{line} HTTP/1.1", "Host: a", f"X-API-Key: {secret}", f"Content-Length: {len(body)}", "Connection: close"]
    writer.write("\r\n".join([*head, *headers, "", ""]).encode() + body)
    await writer.drain()
    return reader, writer


async def test_a_flood_of_large_submissions(settings: Settings, database: Database) -> None:
    """200 clients at once, each with a batch of 800 KB."""
    _, secret = await Keys(database).create("flood")
    body = orjson.dumps({"urls": ["http://example.com/" + "a" * 8000] * 100})

    async def submit(port: int, number: int) -> bytes:
        headers = ("Content-Type: application/json", f"Idempotency-Key: {number}")
        reader, writer = await send(port, "POST /v1/url-scraper/batch", secret, body, *headers)
        status = (await reader.readline()).split()[1]
        writer.transport.abort()
        return status

    async with weighed(settings, 150 * MEGABYTE) as port:
        answers = await asyncio.gather(*(submit(port, number) for number in range(CLIENTS)))
    assert b"202" in answers
    assert set(answers) <= {b"202", b"503"}


async def test_slow_readers_of_a_large_batch(settings: Settings, database: Database) -> None:
    """200 clients that read 64 KB each of a batch of 50 MB, and then nothing for a while."""
    key_id, secret = await Keys(database).create("slow")
    urls = [f"http://example.com/{number}" for number in range(10)]
    job = await JobStore(database).submit(key_id, urls, ScrapeOptions(), batch=True)
    queue = Queue(database, "worker")
    await queue.heartbeat()
    text = random.Random(1).randbytes(5 * MEGABYTE // 2).hex()
    packed = {"html": bodies.pack(text), "markdown": bodies.pack("m")}
    for page in await queue.claim(10):
        await queue.complete(page, final_url=page.url, status_code=200, bodies=packed)

    async def read(port: int) -> int:
        reader, writer = await send(port, f"GET /v1/url-scraper/{job.id}", secret)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(4):  # most of them wait for their turn
                await reader.readexactly(64 * 1024)
                await asyncio.sleep(4)
        writer.transport.abort()
        return 1

    async with weighed(settings, 200 * MEGABYTE) as port:
        assert sum(await asyncio.gather(*(read(port) for _ in range(CLIENTS)))) == CLIENTS


async def test_uploads_of_large_batches(settings: Settings, database: Database) -> None:
    """Two clients with 10 MB of URLs each: what is held is what is copied at once."""
    _, secret = await Keys(database).create("upload")
    body = b"".join(b"https://example.com/%d?%s\n" % (number, b"a" * 1960) for number in range(5_000))

    async def upload(port: int) -> bytes:
        reader, writer = await send(port, "POST /v1/batches", secret, body)
        status = (await reader.readline()).split()[1]
        writer.close()
        return status

    async with weighed(settings, 30 * MEGABYTE) as port:
        assert set(await asyncio.gather(upload(port), upload(port))) == {b"202"}


async def test_an_api_process_that_is_killed_midway_leaves_no_part_of_a_batch(
    settings: Settings, database: Database
) -> None:
    _, secret = await Keys(database).create("upload")
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        api_process(settings, "--fd", str(listener.fileno()), pass_fds=(listener.fileno(),)) as api,
    ):
        await healthy(address(listener))
        _, writer = await asyncio.open_connection(*listener.getsockname())
        head = f"POST /v1/batches HTTP/1.1\r\nHost: a\r\nX-API-Key: {secret}\r\nContent-Length: 9999999\r\n\r\n"
        writer.write(head.encode() + b"https://example.com/\n" * 9000)
        await writer.drain()
        async with asyncio.timeout(20):
            while not (await database.row("SELECT count(*) AS n FROM batch_lines"))["n"]:
                await asyncio.sleep(0.02)
        api.kill()
        writer.close()
    batches = BatchStore(database, JobStore(database), settings)
    await database.rows("UPDATE batches SET created_at = now() - interval '1 day'")
    while await batches.delete_old(timedelta(days=7), 5000):
        pass
    for table in ("jobs", "batches", "batch_lines"):
        assert (await database.row(f"SELECT count(*) AS n FROM {table}"))["n"] == 0
