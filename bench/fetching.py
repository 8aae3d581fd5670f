"""What our fetcher costs on top of bare curl_cffi: requests a second and CPU per request, in one run.

    python -m bench.fetching [--requests N] [--rounds N]

Both ask one loopback server for the same pages, 16 at a time, from one process on uvloop; the server has a process of
its own and is not counted. The bare loop does nothing but `AsyncSession.get`: no checked addresses, no limits. Rounds
alternate, and the median counts.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from ipaddress import ip_network
from typing import TYPE_CHECKING

import uvloop
from curl_cffi import AsyncSession

from bench import pages
from bench.readme import write_section
from pagemill.fetching.http.fetcher import HttpFetcher
from pagemill.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

AT_ONCE = 16
SIZES = {"2 KB": 2 * 1024, "92 KB": 92 * 1024, "1 MB": 1024 * 1024}
WARM_UP = 50
METHOD = (
    "`python -m bench.fetching`: our fetcher against a bare loop of curl_cffi's `AsyncSession.get`, 16 at a time, one "
    "process, one loopback server in a process of its own. CPU is that of the fetching process. The fetcher drives "
    "libcurl's handles directly and sets them up once, which saves more than its checks cost."
)


def main() -> None:
    """Run the comparison and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="write the table to bench/README.md")
    arguments = parser.parse_args()
    served = {name.replace(" ", ""): b"<p>" + b"x" * (size - 3) for name, size in SIZES.items()}
    lines = ["| page | loop | requests a second | CPU per request |", "|---|---|--:|--:|"]
    with pages.serving(served) as base:
        for name, size in SIZES.items():
            count = arguments.requests if size < 1024 * 1024 else arguments.requests // 10
            for loop, rate, cpu in uvloop.run(compare(base + name.replace(" ", ""), count, arguments.rounds)):
                lines.append(f"| {name} | {loop} | {rate:,.0f} | {cpu:.2f} ms |")
    table = "\n".join(lines)
    print(table)
    if arguments.write:
        write_section("fetching", f"## Fetching\n\n{METHOD}\n\n{table}")


async def compare(url: str, count: int, rounds: int) -> list[tuple[str, float, float]]:
    """Name, requests a second and CPU per request in ms of each loop."""
    settings = Settings(allowed_networks=(ip_network("127.0.0.0/8"),), host_concurrency=AT_ONCE)
    measured: dict[str, list[tuple[float, float]]] = {"bare curl_cffi": [], "HttpFetcher": []}
    async with HttpFetcher(settings) as fetcher, AsyncSession(impersonate="chrome", max_clients=AT_ONCE) as session:

        async def bare() -> bytes:
            body: bytes = (await session.get(url)).content
            return body

        async def ours() -> bytes:
            return (await fetcher.fetch(url)).body

        for _ in range(rounds):
            for name, fetch in (("bare curl_cffi", bare), ("HttpFetcher", ours)):
                await run(fetch, WARM_UP)
                measured[name].append(await run(fetch, count))
    return [
        (name, statistics.median(rate for rate, _ in rows), statistics.median(cpu for _, cpu in rows))
        for name, rows in measured.items()
    ]


async def run(fetch: Callable[[], Awaitable[bytes]], count: int) -> tuple[float, float]:
    """Fetch so many times; gives requests a second and CPU per request in ms."""
    left = iter(range(count))

    async def worker() -> None:
        for _ in left:
            if not await fetch():
                raise RuntimeError("an empty page")

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    return count / (time.perf_counter() - wall), 1000 * (time.process_time() - cpu) / count


if __name__ == "__main__":
    main()
