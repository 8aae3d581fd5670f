"""What the operator's proxies did for each host."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from typing_extensions import TypedDict

from pagemill.api.middleware.api_keys import OperatorKeyId
from pagemill.api.resources import ApiResources
from pagemill.api.wire.answer_shapes import Time
from pagemill.api.wire.answers import time_text
from pagemill.jobs.memory.proxy_scores import HostProxyScore

router = APIRouter(prefix="/v1", tags=["Proxies"])


class ProxyScore(TypedDict):
    """What one proxy did for one host. Older outcomes count less: half after `PAGEMILL_PROXY_HALF_LIFE`."""

    host: Annotated[str, Field(examples=["example.com"])]
    exit: Annotated[
        str, Field(description="The proxy, without user name and password.", examples=["http://proxy.example:8080"])
    ]
    successes: float
    failures: float
    latencyMs: Annotated[int | None, Field(description="The mean time of a success; null where there was none.")]
    targetHost: Annotated[str, Field(description="The same as `host`.")]
    proxyUrl: Annotated[str, Field(description="The same as `exit`.")]
    alpha: Annotated[float, Field(description="One more than `successes`: of a beta distribution, as is `beta`.")]
    beta: Annotated[float, Field(description="One more than `failures`.")]
    score: Annotated[float, Field(description="`alpha / (alpha + beta)`.")]
    totalRequests: Annotated[int, Field(description="Successes and failures, rounded.")]
    avgLatencyMs: Annotated[int, Field(description="The same as `latencyMs`, with 0 for null.")]
    lastUpdated: Time


class ProxyScores(TypedDict):
    """What proxies did for hosts."""

    proxies: Annotated[list[str], Field(description="All that have a score.")]
    scores: Annotated[dict[str, list[ProxyScore]], Field(description="By host.")]


@router.get("/proxy/scores", operation_id="listProxyScores", summary="List what proxies did for hosts")
async def list_proxy_scores(resources: ApiResources, _key_id: OperatorKeyId) -> ProxyScores:
    """Return the scores that proxies are chosen by, the latest first, at most 1,000. Takes an operator's key."""
    by_host: dict[str, list[ProxyScore]] = {}
    for found in await resources.proxy_scores.list():
        by_host.setdefault(found.host, []).append(_score(found))
    proxies = {score["exit"]: None for scores in by_host.values() for score in scores}
    return {"proxies": list(proxies), "scores": by_host}


def _score(found: HostProxyScore) -> ProxyScore:
    successes, failures = found.score.successes, found.score.failures
    latency = None if found.score.latency is None else round(1000 * found.score.latency)
    return {
        "host": found.host,
        "exit": found.proxy,
        "successes": round(successes, 3),
        "failures": round(failures, 3),
        "latencyMs": latency,
        "targetHost": found.host,
        "proxyUrl": found.proxy,
        "alpha": round(1 + successes, 3),
        "beta": round(1 + failures, 3),
        "score": round((1 + successes) / (2 + successes + failures), 3),
        "totalRequests": round(successes + failures),
        "avgLatencyMs": latency or 0,
        "lastUpdated": time_text(found.updated_at),
    }
