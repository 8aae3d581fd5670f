"""The endpoints of maps: submit one, ask for it, or wait for it."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from starlette.responses import JSONResponse

from pagemill import bodies
from pagemill.api.endpoints.url_scraper import IdempotencyKey, Wait
from pagemill.api.middleware.api_keys import KeyId
from pagemill.api.resources import ApiResources
from pagemill.api.sites import answers
from pagemill.api.sites.answers import CancelledMap, Map, SubmittedMap
from pagemill.api.sites.requests import MapRequest, map_options, map_site
from pagemill.api.sites.submit_site import submit_site
from pagemill.api.submission.submit import SubmitEndpoint
from pagemill.api.submission.waiting import await_end
from pagemill.api.wire.answers import cancelled_job
from pagemill.api.wire.response import no_such_job
from pagemill.api.wire.strict_json import StrictJsonRoute
from pagemill.model import Status

router = APIRouter(prefix="/v1", tags=["Sites"], route_class=StrictJsonRoute)

_BODY = "map"
_MAP_ID = re.compile(r"map_[0-9a-z]{1,64}")
MapIdInPath = Annotated[str, Path(alias="id", description="The id that the submission was answered with.")]


@router.post("/map", operation_id="submitMap", summary="Map a site", status_code=202, response_model=SubmittedMap)
async def submit_map(
    body: MapRequest, resources: ApiResources, key_id: KeyId, idempotency_key: IdempotencyKey = None
) -> Response:
    """Queue a map and answer at once. Then ask `GET /v1/map/{id}` until the status is final."""
    site = map_site(body, resources.settings)
    options = map_options(body, resources.settings)
    return await submit_site(resources, key_id, SubmitEndpoint.MAP, site, options, body, idempotency_key)


@router.get("/map/{id}", operation_id="getMap", summary="Get a map", response_model=Map)
async def get_map(
    request: Request,
    map_id: MapIdInPath,
    resources: ApiResources,
    key_id: KeyId,
    wait: Wait = 0,
) -> Response:
    """Return a map with its status, and what it found once it is completed."""
    _check_id(map_id)
    job = await await_end(resources, map_id, key_id, seconds=wait, receive=request.receive)
    pages = await resources.jobs.pages(map_id) if job else []
    if job is None or not pages:
        raise no_such_job()
    stored = await resources.jobs.bodies(pages[0].id) if job.status is Status.COMPLETED else {}
    found = bodies.unpack(stored[_BODY]) if _BODY in stored else None
    return JSONResponse(answers.map_answer(job, pages[0], found))


@router.delete("/map/{id}", operation_id="cancelMap", summary="Cancel a map", response_model=CancelledMap)
async def cancel_map(map_id: MapIdInPath, resources: ApiResources, key_id: KeyId) -> Response:
    """Cancel a map that has not begun, or waits for its host. One that is being worked on ends as it would have."""
    _check_id(map_id)
    cancelled = await resources.jobs.cancel(map_id, key_id)
    job = await resources.jobs.get(map_id, key_id)
    if job is None:
        raise no_such_job()
    return JSONResponse(cancelled_job(job, cancelled))


def _check_id(map_id: str) -> None:
    if not _MAP_ID.fullmatch(map_id):
        raise no_such_job()
