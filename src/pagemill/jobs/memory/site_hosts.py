"""What is known of hosts, shared by the maps and crawls of all workers through the database."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from pagemill.jobs.memory import site_statements as statements

if TYPE_CHECKING:
    from pagemill.jobs.database.pool import Database
    from pagemill.model import JsonObject
    from pagemill.settings import Settings

_LONGEST_KEPT = timedelta(days=30)


class DatabaseHosts:
    """See `pagemill.scraping.sites.hosts.Hosts`. It waits for a database that is away, as all that a worker does."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings.sites

    async def wait_for_rate_limit(self, host: str) -> None:
        """Take the host's next turn, and wait for it."""
        row = await self._database.row(statements.TAKE_TURN, host, self._settings.host_interval)
        await asyncio.sleep(row["seconds"] if row else 0.0)

    async def answered(
        self, host: str, seconds: float | None, *, overloaded: bool = False, retry_after: float | None = None
    ) -> None:
        """Note how a host answered."""
        longest = self._settings.host_max_interval
        peace = None if retry_after is None else min(retry_after, longest)
        await self._database.rows(
            statements.RECORD_ANSWER, host, seconds, overloaded, peace, self._settings.host_interval, longest
        )

    async def set_crawl_delay(self, host: str, seconds: float) -> None:
        """Keep so many seconds between two requests to a host."""
        await self._database.rows(statements.SET_CRAWL_DELAY, host, seconds)

    async def find_robots(self, origin: str) -> JsonObject | None:
        """What is known of an origin's robots.txt, where it is recent enough."""
        row = await self._database.row(
            statements.GET_ROBOTS,
            *(origin, timedelta(seconds=self._settings.robots_cache), timedelta(seconds=self._settings.robots_retry)),
        )
        return row["rules"] if row else None

    async def keep_robots(self, origin: str, rules: JsonObject, *, reachable: bool) -> None:
        """Keep what it says."""
        await self._database.rows(statements.STORE_ROBOTS, origin, rules, reachable)

    async def delete_old(self, limit: int) -> int:
        """Delete what nobody asked for in a long time, and return how much."""
        files = await self._database.row(statements.DELETE_OLD_ROBOTS, _LONGEST_KEPT, limit)
        hosts = await self._database.row(statements.DELETE_OLD_TURNS, limit)
        return int(files["files"] if files else 0) + int(hosts["hosts"] if hosts else 0)
