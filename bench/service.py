"""What the service costs on top of its parts: pages a second end to end against the bare loop, in one run.

    python -m bench.service [--pages N] [--rounds N] [--write]

Bare loop: our fetcher and our extractor in as many processes as the service uses, nothing else: no database, no
queue, no HTTP API. Service: the same pages submitted over HTTP in batches of 100, drained, every result read back.
Both fetch the shared pages from one loopback server. Then, on the idle service, single static pages: the time of
`POST` + `GET ?wait` against a bare fetch + extract. Neither has a browser, which would take most of the time for the
few pages that want one.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import uvloop

from bench import pages as shared_pages
from bench.readme import write_section
from pagemill.errors import BrowserUnavailableError
from pagemill.model import DEFAULT_FORMATS, ScrapeOptions
from pagemill.scraping.scraper import Scraper
from pagemill.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

ENVIRONMENT = {"PAGEMILL_ALLOWED_NETWORKS": "127.0.0.0/8", "PAGEMILL_CHROMIUM": "/nonexistent"}
BATCH = 100
HEAD = ("| | bare, pages/s | service, pages/s | ratio |", "|---|--:|--:|--:|")
STATIC_PAGE = b"<html><head><title>Static</title></head><body><article><h1>Static</h1>" + (
    b"<p>A paragraph of a static page, of some words, not too many.</p>" * 20
)


def main() -> None:
    """Run the comparison and print a table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pages", type=int, default=1000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--latency-pages", type=int, default=100)
    arguments.add_argument("--write", action="store_true", help="write the table to bench/README.md")
    options = arguments.parse_args()
    os.environ.update(ENVIRONMENT)

    pages = shared_pages.load(options.pages)
    with shared_pages.serving(pages | {"static": STATIC_PAGE}) as base, running_service() as (address, key):
        urls = [base + number for number in pages]
        size = sum(map(len, pages.values())) / len(pages) / 1024
        service(address, key, urls[:BATCH])  # warm: connections, caches, extraction processes
        rows = [f"{len(urls)} pages of {size:.0f} KB on average, {os.cpu_count()} cores.\n", *HEAD]
        ratios = []
        for number in range(options.rounds):
            bare_rate = bare(urls)
            service_rate = service(address, key, urls)
            ratios.append(service_rate / bare_rate)
            rows.append(f"| round {number + 1} | {bare_rate:.1f} | {service_rate:.1f} | {ratios[-1]:.2f} |")
            print(rows[-1])
        rows.append(f"| median | | | **{statistics.median(ratios):.2f}** |\n")
        rows.append(latency(address, key, base + "static", options.latency_pages))
    text = "\n".join(rows)
    print(text)
    if options.write:
        write_section("service", text)


@contextlib.contextmanager
def running_service() -> Iterator[tuple[str, str]]:
    """Run `pagemill serve` in a folder of its own; gives its address and its first key."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="pagemill-bench-") as folder:
        Path(folder).chmod(0o755)
        process = subprocess.Popen(
            [sys.executable, "-m", "pagemill", "serve", "--port", str(port), "--data-dir", folder],
            env={**os.environ, "PAGEMILL_LOG_LEVEL": "warning", "PAGEMILL_REPEAT_WINDOW": "0"},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            line = process.stdout.readline() if process.stdout else ""
            yield f"http://127.0.0.1:{port}", line.split()[-1]
        finally:
            process.terminate()
            process.wait(30)


def bare(urls: list[str]) -> float:
    """Return pages a second of fetch and extract alone, in one process for each core."""
    count = os.cpu_count() or 1
    with ProcessPoolExecutor(count) as pool:
        list(pool.map(time.sleep, [0.1] * count))  # processes are there before the clock starts
        began = time.perf_counter()
        done = sum(pool.map(_bare_share, [urls[number::count] for number in range(count)]))
        elapsed = time.perf_counter() - began
    if done != len(urls):
        raise SystemExit(f"{len(urls) - done} pages failed in the bare loop.")
    return done / elapsed


def _bare_share(urls: list[str]) -> int:
    return uvloop.run(_scrape_all(urls))


async def _scrape_all(urls: list[str]) -> int:
    settings = Settings()
    slots = asyncio.Semaphore(settings.jobs.worker_concurrency)
    options = ScrapeOptions(formats=DEFAULT_FORMATS)
    async with Scraper(settings) as scraper:

        async def one(url: str) -> int:
            async with slots:
                try:
                    return len((await scraper.scrape(url, options)).bodies) > 0
                except BrowserUnavailableError:  # a shell: it was fetched and extracted, and needs what is not there
                    return 1

        return sum(await asyncio.gather(*map(one, urls)))


def service(address: str, key: str, urls: list[str]) -> float:
    """Return pages a second of the service: submitted in batches, drained, every result read back."""
    return asyncio.run(_service(address, key, urls))


async def _service(address: str, key: str, urls: list[str]) -> float:
    began = time.perf_counter()
    async with httpx.AsyncClient(
        base_url=address, headers={"X-API-Key": key, "Accept-Encoding": "identity"}, timeout=90
    ) as client:
        batches = [urls[start : start + BATCH] for start in range(0, len(urls), BATCH)]
        completed = sum(await asyncio.gather(*(_run_batch(client, batch) for batch in batches)))
    elapsed = time.perf_counter() - began
    if completed != len(urls):
        raise SystemExit(f"{len(urls) - completed} pages did not complete.")
    return completed / elapsed


async def _run_batch(client: httpx.AsyncClient, urls: list[str]) -> int:
    answer = await client.post("/v1/url-scraper/batch", json={"urls": urls, "forceFresh": True})
    answer.raise_for_status()
    job: dict[str, Any] = answer.json()
    while job["status"] not in ("completed", "failed"):
        answer = await client.get(f"/v1/url-scraper/{job['id']}", params={"wait": 60})
        answer.raise_for_status()
        job = answer.json()
    return sum(
        page["markdown"] is not None if page["status"] == "completed" else BrowserUnavailableError.code in page["error"]
        for page in job["results"]
    )


def latency(address: str, key: str, url: str, count: int) -> str:
    """Say the median time of a single page over the idle service, and of a bare fetch + extract, in milliseconds."""
    over = 1000 * statistics.median(asyncio.run(_service_latency(address, key, url, count)))
    alone = 1000 * statistics.median(uvloop.run(_bare_latency(url, count)))
    return (
        f"One small static page, medians of {count}: bare fetch + extract {alone:.1f} ms, `POST` + `GET ?wait` on the "
        f"idle service {over:.1f} ms, **{over - alone:.1f} ms** more."
    )


async def _service_latency(address: str, key: str, url: str, count: int) -> list[float]:
    times = []
    async with httpx.AsyncClient(
        base_url=address, headers={"X-API-Key": key, "Accept-Encoding": "identity"}, timeout=90
    ) as client:
        for _ in range(count):
            began = time.perf_counter()
            job = (await client.post("/v1/url-scraper", json={"url": url, "forceFresh": True})).json()
            job = (await client.get(f"/v1/url-scraper/{job['id']}", params={"wait": 30})).json()
            times.append(time.perf_counter() - began)
            if job["status"] != "completed":
                raise SystemExit(f"The static page ended as {job['status']}: {job['error']}")
    return times


async def _bare_latency(url: str, count: int) -> list[float]:
    times = []
    async with Scraper(Settings()) as scraper:
        for _ in range(count):
            began = time.perf_counter()
            await scraper.scrape(url, ScrapeOptions())
            times.append(time.perf_counter() - began)
    return times


if __name__ == "__main__":
    main()
