"""What may fail around a page without a loss of its content: the cache, host memory and proxy scores.

Each wrapper answers for its part when that raises, whatever it raises, as if it knew nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import structlog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Mapping

    from pagemill.fetching.proxies.scores import ProxyScore, ProxyScores
    from pagemill.model import FetchedPage
    from pagemill.scraping.host_memory import HostMemory
    from pagemill.scraping.page_cache import CachedPage, PageCache

    T = TypeVar("T")

log = structlog.get_logger(__name__)


async def fail_safe(work: Awaitable[T], default: T) -> T:
    """The result, or `default` where the work fails."""
    try:
        return await work
    except Exception:
        log.exception("something beside the page failed; the page goes on")
        return default


class FailSafePageCache:
    """See `PageCache`. One that fails holds nothing."""

    def __init__(self, cache: PageCache) -> None:
        self._cache = cache

    async def find(self, key: bytes) -> CachedPage | None:
        """See `PageCache`."""
        return await fail_safe(self._cache.find(key), None)

    async def bodies(self, key: bytes, formats: Iterable[str]) -> dict[str, bytes]:
        """See `PageCache`."""
        return await fail_safe(self._cache.bodies(key, formats), {})

    async def raw(self, key: bytes) -> bytes | None:
        """See `PageCache`."""
        return await fail_safe(self._cache.raw(key), None)

    async def lock(self, key: bytes) -> bool:
        """See `PageCache`."""
        return await fail_safe(self._cache.lock(key), True)

    async def unlock(self, key: bytes) -> None:
        """See `PageCache`."""
        await fail_safe(self._cache.unlock(key), None)

    async def keep(
        self, key: bytes, page: FetchedPage, fetched_with: str, extractor: str, bodies: Mapping[str, bytes]
    ) -> None:
        """See `PageCache`."""
        await fail_safe(self._cache.keep(key, page, fetched_with, extractor, bodies), None)

    async def keep_bodies(self, key: bytes, extractor: str, bodies: Mapping[str, bytes]) -> None:
        """See `PageCache`."""
        await fail_safe(self._cache.keep_bodies(key, extractor, bodies), None)

    async def renew(self, key: bytes) -> None:
        """See `PageCache`."""
        await fail_safe(self._cache.renew(key), None)


class FailSafeHostMemory:
    """See `HostMemory`. One that fails knows no host."""

    def __init__(self, memory: HostMemory) -> None:
        self._memory = memory

    def needs_browser(self, host: str) -> bool:
        """See `HostMemory`."""
        return self._memory.needs_browser(host)

    def browser_first(self, host: str) -> bool:
        """See `HostMemory`."""
        try:
            return self._memory.browser_first(host)
        except Exception:
            log.exception("something beside the page failed; the page goes on")
            return False

    async def learn(self, host: str, *, needs_browser: bool) -> None:
        """See `HostMemory`."""
        await fail_safe(self._memory.learn(host, needs_browser=needs_browser), None)


class FailSafeProxyScores:
    """See `ProxyScores`. Those that fail know nothing of any proxy."""

    def __init__(self, scores: ProxyScores) -> None:
        self._scores = scores

    async def of(self, host: str, proxies: Iterable[str]) -> Mapping[str, ProxyScore]:
        """See `ProxyScores`."""
        return await fail_safe(self._scores.of(host, proxies), {})

    async def record(self, host: str, proxy_id: str, latency: float | None) -> None:
        """See `ProxyScores`."""
        await fail_safe(self._scores.record(host, proxy_id, latency), None)
