"""What a map and a crawl ask of a site, and what comes: a generated site on loopback, with all that makes it hard.

.venv/bin/python -m bench.sites [--pages N] [--interval SECONDS] [--workers N]
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections import Counter
from ipaddress import ip_network
from pathlib import Path

from tests.web.generated_site import GeneratedSite

from pagemill import bodies, logs
from pagemill.jobs.crawls.store import CrawledPage, CrawlStore
from pagemill.jobs.database.embedded import EmbeddedPostgres
from pagemill.jobs.database.migrator import migrate
from pagemill.jobs.database.pool import Database
from pagemill.jobs.keys.keys import ANONYMOUS
from pagemill.jobs.queue.store import JobStore, Site
from pagemill.jobs.worker import Worker
from pagemill.model import Format, Job, JobKind, ScrapeOptions, SiteOptions
from pagemill.settings import Settings
from pagemill.sites.candidates import digest
from pagemill.sites.identity import site_url

OPTIONS = ScrapeOptions(formats=(Format.MARKDOWN,))


async def submit(store: JobStore, kind: JobKind, options: SiteOptions) -> Job:
    url = site_url(options.url)
    assert url is not None
    chosen = Site(kind, options, bytes.fromhex(digest(url.identity)), url.host)
    return await store.submit(ANONYMOUS, [options.url], OPTIONS, batch=kind is JobKind.CRAWL, site=chosen)


async def ended(store: JobStore, job: Job) -> Job:
    while True:
        found = await store.get(job.id, ANONYMOUS)
        if found is not None and found.status.ended:
            return found
        await asyncio.sleep(0.05)


def rows(site: GeneratedSite, pages: list[CrawledPage]) -> list[tuple[str, int, int]]:
    """What was asked and what came, by part of the site."""
    parts = {
        "documents": "/docs/",
        "calendar without end": "/calendar/",
        "shop whose parameters combine": "/shop",
        "path that loops": "/loop/",
        "closed by robots.txt": "/private",
        "robots.txt": "/robots.txt",
        "sitemaps": "/sitemap",
    }
    came = Counter(crawled.page.url.removeprefix(site.url("")) for crawled in pages)
    return [
        (name, sum(n for at, n in site.asked.items() if at.startswith(path)), sum(at.startswith(path) for at in came))
        for name, path in parts.items()
    ]


async def measure(database: Database, settings: Settings, pages: int, workers: int) -> None:
    store, crawls = JobStore(database), CrawlStore(database)
    stop = asyncio.Event()
    running = [asyncio.create_task(Worker(settings, f"w{n}").run(stop)) for n in range(workers)]
    failing = frozenset(range(7, pages, 100))
    async with GeneratedSite(pages=pages, traps=True, failing=failing) as site:
        started = time.monotonic()
        job = await ended(store, await submit(store, JobKind.MAP, SiteOptions(url=site.url(), limit=5000)))
        [page] = await store.pages(job.id)
        found = bodies.unpack((await store.bodies(page.id))["map"])
        seconds = time.monotonic() - started
        print(f"map: {len(found['links'])} URLs in {seconds:.1f} s by {len(site.server.requests)} requests\n")
        site.server.requests.clear()
        started = time.monotonic()
        options = SiteOptions(url=site.url(), limit=2 * pages, depth=20)
        job = await ended(store, await submit(store, JobKind.CRAWL, options))
        seconds = time.monotonic() - started
        results = await crawls.ended_pages(job.id, 0, 100_000)
        kinds = Counter(crawled.page.status.value for crawled in results)
        print("| part of the site | requests | pages that came |\n|---|--:|--:|")
        for name, asked, came in rows(site, results):
            print(f"| {name} | {asked:,} | {came:,} |")
        duplicates = sum(crawled.duplicate_of is not None for crawled in results)
        total = len(site.server.requests)
        print(f"\ncrawl: {len(results):,} pages in {seconds:.0f} s: {dict(kinds)}, {duplicates} duplicates;")
        print(f"{total:,} requests, {total / seconds:.1f} a second")
    stop.set()
    await asyncio.gather(*running)


async def run(arguments: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="pagemill-bench-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "postgres")
        await server.start()
        settings = Settings(
            database_url=server.url,
            allowed_networks=(ip_network("127.0.0.0/8"),),
            host_interval=arguments.interval,
            host_pages_in_flight=16,
            cache_time=0.0,
            fetch_attempts=1,
        )
        try:
            async with Database(server.url, connections=4, wait=10) as database:
                await migrate(database)
                await measure(database, settings, arguments.pages, arguments.workers)
        finally:
            await server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--interval", type=float, default=0.0, help="seconds between two requests")
    parser.add_argument("--workers", type=int, default=2)

    logs.configure("error", "text")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
