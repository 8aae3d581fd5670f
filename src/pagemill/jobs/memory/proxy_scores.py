"""Proxy scores in the database, shared by all workers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from pagemill.errors import UnavailableError
from pagemill.fetching.proxies.scores import MOST_OUTCOMES, ProxyScore
from pagemill.jobs.memory import proxy_score_statements

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from pagemill.jobs.database.pool import Database
    from pagemill.settings import Settings

log = structlog.get_logger(__name__)

_HALF_LIVES_KEPT = 10


@dataclass(frozen=True, slots=True)
class HostProxyScore:
    """One proxy's score for one host, as it is shown."""

    host: str
    proxy: str
    score: ProxyScore
    updated_at: datetime


class DatabaseProxyScores:
    """See `pagemill.fetching.proxies.scores.ProxyScores`."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._half_life = settings.egress.proxy_half_life
        self._timeout = settings.database.database_patience

    async def of(self, host: str, proxies: Iterable[str]) -> Mapping[str, ProxyScore]:
        """The scores of these proxies for a host; none where the database is away."""
        try:
            rows = await self._database.rows(
                proxy_score_statements.GET_PROXY_SCORES, host, list(proxies), self._half_life, wait=self._timeout
            )
        except UnavailableError:
            return {}
        return {row["exit"]: ProxyScore(row["successes"], row["failures"], row["seconds"]) for row in rows}

    async def record(self, host: str, proxy_id: str, latency: float | None) -> None:
        """Add an outcome. It is sent once, and may be lost where the database is away or the connection is cut."""
        outcome = ProxyScore().plus(latency)
        values = (host, proxy_id, outcome.successes, outcome.failures, outcome.seconds, self._half_life, MOST_OUTCOMES)
        try:
            await self._database.rows(proxy_score_statements.RECORD_PROXY_OUTCOME, *values, wait=0)
        except UnavailableError:
            log.debug("the outcome of a proxy is lost", host=host, proxy=proxy_id)

    async def list(self, limit: int = 1000) -> list[HostProxyScore]:
        """The scores of hosts and proxies, those asked last first. Raises errors.UnavailableError."""
        rows = await self._database.rows(proxy_score_statements.LIST_PROXY_SCORES, self._half_life, limit)
        return [
            HostProxyScore(
                row["host"],
                row["exit"],
                ProxyScore(row["successes"], row["failures"], row["seconds"]),
                row["updated_at"],
            )
            for row in rows
        ]

    async def delete_faded(self, limit: int) -> int:
        """Delete at most `limit` scores that weigh next to nothing any more, and return how many."""
        age = timedelta(seconds=_HALF_LIVES_KEPT * self._half_life)
        row = await self._database.row(proxy_score_statements.DELETE_OLD_PROXY_SCORES, age, limit)
        return int(row["rows"]) if row else 0
