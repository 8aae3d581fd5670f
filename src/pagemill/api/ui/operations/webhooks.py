"""Endpoints of webhooks and their deliveries, each key's own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from pagemill.api.resources import ApiResources
from pagemill.api.submission.submit import check_webhooks
from pagemill.api.ui.form import read_form
from pagemill.api.ui.lists.queries import one_of
from pagemill.api.ui.rendering import render
from pagemill.api.ui.route import PageRoute
from pagemill.api.ui.visitor import SignedIn
from pagemill.api.wire.request_validation import receiver_url
from pagemill.errors import NotFoundError, NotSupportedError
from pagemill.jobs.webhooks.endpoints import (
    ENDPOINT_EVENTS,
    JOB_EVENTS,
    DeliveryFilter,
    DeliveryStatus,
    EndpointChanges,
    Webhooks,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pagemill.api.resources import Resources
    from pagemill.api.ui.visitor import Visitor

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_LISTED = 100
_STANDINGS: Mapping[DeliveryStatus, str] = {
    DeliveryStatus.PENDING: "not sent yet",
    DeliveryStatus.SUCCESS: "arrived",
    DeliveryStatus.FAILED: "to be sent again",
    DeliveryStatus.EXHAUSTED: "given up",
}
"""What is shown of a delivery's status: `exhausted` says little of a test that was sent once."""
_LONGEST_DESCRIPTION = 200
_ID = re.compile(r"[0-9a-z_]{1,64}")
_SEE_OTHER = 303


@router.get("/ui/webhooks")
async def show_webhooks(request: Request, resources: ApiResources, visitor: SignedIn) -> Response:
    """Show the key's endpoints and the latest deliveries."""
    return await _page(request, resources, visitor)


@router.post("/ui/webhooks")
async def create_endpoint(request: Request, resources: ApiResources, visitor: SignedIn) -> Response:
    """Register an endpoint, and show its secret this once."""
    form = await read_form(request)
    url = receiver_url(form.get("url").strip(), "url", resources.settings)
    asked = form.all("event")
    events = [event for event in ENDPOINT_EVENTS if event in asked] or JOB_EVENTS
    description = form.get("description").strip()[:_LONGEST_DESCRIPTION] or None
    endpoint, secret = await _webhooks(resources).create(visitor.key_id, url, description, events)
    return await _page(request, resources, visitor, created=(endpoint.url, secret))


@router.post("/ui/webhooks/{endpoint_id}/{action}")
async def change_endpoint(endpoint_id: str, action: str, resources: ApiResources, visitor: SignedIn) -> Response:
    """Pause, resume, test or delete an endpoint."""
    webhooks = _webhooks(resources)
    found: object = None
    if not _ID.fullmatch(endpoint_id):
        pass
    elif action == "delete":
        found = await webhooks.delete(visitor.key_id, endpoint_id)
    elif action == "test":
        found = await webhooks.test(visitor.key_id, endpoint_id)
    elif action in ("pause", "resume"):
        changes = EndpointChanges(is_active=action == "resume")
        found = await webhooks.update(visitor.key_id, endpoint_id, changes)
    if not found:
        raise NotFoundError("There is no such endpoint of webhooks.")
    return RedirectResponse("/ui/webhooks", _SEE_OTHER)


@router.post("/ui/deliveries/{delivery_id}/resend")
async def resend_delivery(delivery_id: str, resources: ApiResources, visitor: SignedIn) -> Response:
    """Send a delivery again, whatever became of it."""
    known = bool(_ID.fullmatch(delivery_id))
    if not known or await _webhooks(resources).resend(visitor.key_id, delivery_id) is None:
        raise NotFoundError("There is no such delivery.")
    return RedirectResponse("/ui/webhooks#deliveries", _SEE_OTHER)


async def _page(
    request: Request, resources: Resources, visitor: Visitor, created: tuple[str, str] | None = None
) -> Response:
    query = request.query_params
    webhooks, wanted = resources.webhooks, DeliveryFilter(status=one_of(DeliveryStatus, query.get("status", "")))
    return render(
        request, visitor, "webhooks.html",
        is_available=webhooks is not None,
        endpoints=await webhooks.endpoints(visitor.key_id) if webhooks else [],
        deliveries=await webhooks.deliveries(visitor.key_id, wanted, _LISTED) if webhooks else [],
        wanted=wanted, statuses=list(DeliveryStatus), standings=_STANDINGS, listed=_LISTED,
        events=ENDPOINT_EVENTS, standard_events=JOB_EVENTS,
        created=created,
    )  # fmt: skip


def _webhooks(resources: Resources) -> Webhooks:
    check_webhooks(resources)
    if resources.webhooks is None:
        raise NotSupportedError("Webhooks cannot be signed.")
    return resources.webhooks
