"""The hosts that need the browser, shared by all workers through the database.

Each worker has them in memory, so that no page asks the database; what one learns, the others know some seconds later.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pagemill.errors import UnavailableError
from pagemill.jobs.memory import browser_host_statements as statements
from pagemill.scraping.host_memory import MOST_HOSTS, HostMemory

if TYPE_CHECKING:
    from pagemill.jobs.database.pool import Database
    from pagemill.settings import Settings

REFRESH_INTERVAL = 10.0
"""Seconds between looks at what other workers learnt."""


class DatabaseHostMemory(HostMemory):
    """See `HostMemory`. What cannot be written down as the database is away is known to this worker alone."""

    def __init__(self, database: Database, settings: Settings) -> None:
        super().__init__(settings)
        self._database = database
        self._age = timedelta(seconds=settings.browser.browser_memory)
        self._timeout = settings.database.database_patience

    async def learn(self, host: str, *, needs_browser: bool) -> None:
        """Keep it, here and for the others."""
        known = self.needs_browser(host)
        await super().learn(host, needs_browser=needs_browser)
        try:
            if self.needs_browser(host):
                await self._database.rows(statements.STORE_BROWSER_HOST, host, self._age, wait=self._timeout)
            elif known:
                await self._database.rows(statements.DELETE_BROWSER_HOST, host, wait=self._timeout)
        except UnavailableError:
            return

    async def refresh(self) -> None:
        """Take over what is in the database, and delete what has expired there."""
        try:
            await self._database.rows(statements.DELETE_EXPIRED_BROWSER_HOSTS)
            rows = await self._database.rows(statements.LIST_BROWSER_HOSTS, MOST_HOSTS)
        except UnavailableError:
            return
        now = datetime.now(UTC).timestamp()
        self.replace({row["host"]: now + row["seconds"] for row in rows})
