"""What a single page costs each kind of process: of a small static page, and of an average one.

    python -m bench.costs.page [--pages N] [--write]

A service runs in a folder of its own. One after another, N pages are submitted and waited for. The figure is the
processor time of each kind of process for each page, less what it uses while idle.
"""

from __future__ import annotations

import argparse
import json
import os
import time

from bench import pages as shared_pages
from bench.costs import processes
from bench.costs.api import Client
from bench.readme import write_section
from bench.service import ENVIRONMENT, STATIC_PAGE, running_service

KINDS = ("api", "worker", "extraction", "PostgreSQL", "serve")
HEAD = f"| page | {' | '.join(KINDS)} | all, ms |\n|---|{'--:|' * (len(KINDS) + 1)}"


def main() -> None:
    """Measure, and print a table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pages", type=int, default=300)
    arguments.add_argument("--write", action="store_true", help="write the table to bench/README.md")
    options = arguments.parse_args()
    os.environ.update(ENVIRONMENT)
    found = sorted(shared_pages.load(300).items(), key=lambda page: len(page[1]))
    number, average = found[len(found) // 2]
    served = {"static": STATIC_PAGE, number: average}
    with shared_pages.serving(served) as base, running_service() as (address, key):
        client = Client(address, key)
        for name in served:
            _scrape(client, base + name, 20)  # connections, prepared statements
        idle = _used(lambda: time.sleep(5))
        rows = [f"Milliseconds of processor time for each page; {options.pages} pages of each kind.\n", HEAD]
        for name, page in served.items():
            began = time.perf_counter()
            used = _used(lambda name=name: _scrape(client, base + name, options.pages))
            took = time.perf_counter() - began
            costs = [1000 * (used[kind] - idle[kind] * took / 5) / options.pages for kind in KINDS]
            shown = " | ".join(f"{cost:.2f}" for cost in (*costs, sum(costs)))
            rows.append(f"| {len(page) / 1024:.0f} KB | {shown} |")
        rows.append(f"\nIdle: {200 * sum(idle.values()):.1f} ms a second.")
    print("\n".join(rows))
    if options.write:
        write_section("page", "\n".join(rows))


def _scrape(client: Client, url: str, count: int) -> None:
    for _ in range(count):
        job = json.loads(client.send("/v1/url-scraper", {"url": url, "forceFresh": True})[0])["id"]
        answer = json.loads(client.send(f"/v1/url-scraper/{job}?wait=30")[0])
        if answer["status"] != "completed":
            raise SystemExit(f"The page ended as {answer['status']}: {answer['error']}")


def _used(work: object) -> dict[str, float]:
    before = processes.seconds_by_kind()
    work()  # type: ignore[operator]
    after = processes.seconds_by_kind()
    return {kind: after.get(kind, 0.0) - before.get(kind, 0.0) for kind in KINDS}


if __name__ == "__main__":
    main()
