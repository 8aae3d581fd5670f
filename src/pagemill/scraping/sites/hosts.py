"""What maps and crawls ask of whoever knows the hosts.

The ones of the service are in `pagemill.jobs.memory.site_hosts` and `pagemill.jobs.crawls.page_turns`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pagemill.model import JsonObject


class Turns(Protocol):
    """When hosts may be asked."""

    async def wait_for_rate_limit(self, host: str) -> None:
        """Wait for the host's next turn, and take it."""


class Hosts(Protocol):
    """How hosts answered, and what their robots.txt says."""

    async def answered(
        self, host: str, seconds: float | None, *, overloaded: bool = False, retry_after: float | None = None
    ) -> None:
        """Note how a host answered: how fast, and whether it asked for fewer requests."""

    async def set_crawl_delay(self, host: str, seconds: float) -> None:
        """Keep so many seconds between two requests to a host."""

    async def find_robots(self, origin: str, accepted_age: float = 0.0) -> JsonObject | None:
        """What is known of an origin's robots.txt, as `sites.tasks` packs it; None where it is to be fetched.

        One that was asked for less than `accepted_age` seconds ago is not to be fetched again.
        """

    async def find_stale_robots(self, origin: str) -> JsonObject | None:
        """What its robots.txt said when it could be had, where that is not too long ago."""

    async def keep_robots(self, origin: str, rules: JsonObject, *, reachable: bool) -> JsonObject:
        """Keep what the site answered, for all API keys and countries, and return what counts.

        Where the file was not reachable, what was known before counts.
        """
