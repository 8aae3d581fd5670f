"""The operator's proxies, and how they did for hosts. For operators: it tells which hosts all keys scrape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from pagemill.api.resources import ApiResources
from pagemill.api.ui.rendering import render
from pagemill.api.ui.route import PageRoute
from pagemill.api.ui.visitor import SignedInOperator

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pagemill.jobs.memory.proxy_scores import HostProxyScore

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_LISTED = 200


@dataclass(slots=True)
class ProxySum:
    """How a proxy did for all hosts together. Older outcomes count less."""

    proxy: str
    successes: float = 0.0
    failures: float = 0.0
    seconds: float = 0.0
    hosts: int = 0

    @property
    def share(self) -> float:
        """Successes among all outcomes, with one of each before any is known."""
        return (1 + self.successes) / (2 + self.successes + self.failures)

    @property
    def latency(self) -> float | None:
        """Seconds that a success took."""
        return self.seconds / self.successes if self.successes else None


@router.get("/ui/proxies")
async def show_proxies(request: Request, resources: ApiResources, visitor: SignedInOperator) -> Response:
    """Show the proxies that were used, and the latest scores by host."""
    scores = await resources.proxy_scores.list()
    return render(
        request, visitor, "proxies.html",
        proxies=sums_of(scores), scores=scores[:_LISTED], has_more=len(scores) > _LISTED,
        half_life=resources.settings.egress.proxy_half_life,
        is_configured=bool(resources.settings.egress.proxies),
    )  # fmt: skip


def sums_of(scores: Iterable[HostProxyScore]) -> list[ProxySum]:
    """Return the sums of each proxy, the busiest first."""
    sums: dict[str, ProxySum] = {}
    for found in scores:
        total = sums.setdefault(found.proxy, ProxySum(found.proxy))
        total.successes += found.score.successes
        total.failures += found.score.failures
        total.seconds += found.score.seconds
        total.hosts += 1
    return sorted(sums.values(), key=lambda total: -(total.successes + total.failures))
