"""How long one key's single page waits while another key's pages stand in the queue.

    python -m bench.fairness [--queued N] [--page-time SECONDS] [--workers N] [--hands N] [--singles N]
                           [--page-size KB] [--monitors N] [--update]

Runs the whole service. Every page takes its time to answer, so that "one page's time" is known. The first key submits
its pages in batches of 100; then the second key submits single pages, one after the other ended, and the server of the
pages notes when each is asked for. The time from a page's submission to the answer with its end is told as well. With
`--page-size` pages are that large, so that they use the processor. With `--monitors` the first key has so many monitors
that are due at once, in place of the batches. `--update` writes the table into bench/README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from bench.readme import write_section
from pagemill.jobs.database.embedded import EmbeddedPostgres
from pagemill.jobs.database.pool import Database

BATCH = 100
_COPY_MONITOR = """
INSERT INTO monitors (id, key_id, request, url, options, site, interval_minutes, is_active, revision, next_run_at)
SELECT 'mon_' || lpad(n::text, 24, '0'), key_id, request, url || n, options, site, interval_minutes, true, revision,
       now()
FROM monitors CROSS JOIN generate_series(1, $2::integer) AS n WHERE id = $1
"""


def page_of(size: int) -> bytes:
    """Return an article of about so many bytes."""
    paragraph = b"<p>Words of a page, <a href='/x'>one link</a> among them, that a reader came for.</p>"
    return (
        b"<html><body><article><h1>Title</h1>"
        + paragraph * max(1, size // len(paragraph))
        + b"</article></body></html>"
    )


class SlowSite:
    """A server on loopback whose pages take `seconds`; `asked` has the moment that each path was asked for."""

    def __init__(self, seconds: float, page: bytes) -> None:
        self.seconds = seconds
        self.page = page
        self.asked: dict[str, float] = {}
        self.url = ""

    async def start(self) -> None:
        """Listen."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1024)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.asked.setdefault(head.split(b" ", 2)[1].decode(), time.perf_counter())
                await asyncio.sleep(self.seconds)
                head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n"
                writer.write(head % len(self.page) + self.page)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            writer.close()


async def measure(options: argparse.Namespace) -> str:
    """Run the service and return the table's rows."""
    site = SlowSite(options.page_time, page_of(options.page_size * 1000))
    await site.start()
    with tempfile.TemporaryDirectory(prefix="pagemill-bench-") as folder:
        Path(folder).chmod(0o755)  # nothing runs yet
        process, address, crowd_key = _start(folder, options)
        try:
            single_key = await asyncio.to_thread(_new_key, folder)
            crowd = httpx.AsyncClient(base_url=address, headers={"X-API-Key": crowd_key}, timeout=120)
            single = httpx.AsyncClient(base_url=address, headers={"X-API-Key": single_key}, timeout=120)
            async with crowd, single:
                alone = await _waits(single, site, options.singles, "alone")
                if options.monitors:
                    await _make_due(folder, crowd, site.url, options.monitors)
                for start in range(0, 0 if options.monitors else options.queued, BATCH):
                    urls = [f"{site.url}/crowd-{number}" for number in range(start, start + BATCH)]
                    (await crowd.post("/v1/url-scraper/batch", json={"urls": urls})).raise_for_status()
                beside = await _waits(single, site, options.singles, "beside")
                left = (options.monitors or options.queued) - sum(path.startswith("/crowd-") for path in site.asked)
        finally:
            process.terminate()
            process.wait(60)
    crowd_has = f"had {options.monitors:,} monitors due" if options.monitors else f"queued {options.queued:,} pages"
    told = (
        f"`python -m bench.fairness`: {options.workers} workers with {options.hands} pages in hand each, "
        f"{options.page_time:g} s a page of {len(site.page):,} bytes. One key {crowd_has}; another "
        f"submitted {options.singles} single pages, one after the other. The wait is from the submission's answer to "
        "the request for the page, the total to the answer with its end. "
        f"{left:,} of these pages were not asked for yet at the end."
    )
    head = "| single pages | wait, median | wait, longest | total, median | total, longest |\n|---|--:|--:|--:|--:|"
    crowded = f"beside another key that {crowd_has}"
    return "\n".join((told, "", head, _row("alone", alone), _row(crowded, beside)))


def _row(name: str, times: list[tuple[float, float]]) -> str:
    cells = [
        f"{value * 1000:.0f} ms" for part in zip(*times, strict=True) for value in (statistics.median(part), max(part))
    ]
    return f"| {name} | {' | '.join(cells)} |"


async def _waits(client: httpx.AsyncClient, site: SlowSite, count: int, name: str) -> list[tuple[float, float]]:
    """Return the wait and the total of each page."""
    times = []
    for number in range(count):
        path = f"/{name}-{number}"
        job = (await client.post("/v1/url-scraper", json={"url": site.url + path})).raise_for_status().json()
        submitted = time.perf_counter()
        answer = await client.get(f"/v1/url-scraper/{job['id']}", params={"wait": 60})
        if answer.json()["status"] != "completed":
            raise RuntimeError(answer.text)
        times.append((max(0.0, site.asked[path] - submitted), time.perf_counter() - submitted))
    return times


async def _make_due(folder: str, client: httpx.AsyncClient, url: str, count: int) -> None:
    """Make so many monitors of one page each, all due now."""
    fields = {"url": f"{url}/crowd-m", "intervalMinutes": 60, "isActive": False}
    made = (await client.post("/v1/monitors", json=fields)).raise_for_status().json()
    async with Database(EmbeddedPostgres(Path(folder)).url, connections=1, wait=60) as database:
        await database.rows(_COPY_MONITOR, made["id"], count)


def _start(folder: str, options: argparse.Namespace) -> tuple[subprocess.Popen[str], str, str]:
    environment = {
        "PAGEMILL_ALLOWED_NETWORKS": "127.0.0.0/8",
        "PAGEMILL_LOG_LEVEL": "error",
        "PAGEMILL_WORKER_CONCURRENCY": str(options.hands),
        "PAGEMILL_HOST_CONCURRENCY": str(options.hands),
        "PAGEMILL_GRACE_PERIOD": "1",
        "PAGEMILL_QUEUED_PAGES_PER_KEY": "0",
    }
    words = ("serve", "--port", "0", "--workers", str(options.workers), "--data-dir", folder)
    process = subprocess.Popen(
        [sys.executable, "-m", "pagemill", *words], env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True
    )
    line = process.stdout.readline() if process.stdout else ""
    ready = re.search(r"(http://\S+).*key, shown this once: (\S+)", line)
    if ready is None:
        raise RuntimeError(f"the service did not start: {line}")
    return process, ready[1], ready[2]


def _new_key(folder: str) -> str:
    words = ("keys", "--data-dir", folder, "create", "single")
    done = subprocess.run([sys.executable, "-m", "pagemill", *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queued", type=int, default=10_000)
    parser.add_argument("--page-time", type=float, default=0.5)
    parser.add_argument("--page-size", type=int, default=0, help="in thousands of bytes")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--hands", type=int, default=8)
    parser.add_argument("--monitors", type=int, default=0, help="of the first key, due at once, in place of a queue")
    parser.add_argument("--singles", type=int, default=20)
    parser.add_argument("--update", action="store_true")
    arguments = parser.parse_args()
    result = asyncio.run(measure(arguments))
    print(result)
    if arguments.update:
        write_section("fairness", f"## Fairness between keys\n\n{result}")
