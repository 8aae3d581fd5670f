"""How much memory a service takes: idle, under load, and a minute later.

    python -m bench.costs.memory [--pages N] [--seconds S] [--write]

A service with two workers runs in a folder of its own. N shared pages are submitted in batches and waited for. The
figure is the proportional set size (PSS) of each kind of process: a page that several share counts once.
"""

from __future__ import annotations

import argparse
import json
import os
import threading
import time

from bench import pages as shared_pages
from bench.costs import processes
from bench.costs.api import Client
from bench.readme import write_section
from bench.service import BATCH, ENVIRONMENT, running_service

KINDS = ("serve", "fork server", "api", "worker", "extraction", "PostgreSQL", "other")
HEAD = f"| MB | {' | '.join(KINDS)} | all |\n|---|{'--:|' * (len(KINDS) + 1)}"


def main() -> None:
    """Measure, and print a table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pages", type=int, default=300)
    arguments.add_argument("--seconds", type=float, default=70, help="until it is idle, before and after the load")
    arguments.add_argument("--write", action="store_true", help="write the table to bench/README.md")
    options = arguments.parse_args()
    os.environ.update(ENVIRONMENT | {"PAGEMILL_WORKERS": "2"})
    pages = shared_pages.load(options.pages)
    with shared_pages.serving(pages) as base, running_service() as (address, key):
        time.sleep(options.seconds)
        rows = [f"Two workers, {len(pages)} pages.\n", HEAD, _row("idle, after the start", processes.memory_by_kind())]
        print(rows[-1], flush=True)
        rows.append(_row("most under load", _under_load(Client(address, key), [base + number for number in pages])))
        print(rows[-1], flush=True)
        time.sleep(options.seconds)
        rows.append(_row(f"idle, {options.seconds:.0f} s later", processes.memory_by_kind()))
        print(rows[-1])
    if options.write:
        write_section("memory", "\n".join(rows))


def _under_load(client: Client, urls: list[str]) -> dict[str, int]:
    """Scrape the pages, and return the memory of the moment at which it was most."""
    most: dict[str, int] = {}
    ended = threading.Event()

    def scrape() -> None:
        try:
            batches = [urls[start : start + BATCH] for start in range(0, len(urls), BATCH)]
            answers = [client.send("/v1/url-scraper/batch", {"urls": each, "forceFresh": True})[0] for each in batches]
            for answer in answers:
                job = json.loads(answer)
                while job["status"] not in ("completed", "failed"):
                    job = json.loads(client.send(f"/v1/url-scraper/{job['id']}?wait=60&fields=status")[0])
        finally:
            ended.set()

    thread = threading.Thread(target=scrape)
    thread.start()
    while not ended.wait(0.5):
        now = processes.memory_by_kind()
        most = max(most, now, key=lambda each: sum(each.values()))
    thread.join()
    return most


def _row(name: str, found: dict[str, int]) -> str:
    sizes = [found.get(kind, 0) / 1e6 for kind in KINDS]
    return f"| {name} | {' | '.join(f'{size:.0f}' for size in sizes)} | **{sum(sizes):.0f}** |"


if __name__ == "__main__":
    main()
