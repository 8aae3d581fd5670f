"""What each proxy did for each host, remembered with fading weight, and the choice by it: Thompson sampling.

An outcome's weight halves with every half-life, and a host and proxy together weigh at most `MOST_OUTCOMES`: so a proxy
that becomes worse is left within some dozens of requests, and one that was left is tried again as its past fades.

For each proxy a probability of success is drawn from Beta(1 + successes, 1/2 + failures) (Thompson, 1933; Chapelle and
Li, 2011; the prior expects the best, so that proxies are tried). The proxy with the shortest expected time to a page is
taken: latency + (1 - p) / p x `FAILURE_COST`, which is what repeated tries until the first success take when each
failure costs so much.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pagemill.proxies import Proxy

MOST_OUTCOMES = 50.0
"""The most that the outcomes of one host and proxy weigh together."""
FAILURE_COST = 10.0
"""Seconds that a failure costs: about what a connection waits before it is given up."""
_LEAST_CHANCE = 1e-6


@dataclass(frozen=True, slots=True)
class ProxyScore:
    """Outcomes of one proxy for one host; all three fade alike."""

    successes: float = 0.0
    failures: float = 0.0
    seconds: float = 0.0
    """The successes' durations, added up."""

    @property
    def latency(self) -> float | None:
        """Mean seconds of a success; None where there was none."""
        return self.seconds / self.successes if self.successes > 0 else None

    def faded(self, age: float, half_life: float) -> ProxyScore:
        """The same after so many seconds."""
        return self._scaled(0.5 ** (max(0.0, age) / half_life))

    def plus(self, latency: float | None) -> ProxyScore:
        """With one more outcome: a success of so many seconds, or a failure."""
        kept = self._scaled(min(1.0, (MOST_OUTCOMES - 1) / max(self.successes + self.failures, 1.0)))
        if latency is None:
            return ProxyScore(kept.successes, kept.failures + 1, kept.seconds)
        return ProxyScore(kept.successes + 1, kept.failures, kept.seconds + latency)

    def _scaled(self, factor: float) -> ProxyScore:
        return ProxyScore(self.successes * factor, self.failures * factor, self.seconds * factor)


class ProxyScores(Protocol):
    """Where scores are kept. Neither method raises for a store that is away: scores are an aid, not a need."""

    async def of(self, host: str, proxies: Iterable[str]) -> Mapping[str, ProxyScore]:
        """The scores of these proxies for a host, by proxy id, as of now; a proxy that is not known is left out."""

    async def record(self, host: str, proxy_id: str, latency: float | None) -> None:
        """Add an outcome: a success of so many seconds, or None for a failure."""


class MemoryProxyScores:
    """Scores of this process alone. The host that was asked least lately goes first when there are too many."""

    MOST_ENTRIES = 10_000

    def __init__(self, half_life: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._half_life = half_life
        self._clock = clock
        self._scores: dict[tuple[str, str], tuple[float, ProxyScore]] = {}

    async def of(self, host: str, proxies: Iterable[str]) -> Mapping[str, ProxyScore]:
        """See `ProxyScores`."""
        return {proxy_id: self._now(host, proxy_id) for proxy_id in proxies if (host, proxy_id) in self._scores}

    async def record(self, host: str, proxy_id: str, latency: float | None) -> None:
        """See `ProxyScores`."""
        score = self._now(host, proxy_id).plus(latency)
        self._scores.pop((host, proxy_id), None)
        self._scores[host, proxy_id] = (self._clock(), score)
        if len(self._scores) > self.MOST_ENTRIES:
            del self._scores[next(iter(self._scores))]

    def _now(self, host: str, proxy_id: str) -> ProxyScore:
        moment, score = self._scores.get((host, proxy_id), (self._clock(), ProxyScore()))
        return score.faded(self._clock() - moment, self._half_life)


def choose(proxies: Sequence[Proxy], scores: Mapping[str, ProxyScore], chance: random.Random) -> Proxy:
    """One of the proxies, at random, the better its score the likelier."""
    return min(proxies, key=lambda one: expected_time(scores.get(one.id, ProxyScore()), chance))


def expected_time(score: ProxyScore, chance: random.Random) -> float:
    """Seconds until a page is there through a proxy, for a drawn probability of success."""
    likely = max(chance.betavariate(1 + score.successes, 0.5 + score.failures), _LEAST_CHANCE)
    latency = score.seconds / (score.successes + 1)  # one more success, in no time: what is not known is tried
    return latency + (1 - likely) / likely * FAILURE_COST
