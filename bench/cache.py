"""What a page from the cache costs, against one that is fetched and extracted.

    python -m bench.cache [--pages N] [--write]

One process scrapes pages of about 90 KB from a loopback server, 16 at a time, with the cache in an embedded PostgreSQL:
first all new, then the same again. CPU is that of the scraping process without its extraction processes.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING

from bench import pages
from bench.readme import write_section
from pagemill.jobs.database.embedded import EmbeddedPostgres
from pagemill.jobs.database.migrator import migrate
from pagemill.jobs.database.pool import Database
from pagemill.jobs.memory.page_cache import DatabasePageCache
from pagemill.model import ScrapeOptions
from pagemill.scraping.scraper import Scraper
from pagemill.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

AT_ONCE = 16
METHOD = (
    "`python -m bench.cache`: pages of about 90 KB from a loopback server, 16 at a time, in one process with the cache "
    "in an embedded PostgreSQL: first all new, then the same again. CPU is that of the scraping process without its "
    "extraction processes."
)
_PARAGRAPH = "<p>" + "The mill stands by the river, and its wheel turns all the year. " * 8 + "</p>"


async def measure(base: str, names: Sequence[str], settings: Settings) -> list[str]:
    """The table's rows."""
    rows = []
    async with Database(settings.database.database_url or "", connections=5, wait=10) as database:
        await migrate(database)
        cache = DatabasePageCache(database, "bench", settings)
        async with Scraper(settings, cache=cache) as scraper:
            await scraper.scrape(base + "warm", ScrapeOptions())
            for what, cached in (("fetched and extracted", False), ("from the cache", True)):
                left = iter(names)
                wall, cpu = time.perf_counter(), time.process_time()
                await asyncio.gather(*(_scrape(scraper, base, left, cached=cached) for _ in range(AT_ONCE)))
                wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
                rows.append(f"| {what} | {len(names) / wall:,.0f} | {1000 * cpu / len(names):.2f} ms |")
    return rows


async def _scrape(scraper: Scraper, base: str, left: object, *, cached: bool) -> None:
    for name in left:  # type: ignore[attr-defined]
        page = await scraper.scrape(base + name, ScrapeOptions())
        if page.cached is not cached:
            raise RuntimeError("not what is measured")


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=400)
    parser.add_argument("--write", action="store_true", help="write the table to bench/README.md")
    arguments = parser.parse_args()
    page = f"<html><body><article><h1>Mill</h1>{_PARAGRAPH * 170}</article></body></html>".encode()
    names = [f"page{number}" for number in range(arguments.pages)]
    with tempfile.TemporaryDirectory(prefix="pagemill-bench-") as folder, asyncio.Runner() as runner:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "postgres")
        runner.run(server.start())
        try:
            settings = Settings(database_url=server.url, allowed_networks=(ip_network("127.0.0.0/8"),))
            with pages.serving(dict.fromkeys([*names, "warm"], page)) as base:
                rows = runner.run(measure(base, names, settings))
        finally:
            runner.run(server.stop())
    table = "\n".join(["| pages | a second | CPU a page |", "|---|--:|--:|", *rows])
    print(table)
    if arguments.write:
        write_section("cache", f"## The cache\n\n{METHOD}\n\n{table}")


if __name__ == "__main__":
    main()
