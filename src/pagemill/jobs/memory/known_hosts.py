"""What was learnt of each host, put together for who operates the service, and forgotten where that is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pagemill.jobs.memory import known_host_statements as statements

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pagemill.jobs.database.pool import Database


@dataclass(frozen=True, slots=True)
class KnownHost:
    """A host, with its port where that is not the scheme's, and what is known of it. None: nothing of that kind."""

    host: str
    slowdown: float | None
    """Seconds between requests of maps and crawls, for what it answered lately."""
    latency: float | None
    """Seconds that it took to answer lately."""
    crawl_delay: float | None
    """Seconds that its robots.txt asks for."""
    browser_until: datetime | None
    """Until when its pages go to the browser first."""
    selectors: int
    """Schemas that selectors were learnt for, counted up to 1,000."""
    learned_at: datetime | None
    proxies: int
    """Proxies that have a score for it, counted up to 1,000."""
    robots_at: datetime | None
    """When its robots.txt was fetched."""
    robots_reachable: bool | None


class KnownHosts:
    """The hosts in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, after: str, prefix: str, limit: int) -> Sequence[KnownHost]:
        """Return hosts by name: those after a name, whose names begin with `prefix`."""
        return [KnownHost(**row) for row in await self._database.rows(statements.LIST_HOSTS, after, prefix, limit)]

    async def forget(self, host: str) -> int:
        """Forget what was learnt of a host, and return how many rows that were.

        Workers that keep some of it in memory do so until they look again, within a minute.
        """
        row = await self._database.row(statements.FORGET_HOST, host)
        return int(row["rows"]) if row else 0
