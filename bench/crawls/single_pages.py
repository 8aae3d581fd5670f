"""Two crawls of one key, and single pages of another: how long the single pages take, and how both crawls get on.

    python -m bench.crawls.single_pages [--pages N] [--singles N] [--workers N] [--update]

Runs the whole service. The first key crawls two generated sites of `--pages` documents each; the second key submits
single pages of a third host, one after the other ended: `--singles` of them alone, then as many beside the crawls.
`--update` writes the table into bench/README.md.
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
from typing import Any

import httpx
from tests.web.generated_site import GeneratedSite
from tests.web.http_server import HttpServer, Response

from bench.readme import write_section

_PAGE = Response(b"<html><body><article><h1>Single</h1>" + b"<p>Words of a single page.</p>" * 50)
_INTERVAL = 0.02


def _start(folder: str, workers: int) -> tuple[subprocess.Popen[str], str, str]:
    environment = {
        "PAGEMILL_ALLOWED_NETWORKS": "127.0.0.0/8",
        "PAGEMILL_LOG_LEVEL": "error",
        "PAGEMILL_HOST_INTERVAL": str(_INTERVAL),
        "PAGEMILL_HOST_PAGES_IN_FLIGHT": "16",
        "PAGEMILL_CHROMIUM": "/nonexistent",
        "PAGEMILL_GRACE_PERIOD": "1",
    }
    words = ("serve", "--port", "0", "--workers", str(workers), "--data-dir", folder)
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


async def _single_pages(client: httpx.AsyncClient, url: str, count: int) -> list[float]:
    """Return how long each took, from before its submission to the answer with its end."""
    times = []
    for number in range(count):
        began = time.perf_counter()
        fields = {"url": f"{url}?n={number}", "forceFresh": True}
        job = (await client.post("/v1/url-scraper", json=fields)).raise_for_status().json()
        answer = await client.get(f"/v1/url-scraper/{job['id']}", params={"wait": 60})
        if answer.json()["status"] != "completed":
            raise RuntimeError(answer.text)
        times.append(time.perf_counter() - began)
    return times


async def _crawl(client: httpx.AsyncClient, url: str, pages: int) -> str:
    fields = {"url": url, "maxPages": pages, "depth": 20, "formats": ["markdown"], "forceFresh": True}
    return str((await client.post("/v1/crawl", json=fields)).raise_for_status().json()["id"])


async def _ended(client: httpx.AsyncClient, crawl_id: str) -> int:
    """How many pages of a crawl have ended."""
    answer: dict[str, Any] = (await client.get(f"/v1/crawl/{crawl_id}", params={"fields": "status"})).json()
    return int(answer["completedPages"])


async def measure(options: argparse.Namespace) -> str:
    """Run the service and return the table."""
    with tempfile.TemporaryDirectory(prefix="pagemill-bench-") as folder:
        Path(folder).chmod(0o755)  # nothing runs yet
        process, address, crawl_key = _start(folder, options.workers)
        try:
            single_key = await asyncio.to_thread(_new_key, folder)
            async with (
                GeneratedSite(pages=options.pages) as first_site,
                GeneratedSite(pages=options.pages) as second_site,
                HttpServer({"/": _PAGE}, host="127.0.0.2") as web,
                httpx.AsyncClient(base_url=address, headers={"X-API-Key": crawl_key}, timeout=120) as crawling,
                httpx.AsyncClient(base_url=address, headers={"X-API-Key": single_key}, timeout=120) as single,
            ):
                alone = await _single_pages(single, web.url(), options.singles)
                crawls = [await _crawl(crawling, site.url(), options.pages) for site in (first_site, second_site)]
                await asyncio.sleep(5)
                before, began = [await _ended(crawling, crawl) for crawl in crawls], time.perf_counter()
                beside = await _single_pages(single, web.url(), options.singles)
                after, seconds = [await _ended(crawling, crawl) for crawl in crawls], time.perf_counter() - began
        finally:
            process.terminate()
            process.wait(60)
    rates = [(last - first) / seconds for first, last in zip(before, after, strict=True)]
    told = (
        f"`python -m bench.crawls.single_pages`: {options.workers} workers, {os.cpu_count()} cores. One key crawled "
        f"two sites, each asked every {_INTERVAL * 1000:.0f} ms at most; another submitted {options.singles} pages, "
        f"one after the other. Meanwhile, in {seconds:.0f} s, {after[0] - before[0]} and {after[1] - before[1]} pages "
        f"of the crawls ended: {rates[0]:.1f} and {rates[1]:.1f} a second."
    )
    head = "| single pages | median | 95th percentile | longest |\n|---|--:|--:|--:|"
    return "\n".join((told, "", head, _row("alone", alone), _row("beside two crawls of another key", beside)))


def _row(name: str, times: list[float]) -> str:
    ranked = sorted(times)
    cells = (statistics.median(ranked), ranked[int(0.95 * (len(ranked) - 1))], ranked[-1])
    return f"| {name} | {' | '.join(f'{value * 1000:.0f} ms' for value in cells)} |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=4000)
    parser.add_argument("--singles", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--update", action="store_true")
    arguments = parser.parse_args()
    result = asyncio.run(measure(arguments))
    print(result)
    if arguments.update:
        write_section("crawls", f"## Crawls beside single pages\n\n{result}")
