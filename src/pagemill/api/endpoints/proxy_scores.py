"""What the operator's proxies did for each host."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from typing_extensions import TypedDict

from pagemill.api.middleware.api_keys import KeyId
from pagemill.api.resources import ApiResources

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


@router.get("/proxy/scores", operation_id="listProxyScores", summary="List what proxies did for hosts")
async def list_proxy_scores(resources: ApiResources, _key_id: KeyId) -> list[ProxyScore]:
    """Return the scores that proxies are chosen by, the latest first, at most 1,000."""
    return [
        ProxyScore(
            host=found.host,
            exit=found.proxy,
            successes=round(found.score.successes, 3),
            failures=round(found.score.failures, 3),
            latencyMs=None if found.score.latency is None else round(1000 * found.score.latency),
        )
        for found in await resources.proxy_scores.list()
    ]
