"""The endpoints of webhooks: registration, deliveries and secrets."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import APIRouter, Path, Query, Response
from starlette.responses import JSONResponse

from pagemill.api.middleware.api_keys import KeyId
from pagemill.api.resources import ApiResources, Resources
from pagemill.api.submission.submit import check_webhooks
from pagemill.api.wire import webhook_answers as wire
from pagemill.api.wire.request_validation import receiver_url
from pagemill.api.wire.strict_json import StrictJsonRoute
from pagemill.api.wire.webhook_answers import (
    Deleted,
    EndpointPatch,
    EndpointRequest,
    NewWebhookEndpoint,
    Secret,
    TestResult,
    WebhookDelivery,
    WebhookEndpoint,
)
from pagemill.errors import NotFoundError
from pagemill.jobs.webhooks.endpoints import (
    ENDPOINT_EVENTS,
    JOB_EVENTS,
    DeliveryFilter,
    DeliveryStatus,
    EndpointChanges,
    Event,
)
from pagemill.redaction import mask_credentials

if TYPE_CHECKING:
    from pagemill.jobs.webhooks.endpoints import Delivery, Webhooks

router = APIRouter(prefix="/v1/webhooks", tags=["Webhooks"], route_class=StrictJsonRoute)

MAX_DELIVERIES = 500

_ID = "^[0-9a-z_]{1,64}$"
EndpointId = Annotated[str, Path(alias="id", description="The endpoint's id.")]
DeliveryId = Annotated[str, Path(alias="id", description="The delivery's id.")]

_TEST_MARGIN = 2.0
"""Seconds that a test may take beyond the receiver's timeout: to reach a worker, and back."""
_RECHECK_INTERVAL = 0.5


@router.post(
    "",
    operation_id="createWebhook",
    summary="Register an endpoint",
    status_code=201,
    response_model=NewWebhookEndpoint,
)
async def create_webhook(body: EndpointRequest, resources: ApiResources, key_id: KeyId) -> Response:
    """Register a URL to be told of events, and return the secret that its deliveries are signed with: this once."""
    url = receiver_url(body.url, "url", resources.settings)
    created, secret = await _webhooks(resources).create(
        key_id, url, body.description, body.events or JOB_EVENTS, is_active=body.is_active is not False
    )
    return JSONResponse({**wire.endpoint(created), "secret": secret}, 201)


@router.get("", operation_id="listWebhooks", summary="List the endpoints", response_model=list[WebhookEndpoint])
async def list_webhooks(resources: ApiResources, key_id: KeyId) -> Response:
    """Return the endpoints, oldest first."""
    return JSONResponse([wire.endpoint(found) for found in await _webhooks(resources).endpoints(key_id)])


@router.get("/events", operation_id="listWebhookEvents", summary="List the events", response_model=list[Event])
async def list_webhook_events(key_id: KeyId) -> Response:  # noqa: ARG001 - asked for, so that OpenAPI says so
    """Return what there is to be told of."""
    return JSONResponse(list(ENDPOINT_EVENTS))


@router.get(
    "/deliveries", operation_id="listDeliveries", summary="List deliveries", response_model=list[WebhookDelivery]
)
async def list_deliveries(  # noqa: PLR0913, PLR0917 - each is a parameter of the query
    resources: ApiResources,
    key_id: KeyId,
    endpoint_id: Annotated[str | None, Query(alias="endpointId", description="Of this endpoint.", pattern=_ID)] = None,
    event: Annotated[Event | None, Query(description="Of this event.")] = None,
    status: Annotated[DeliveryStatus | None, Query(description="That stand so.")] = None,
    job_id: Annotated[str | None, Query(alias="jobId", description="That tell of this job.", pattern=_ID)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_DELIVERIES, description="How many at most.")] = 50,
) -> Response:
    """Return what was or is to be sent, newest first."""
    wanted = DeliveryFilter(endpoint_id, event, status, job_id)
    found = await _webhooks(resources).deliveries(key_id, wanted, limit)
    return JSONResponse([wire.delivery(delivery) for delivery in found])


