"""What is known of hosts, shared by the maps and crawls of all workers through the database."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from pagemill.fair_semaphore import FairSemaphore, current_key
from pagemill.jobs.database.pool import FOREVER
from pagemill.jobs.memory import site_statements as statements

if TYPE_CHECKING:
    from pagemill.jobs.database.pool import Database
    from pagemill.model import JsonObject
    from pagemill.settings import Settings

_LONGEST_KEPT = timedelta(days=30)


class DatabaseHosts:
    """See `pagemill.scraping.sites.hosts`. It waits for a database that is away, as all that a worker does."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings.sites
        self._stale_age = timedelta(days=settings.sites.robots_stale_days)
        self._waiting: WeakValueDictionary[str, FairSemaphore] = WeakValueDictionary()

    async def take_turn(self, host: str, patience: float = float("inf")) -> bool:
        """Wait for the host's next turn, and take it. Returns False where none came within `patience` seconds.

        Of those who wait in this process one asks the database at a time, of each API key in turn.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience
        waiting = self._waiting.setdefault(host, FairSemaphore(1))
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout_at(deadline if patience < FOREVER else None):
                    await stack.enter_async_context(waiting.slot(current_key.get()))
            except TimeoutError:
                return False
            while seconds := await self._try_turn(host):
                if loop.time() + seconds > deadline:
                    return False
                # Whoever else waits for this turn has as good a chance of it.
                later = random.uniform(0, 2 * self._settings.crawl_poll_interval)  # noqa: S311 - no secret
                await asyncio.sleep(seconds + later)
            return True

    async def _try_turn(self, host: str) -> float:
        """Take the host's turn and return 0, or return the seconds until it is due."""
        row = await self._database.row(statements.TAKE_TURN, host, self._settings.host_interval)
        return float(row["seconds"]) if row else 0.0

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

    async def find_robots(self, origin: str, accepted_age: float = 0.0) -> JsonObject | None:
        """What is known of an origin's robots.txt, where it is recent enough."""
        ages = (self._settings.robots_cache, self._settings.robots_retry, accepted_age)
        row = await self._database.row(statements.GET_ROBOTS, origin, *(timedelta(seconds=age) for age in ages))
        return row["rules"] if row else None

    async def find_stale_robots(self, origin: str) -> JsonObject | None:
        """What its robots.txt said when it could be had, where that is not too long ago."""
        row = await self._database.row(statements.GET_STALE_ROBOTS, origin, self._stale_age)
        return row["rules"] if row else None

    async def keep_robots(self, origin: str, rules: JsonObject, *, reachable: bool) -> JsonObject:
        """Keep what the site answered, and return what counts."""
        rows = await self._database.rows(statements.STORE_ROBOTS, origin, rules, reachable, self._stale_age)
        found: JsonObject = rows[0]["rules"]
        return found

    async def delete_old(self, limit: int) -> int:
        """Delete what nobody asked for in a long time, and return how much."""
        files = await self._database.row(statements.DELETE_OLD_ROBOTS, max(_LONGEST_KEPT, self._stale_age), limit)
        hosts = await self._database.row(statements.DELETE_OLD_TURNS, limit)
        return int(files["files"] if files else 0) + int(hosts["hosts"] if hosts else 0)
