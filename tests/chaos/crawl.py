"""`make chaos-crawl`: one large crawl undisturbed, and again while processes are killed. Are its pages the same?

    .venv/bin/python -m tests.chaos.crawl [--pages N] [--hosts N] [--minutes N] [--seed N]

A worker, the API, PostgreSQL's server or one of its backends is killed every 10 to 20 seconds. Prints a table, and
returns 1 where a page was lost, ended twice or otherwise, `robots.txt` was broken or a host was asked too often.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import secrets
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx
import psutil

from pagemill.jobs.database.embedded import EmbeddedPostgres
from pagemill.jobs.database.pool import Database
from pagemill.sites.identity import site_url
from tests.chaos.checks import TRACK_ENDS
from tests.chaos.crawled_hosts import CRAWL_DELAY, DELAYED, CrawledHosts
from tests.chaos.victims import WEIGHTS, by_kind
from tests.service.running import RunningService

INTERVAL = 0.02
_VICTIMS = ("worker", "api", "postmaster", "backend")
_WINDOW_ALLOWANCE = 3
"""Requests of ten seconds beyond the rate: the first one, and those that wait for no turn, as redirects."""
_SETTINGS = {
    "PAGEMILL_CRAWL_MAX_PAGES": "50000",
    "PAGEMILL_CRAWL_PAGES_IN_FLIGHT": "64",
    "PAGEMILL_HOST_INTERVAL": str(INTERVAL),
    "PAGEMILL_HOST_PAGES_IN_FLIGHT": "16",
    "PAGEMILL_CRAWL_POLL_INTERVAL": "0.02",
    "PAGEMILL_WORKER_CONCURRENCY": "16",
    "PAGEMILL_WORKER_HEARTBEAT": "1",
    "PAGEMILL_WORKER_TIMEOUT": "8",
    "PAGEMILL_FETCH_ATTEMPTS": "1",
    "PAGEMILL_MAX_CRASHES": "10",  # whoever is killed again and again at random is no killer
    "PAGEMILL_PAGES_PER_DAY": "0",
    "PAGEMILL_LOG_LEVEL": "warning",
    "PAGEMILL_CHROMIUM": "/nonexistent",
}
_ENDED_TWICE = "SELECT page_id FROM page_ends GROUP BY page_id HAVING count(*) > 1"
_PAGES = """
SELECT page.url, page.status, page.error_code, url.number FROM pages AS page
JOIN crawl_urls AS url ON url.job_id = page.job_id AND url.position = page.position WHERE page.job_id = $1
"""
_JOB = "SELECT pages, pages_left, pages_completed, urls_waiting, completed_at FROM jobs WHERE id = $1"


@dataclass(slots=True)
class Outcome:
    """What came of one crawl."""

    name: str
    seconds: float = 0.0
    pages: dict[str, str] = field(default_factory=dict)
    """How each page ended, by its identity."""
    kills: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    repeated: int = 0
    rates: list[tuple[str, int, float, float]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


async def crawl(name: str, options: argparse.Namespace, kills: Random | None) -> Outcome:
    """Crawl the site once, and check all that can be checked of one crawl."""
    outcome = Outcome(name)
    with tempfile.TemporaryDirectory(prefix="pagemill-crawl-") as folder:
        Path(folder).chmod(0o755)  # nothing runs yet
        data_dir = Path(folder) / "data"
        service = RunningService(data_dir, **_SETTINGS)
        service.start_timeout = 180
        database = Database(EmbeddedPostgres(data_dir).url, connections=2, wait=120)
        async with CrawledHosts(options.pages, options.hosts) as site, service, database:
            for statement in TRACK_ENDS:
                await database.rows(statement)
            await _run(service, site, outcome, options.minutes * 60, kills, database)
    return outcome


async def _run(
    service: RunningService,
    site: CrawledHosts,
    outcome: Outcome,
    seconds: float,
    kills: Random | None,
    database: Database,
) -> None:
    async with service.client() as client:
        began = time.monotonic()
        crawl_id = await _submit(client, site.url)
        killing = asyncio.create_task(_kill(service, kills, outcome.kills)) if kills else None
        try:
            async with asyncio.timeout(seconds):
                await _until_ended(client, crawl_id)
        except TimeoutError:
            outcome.wrong.append(f"not ended after {seconds:.0f} s")
        outcome.seconds = time.monotonic() - began
        if killing is not None:
            killing.cancel()
            await asyncio.gather(killing, return_exceptions=True)
    outcome.requests, outcome.repeated, outcome.rates = len(site.asked), site.repeated(), site.rates()
    outcome.wrong += site.broken_rules() + _too_often(outcome.rates)
    await _check(database, crawl_id, outcome)


async def _submit(client: httpx.AsyncClient, url: str) -> str:
    fields = {"url": url, "maxPages": 50_000, "depth": 20, "includeSubdomains": True, "useSitemap": True,
              "formats": ["markdown"], "forceFresh": True}  # fmt: skip
    answer = await client.post("/v1/crawl", json=fields)
    answer.raise_for_status()
    return str(answer.json()["id"])


async def _until_ended(client: httpx.AsyncClient, crawl_id: str) -> None:
    """Ask for the crawl through whatever happens to the service."""
    while True:
        with contextlib.suppress(httpx.TransportError):
            answer = await client.get(f"/v1/crawl/{crawl_id}", params={"fields": "status"}, timeout=15)
            if answer.status_code == httpx.codes.OK and answer.json()["status"] in {"completed", "failed"}:
                return
            assert answer.status_code in {200, 503}, answer.text
        await asyncio.sleep(1)


async def _kill(service: RunningService, random: Random, done: Counter[str]) -> None:
    while True:
        await asyncio.sleep(random.uniform(10, 20))
        found = await asyncio.to_thread(by_kind, service)
        kinds = [kind for kind in _VICTIMS if found[kind]]
        kind = random.choices(kinds, [WEIGHTS[name] for name in kinds])[0]
        with contextlib.suppress(psutil.NoSuchProcess):
            random.choice(found[kind]).kill()
            done[kind] += 1


async def _check(database: Database, crawl_id: str, outcome: Outcome) -> None:
    rows = await database.rows(_PAGES, crawl_id)
    twice = await database.rows(_ENDED_TWICE)
    job: dict[str, Any] = dict((await database.rows(_JOB, crawl_id))[0])
    counts = Counter(_identity(row["url"]) for row in rows)
    outcome.wrong += [f"{count} pages of {url}" for url, count in counts.items() if count > 1]
    outcome.wrong += [f"ended twice: page {row['page_id']}" for row in twice]
    if sorted(row["number"] or 0 for row in rows) != list(range(1, len(rows) + 1)):
        outcome.wrong.append("the pages that ended are not numbered one by one")
    completed = sum(row["status"] == "completed" for row in rows)
    if (job["pages"], job["pages_left"], job["pages_completed"], job["urls_waiting"]) != (len(rows), 0, completed, 0):
        outcome.wrong.append(f"the crawl does not agree with its {len(rows)} pages: {job}")
    outcome.pages = {_identity(row["url"]): row["error_code"] or row["status"] for row in rows}


def _identity(url: str) -> str:
    """What a page is known by, whatever the server's port."""
    found = site_url(url)
    assert found is not None
    host, _, path = found.identity.partition("/")
    return f"{host.rpartition(':')[0] or host}/{path}"