@router.post(
    "/deliveries/{id}/resend",
    operation_id="resendDelivery",
    summary="Send a delivery again",
    status_code=202,
    response_model=WebhookDelivery,
)
async def resend_delivery(delivery_id: DeliveryId, resources: ApiResources, key_id: KeyId) -> Response:
    """Queue a delivery again, whatever became of it: the same bytes."""
    found = await _webhooks(resources).resend(key_id, delivery_id)
    if found is None:
        raise NotFoundError("There is no such delivery.")
    return JSONResponse(wire.delivery(found), 202)


@router.get(
    "/signing-secret", operation_id="getSigningSecret", summary="Get the account's secret", response_model=Secret
)
async def get_signing_secret(resources: ApiResources, key_id: KeyId) -> Response:
    """Return the secret that deliveries to a request's `webhook_url` are signed with."""
    return JSONResponse({"secret": await _webhooks(resources).account_secret(key_id)})


@router.post(
    "/signing-secret/rotate",
    operation_id="rotateSigningSecret",
    summary="Replace the account's secret",
    response_model=Secret,
)
async def rotate_signing_secret(resources: ApiResources, key_id: KeyId) -> Response:
    """Make a new secret. What is sent from now on is signed with it, what was queued before included."""
    return JSONResponse({"secret": await _webhooks(resources).rotate_account_secret(key_id)})


@router.patch("/{id}", operation_id="updateWebhook", summary="Change an endpoint", response_model=WebhookEndpoint)
async def update_webhook(
    endpoint_id: EndpointId, body: EndpointPatch, resources: ApiResources, key_id: KeyId
) -> Response:
    """Change what is given. What is still to be sent goes to the new URL."""
    endpoints = await _webhooks(resources).endpoints(key_id)
    shown = {mask_credentials(found.url) for found in endpoints if found.id == endpoint_id}
    given = None if body.url in shown else body.url  # sent back as it is shown, it stays
    url = None if given is None else receiver_url(given, "url", resources.settings)
    events = None if body.events is None else tuple(body.events)
    changes = EndpointChanges(url, body.description, events, body.is_active)
    changed = await _webhooks(resources).update(key_id, endpoint_id, changes)
    if changed is None:
        raise _no_such_endpoint()
    return JSONResponse(wire.endpoint(changed))


@router.delete("/{id}", operation_id="deleteWebhook", summary="Delete an endpoint", response_model=Deleted)
async def delete_webhook(endpoint_id: EndpointId, resources: ApiResources, key_id: KeyId) -> Response:
    """Delete an endpoint with its log. What was still to be sent to it is not."""
    if not await _webhooks(resources).delete(key_id, endpoint_id):
        raise _no_such_endpoint()
    return JSONResponse({"id": endpoint_id, "deleted": True})


@router.post("/{id}/test", operation_id="testWebhook", summary="Send a test", response_model=TestResult)
async def test_webhook(endpoint_id: EndpointId, resources: ApiResources, key_id: KeyId) -> Response:
    """Send `webhook.test` to an endpoint, once, and say how that went. It takes the way of all deliveries."""
    webhooks = _webhooks(resources)
    delivery_id = await webhooks.test(key_id, endpoint_id)
    if delivery_id is None:
        raise _no_such_endpoint()
    found = await attempted(resources, webhooks, key_id, delivery_id)
    if found is None:  # the endpoint was deleted meanwhile
        raise _no_such_endpoint()
    return JSONResponse(wire.test_result(found))


async def attempted(resources: Resources, webhooks: Webhooks, key_id: str, delivery_id: str) -> Delivery | None:
    """Return a delivery once it was attempted, or as it is when that takes too long."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + resources.settings.webhooks.webhook_timeout + _TEST_MARGIN
    async with resources.ended.subscribed(delivery_id) as notice:
        while True:
            notice.clear()
            found = await webhooks.delivery(key_id, delivery_id)
            if found is None or found.attempts or loop.time() > deadline or resources.stopping.is_set():
                return found
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_RECHECK_INTERVAL):
                    await notice.wait()


def _webhooks(resources: Resources) -> Webhooks:
    check_webhooks(resources)
    return cast("Webhooks", resources.webhooks)


def _no_such_endpoint() -> NotFoundError:
    return NotFoundError("There is no such endpoint of webhooks.")
