"""The endpoints of Firecrawl that this service does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request

from pagemill.errors import NotServedError

if TYPE_CHECKING:
    from collections.abc import Mapping

router = APIRouter(prefix="/v2", include_in_schema=False)

NOT_SERVED: Mapping[str, str] = {
    "agent": "The agent",
    "browser": "A browser session",
    "parse": "Parsing a file that is sent",
    "monitor": "Monitoring a page",
    "deep-research": "Research",
    "team": "An account with credits",
    "concurrency-check": "A limit of concurrency for an account",
}
"""What each path below /v2 would be."""

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


async def refuse(request: Request) -> None:
    """Raise errors.NotServedError."""
    name = request.url.path.removeprefix("/v2/").partition("/")[0]
    raise NotServedError(f"{NOT_SERVED[name]} is not supported by this service.")


@router.post("/crawl/params-preview")
async def refuse_preview() -> None:
    """Raise errors.NotServedError."""
    raise NotServedError("Parameters of a crawl made from a prompt are not supported by this service.")


for _name in NOT_SERVED:
    for _path in (f"/{_name}", f"/{_name}/{{rest:path}}"):
        router.add_api_route(_path, refuse, methods=_METHODS)