def _too_often(rates: list[tuple[str, int, float, float]]) -> list[str]:
    found = []
    for host, _, _, most in rates:
        interval = CRAWL_DELAY if host == DELAYED else INTERVAL
        if most * 10 > 10 / interval + _WINDOW_ALLOWANCE:
            found.append(f"{host} was asked {most:.1f} times a second, one request in {interval:g} s is the most")
    return found


def differences(calm: Outcome, hurt: Outcome) -> list[str]:
    """Where the second crawl is not like the first, in words. Of a trap's family, any may have been taken."""
    found = []
    first, second = ({url: end for url, end in each.pages.items() if "/shop" not in url} for each in (calm, hurt))
    for what, urls in (("lost", first.keys() - second.keys()), ("came only there", second.keys() - first.keys())):
        if urls:
            found.append(f"{len(urls)} {what}: {sorted(urls)[:5]}")
    other = [url for url in first.keys() & second.keys() if first[url] != second[url]]
    if other:
        found.append(f"{len(other)} ended otherwise: {[(url, first[url], second[url]) for url in sorted(other)[:5]]}")
    if (shops := len(calm.pages) - len(first)) != len(hurt.pages) - len(second):
        found.append(f"{shops} pages of the shop, then {len(hurt.pages) - len(second)}")
    return found


def table(outcomes: list[Outcome]) -> str:
    """Say what was asked and what came."""
    lines = [
        "| crawl | seconds | pages | completed | requests | repeated | a second | kills |",
        f"|---|{'--:|' * 6}---|",
    ]
    for each in outcomes:
        kills = ", ".join(f"{kind} {count}" for kind, count in sorted(each.kills.items())) or "none"
        completed = sum(end == "completed" for end in each.pages.values())
        lines.append(
            f"| {each.name} | {each.seconds:.0f} | {len(each.pages):,} | {completed:,} | {each.requests:,} | "
            f"{each.repeated} | {each.requests / each.seconds:.1f} | {kills} |"
        )
    lines += ["", "| host | " + " | ".join(f"{each.name}: requests | a second | most" for each in outcomes) + " |"]
    lines.append(f"|---|{'--:|' * 3 * len(outcomes)}")
    for rows in zip(*(each.rates for each in outcomes), strict=True):
        cells = " | ".join(f"{count:,} | {mean:.1f} | {most:.1f}" for _, count, mean, most in rows)
        lines.append(f"| {rows[0][0]} | {cells} |")
    return "\n".join(lines)


async def run(options: argparse.Namespace) -> list[str]:
    """Run both crawls, print what came, and return what is wrong."""
    outcomes = []
    for name, kills in (("undisturbed", None), ("under kills", Random(options.seed))):
        outcomes.append(await crawl(name, options, kills))
        print(table(outcomes), flush=True)
    wrong = [f"{each.name}: {fault}" for each in outcomes for fault in each.wrong]
    return wrong + differences(*outcomes)


def main() -> int:
    """Run, and return 1 where anything was wrong."""
    parser = argparse.ArgumentParser(prog="make chaos-crawl", description=__doc__)
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--hosts", type=int, default=6)
    parser.add_argument("--minutes", type=float, default=30, help="the longest that each of the two may take")
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    options.seed = secrets.randbelow(1_000_000) if options.seed is None else options.seed
    print(f"SEED={options.seed}", flush=True)
    wrong = asyncio.run(run(options))
    print("\n".join([f"{len(wrong)} FAULTS", *wrong[:30]]) if wrong else "nothing lost, nothing twice")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
