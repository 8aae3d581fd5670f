"""The endpoints of the public API that this service does not have: they answer what there is instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request

from pagemill.errors import NotServedError

if TYPE_CHECKING:
    from collections.abc import Mapping

router = APIRouter(prefix="/v1", include_in_schema=False)

_SCRAPE = "Scrape a page with POST /v1/url-scraper or POST /v1/scrape."
_JSON = "Get a page as JSON with `outputSchema` in POST /v1/url-scraper."

NOT_SERVED: Mapping[str, tuple[str, str]] = {
    "agentic-search": (
        "Agentic search",
        "Search with `scrape` and `outputSchema` in POST /v1/search, or scrape with POST /v1/url-scraper.",
    ),
    "wire": ("Wire", _JSON),
    "wire-run": ("Wire", _JSON),
    "sessions": (
        "A session that a person logs in to",
        "Log in by `actions` and save the session with `saveSession`, in POST /v1/url-scraper.",
    ),
    "recordings": ("A recording of a browser session", "Send `actions` in POST /v1/url-scraper."),
    "ai": ("A browser task", "Send `actions` in POST /v1/url-scraper."),
    "ai-visibility": ("AI visibility", _SCRAPE),
    "domain-configs": ("A configuration for a domain", "Set options for each request in POST /v1/url-scraper."),
    "telemetry": ("Telemetry", "GET /ready says whether the service works."),
}
"""What each path below /v1 would be, and what does most of it here."""

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


async def refuse(request: Request) -> None:
    """Raise errors.NotServedError."""
    name = request.url.path.removeprefix("/v1/").partition("/")[0]
    what, instead = NOT_SERVED[name]
    raise NotServedError(f"{what} is not supported by this service. {instead} All endpoints: GET /openapi.json.")


for _name in NOT_SERVED:
    for _path in (f"/{_name}", f"/{_name}/{{rest:path}}"):
        router.add_api_route(_path, refuse, methods=_METHODS)
