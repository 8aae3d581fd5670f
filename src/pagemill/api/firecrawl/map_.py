"""`POST /v2/map`: the URLs of a site, found while the client waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from pagemill import bodies
from pagemill.api.firecrawl.answers import FirecrawlMap
from pagemill.api.firecrawl.failures import failed_response, unfinished_response
from pagemill.api.firecrawl.headers import IdempotencyKey
from pagemill.api.firecrawl.requests.fields import FirecrawlMapRequest
from pagemill.api.firecrawl.requests.options import asked_country, joined
from pagemill.api.firecrawl.requests.sites import asked_map
from pagemill.api.middleware.api_keys import KeyId
from pagemill.api.resources import ApiResources
from pagemill.api.submission.submit import Submission, SubmitEndpoint, submit
from pagemill.api.submission.waiting import await_end
from pagemill.api.wire.response import no_such_job
from pagemill.api.wire.strict_json import StrictJsonRoute
from pagemill.model import ScrapeOptions, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pagemill.model import JsonObject

router = APIRouter(prefix="/v2", tags=["Firecrawl"], route_class=StrictJsonRoute)

MAP_TIMEOUT = "MAP_TIMEOUT"
_BODY = "map"
_INCOMPLETE = "The time was up before the whole site was looked at."


@router.post("/map", operation_id="firecrawlMap", summary="Find the URLs of a site", response_model=FirecrawlMap)
async def map_site(
    request: Request,
    body: FirecrawlMapRequest,
    resources: ApiResources,
    key_id: KeyId,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Queue a map and hold the request until it has ended, or the time is up."""
    settings = resources.settings
    asked = asked_map(body, settings)
    options = ScrapeOptions(country=asked_country(body.location, settings))
    submission = Submission(
        SubmitEndpoint.MAP,
        [asked.site.options.url],
        options,
        idempotency_key=idempotency_key,
        site=asked.site,
    )
    submitted = await submit(resources, key_id, submission)
    wait = max(settings.requests.inline_wait, settings.sites.map_deadline)
    wait = min(wait, body.timeout / 1000) if body.timeout else wait
    job = await await_end(resources, submitted.id, key_id, seconds=wait, receive=request.receive)
    pages = await resources.jobs.pages(job.id) if job else []
    if job is None or not pages:
        raise no_such_job()
    if not job.status.ended:
        return unfinished_response(resources, job.id, code=MAP_TIMEOUT)
    if job.status is not Status.COMPLETED:
        return failed_response(pages[0].failure)
    stored = await resources.jobs.bodies(pages[0].id)
    found = bodies.unpack(stored[_BODY]) if _BODY in stored else {}
    warnings = [*asked.warnings, *([] if found.get("complete", True) else [_INCOMPLETE])]
    return JSONResponse({"success": True, "id": job.id, "links": list(_links(body, found)), **joined(warnings)})


def _links(body: FirecrawlMapRequest, found: Mapping[str, Any]) -> Iterator[JsonObject]:
    for page in found.get("pages", ()):
        if body.ignore_query_parameters is not False and "?" in page["url"]:
            continue
        if body.sitemap == "only" and page["source"] == "link":
            continue
        yield {"url": page["url"], **({"title": page["title"]} if page.get("title") else {})}
