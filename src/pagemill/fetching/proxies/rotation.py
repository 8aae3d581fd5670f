"""One page's proxies: which is taken next, and what its outcome says of it."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import structlog

from pagemill.errors import (
    BlockedAddressError,
    BlockedError,
    CountryNotAvailableError,
    DnsError,
    FetchError,
    FetchTimeoutError,
    HostUnreachableError,
    HttpStatusError,
    InvalidResponseError,
    NoProxyError,
    ProxyError,
    TlsError,
    UnfetchableUrlError,
)
from pagemill.errors import ConnectionRefusedByHostError as RefusedError
from pagemill.errors import ConnectionResetByHostError as ResetError
from pagemill.fetching.proxies.scores import choose

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pagemill.fetching.proxies.scores import ProxyScores
    from pagemill.model import FetchedPage
    from pagemill.proxies import Proxy
    from pagemill.settings import Settings

    Accept = Callable[[FetchedPage], Awaitable[None]]
    """Looks at a page that came, and raises a `FetchError` where it is not what was asked for."""

log = structlog.get_logger(__name__)

# Refusals of who asks, not of what is asked for: another proxy may be let in.
REFUSED_STATUSES = frozenset({403, 407, 429, 451})
_PROXY_FAILURES = (
    ProxyError, FetchTimeoutError, HostUnreachableError, RefusedError, ResetError, TlsError, InvalidResponseError,
    BlockedError,
)  # fmt: skip
# Nothing left through the proxy: nothing is learned of it.
_SILENT = (DnsError, BlockedAddressError, UnfetchableUrlError)

TIMER_TOLERANCE = 0.05
"""Seconds before a deadline from which a timeout counts as the deadline's: libcurl counts whole milliseconds."""

_chance = random.SystemRandom()


def proxies_for(settings: Settings, country: str) -> tuple[Proxy, ...]:
    """The proxies for a country. Raises `NoProxyError` where it has none."""
    try:
        return settings.egress.proxies_by_country.of(country)
    except CountryNotAvailableError as error:  # the API asks before; its settings may have been others
        raise NoProxyError(error.message) from None


class ProxyRotation:
    """The proxies that one page of `host` may leave by. Each is taken once before any is taken again.

    `teaches`: outcomes count in the scores. Those of a request with headers or cookies of its own do not: its client
    may have caused them, and the scores are for all API keys.
    """

    def __init__(
        self,
        host: str,
        proxies: tuple[Proxy, ...],
        scores: ProxyScores,
        deadline: float = float("inf"),
        *,
        teaches: bool = True,
    ) -> None:
        self._host = host
        self._proxies = proxies
        self._scores = scores
        self._deadline = deadline
        self._scored = any(not one.direct for one in proxies)
        self._teaches = teaches
        self._failed: set[str] = set()
        self._taken = proxies[0]
        self._since = 0.0
        self._latency: float | None = None
        self.attempts = 0
        """How often a proxy was taken."""

    async def take(self) -> Proxy:
        """The proxy for the next attempt."""
        fresh = [one for one in self._proxies if one.id not in self._failed]
        if not fresh:
            self._failed.clear()
            fresh = list(self._proxies)
        known = await self._scores.of(self._host, [one.id for one in fresh]) if len(fresh) > 1 else {}
        self._taken = choose(fresh, known, _chance)
        self._since = asyncio.get_running_loop().time()
        self._latency = None
        self.attempts += 1
        return self._taken

    def record_latency(self) -> None:
        """A page came. What is done before `succeeded` or `failed` says what it is worth does not count as time."""
        self._latency = asyncio.get_running_loop().time() - self._since

    async def succeeded(self) -> None:
        """The attempt gave a page."""
        if self._latency is None:
            self.record_latency()
        await self._record(self._latency)

    async def failed(self, error: FetchError) -> bool:
        """The attempt failed. Returns whether that is the proxy's fault, and another one has not been tried yet."""
        if self._ran_out_of_time(error):
            return False
        if not is_proxy_failure(error):
            if not isinstance(error, _SILENT):
                await self.succeeded()
            return False
        if self._scored:
            log.info("a proxy failed", host=self._host, proxy=self._taken.id, error=error.code)
        self._failed.add(self._taken.id)
        await self._record(None)
        return any(one.id not in self._failed for one in self._proxies)

    def _ran_out_of_time(self, error: FetchError) -> bool:
        """Whether the page's own time was up. A client sets that as short as it likes: it says nothing of the exit."""
        late = asyncio.get_running_loop().time() >= self._deadline - TIMER_TOLERANCE
        return late and isinstance(error, FetchTimeoutError)

    async def _record(self, latency: float | None) -> None:
        if self._scored and self._teaches:
            await self._scores.record(self._host, self._taken.id, latency)


def is_proxy_failure(error: FetchError) -> bool:
    """Whether a failure may be that of the proxy: another may do better."""
    if isinstance(error, HttpStatusError):
        return error.status_code in REFUSED_STATUSES
    return isinstance(error, _PROXY_FAILURES)
