"""How often each proxy is chosen as one gets worse and recovers: 500 pages through three local proxies.

    python -m bench.proxies [--write]

Everything is real but the clock of the scores: each page counts for 20 seconds, so that the 500 stand for nearly
three hours of asking one host now and then. The proxy `a` refuses 80% of its connections from page 150 to 299.
"""

from __future__ import annotations

import argparse
import asyncio
import random
from collections import Counter
from ipaddress import ip_network
from typing import TYPE_CHECKING

from tests.web.http_server import HttpServer, Response
from tests.web.proxy import Proxy

from bench.readme import write_section
from pagemill.errors import FetchError
from pagemill.fetching.http.fetcher import HttpFetcher
from pagemill.fetching.proxies.scores import MemoryProxyScores
from pagemill.settings import Settings

if TYPE_CHECKING:
    from tests.web.proxy import Asked

PAGES, STEP = 500, 50
BAD = range(150, 300)
SECONDS_PER_PAGE = 20.0
METHOD = (
    "`python -m bench.proxies`: 500 pages of one host through three local proxies, 20 seconds apart on the scores' "
    "clock. `a` takes 20 ms, `b` 40 ms, `c` 150 ms; from page 150 to 299 `a` refuses 80% of its connections. A page "
    "that a proxy failed is asked for through another, so choices may be more than pages; failed are pages that no "
    "proxy gave."
)


class Flaky(Proxy):
    """Refuses a share of its connections."""

    def __init__(self, delay: float) -> None:
        super().__init__(delay=delay)
        self.failing = 0.0
        self._chance = random.Random(7)

    def _verdict(self, asked: Asked) -> int | None:
        return 503 if self._chance.random() < self.failing else super()._verdict(asked)


async def measure() -> tuple[list[tuple[str, Counter[str], int]], int]:
    """For each stretch of pages: its name, choices by proxy, and pages that failed."""
    now = 0.0
    rows: list[tuple[str, Counter[str], int]] = []
    page = Response(b"<p>hello</p>", headers=(("Connection", "close"),))
    async with (
        HttpServer({"/": page}, host="127.0.0.2") as web,
        Flaky(0.02) as a,
        Flaky(0.04) as b,
        Flaky(0.15) as c,
    ):
        web.routes["/"] = page
        named = {"a": a, "b": b, "c": c}
        settings = Settings(
            allowed_networks=(ip_network("127.0.0.2/32"),),
            proxies=" ".join(f"us={proxy.proxy_url()}" for proxy in named.values()),
            retry_delay=0.01,
        )
        scores = MemoryProxyScores(settings.egress.proxy_half_life, clock=lambda: now)
        async with HttpFetcher(settings, scores=scores) as fetcher:
            for start in range(0, PAGES, STEP):
                before = {name: len(proxy.asked) for name, proxy in named.items()}
                failed = 0
                for number in range(start, start + STEP):
                    a.failing = 0.8 if number in BAD else 0.0
                    now = number * SECONDS_PER_PAGE
                    try:
                        await fetcher.fetch(web.url())
                    except FetchError:
                        failed += 1
                chosen = Counter({name: len(proxy.asked) - before[name] for name, proxy in named.items()})
                rows.append((f"{start} to {start + STEP - 1}", chosen, failed))
    return rows, sum(failed for _, _, failed in rows)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the table to bench/README.md")
    arguments = parser.parse_args()
    rows, _ = asyncio.run(measure())
    lines = ["| pages | `a` | `b` | `c` | failed |", "|---|--:|--:|--:|--:|"]
    for name, chosen, failed in rows:
        bad = " (`a` is bad)" if int(name.split()[0]) in BAD else ""
        lines.append(f"| {name}{bad} | {chosen['a']} | {chosen['b']} | {chosen['c']} | {failed} |")
    table = "\n".join(lines)
    print(table)
    if arguments.write:
        write_section("proxies", f"## Choice of proxies\n\n{METHOD}\n\n{table}")


if __name__ == "__main__":
    main()
