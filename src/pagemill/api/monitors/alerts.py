"""The endpoints of a monitor's alerts: send a test, read what was sent, send one again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import APIRouter, Path, Query, Response
from starlette.responses import JSONResponse

from pagemill.api.endpoints.webhooks import attempted
from pagemill.api.middleware.api_keys import KeyId
from pagemill.api.monitors import history_answers as answers
from pagemill.api.monitors.history_answers import AlertTest, DeliveryList
from pagemill.api.monitors.lookup import MonitorIdInPath, monitor_of_path
from pagemill.api.resources import ApiResources, Resources
from pagemill.api.submission.submit import check_webhooks
from pagemill.api.wire import webhook_answers
from pagemill.api.wire.answer_shapes import ErrorBody
from pagemill.api.wire.strict_json import StrictJsonRoute
from pagemill.api.wire.webhook_answers import WebhookDelivery
from pagemill.errors import ConflictError, NotFoundError, RequestError

if TYPE_CHECKING:
    from pagemill.jobs.webhooks.endpoints import Webhooks

router = APIRouter(prefix="/v1/monitors", tags=["Monitors"], route_class=StrictJsonRoute)

MAX_LISTED = 100
_DELIVERY_ID = re.compile(r"whd_[0-9a-f]{32}")

DeliveryId = Annotated[str, Path(alias="deliveryId", description="The delivery's id.")]


@router.post(
    "/{id}/test-alert",
    operation_id="testMonitorAlert",
    summary="Send a test",
    response_model=AlertTest,
    responses={409: {"model": ErrorBody, "description": "The monitor has no `alertWebhookUrl`."}},
)
async def test_alert(monitor_id: MonitorIdInPath, resources: ApiResources, key_id: KeyId) -> Response:
    """Send `webhook.test` to `alertWebhookUrl`, once, and say what came of it. It takes the way of all deliveries."""
    monitor = await monitor_of_path(resources, monitor_id, key_id)
    url = monitor.definition.alert_webhook_url
    if url is None:
        raise ConflictError("The monitor has no `alertWebhookUrl`.")
    webhooks = _webhooks(resources)
    delivery_id = await webhooks.test_alert(key_id, monitor.id, url)
    found = await attempted(resources, webhooks, key_id, delivery_id)
    if found is None:  # it was deleted as an old one meanwhile
        raise _no_such_delivery()
    return JSONResponse(answers.alert_test(found))


@router.get(
    "/{id}/deliveries", operation_id="listMonitorDeliveries", summary="List alerts", response_model=DeliveryList
)
async def list_deliveries(
    monitor_id: MonitorIdInPath,
    resources: ApiResources,
    key_id: KeyId,
    before: Annotated[str | None, Query(description="Only those older than the delivery of this id.")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LISTED, description="How many at most.")] = 20,
) -> Response:
    """Return what was or is to be sent of what the monitor found, and its tests, newest first."""
    monitor = await monitor_of_path(resources, monitor_id, key_id)
    webhooks = _webhooks(resources)
    if before is not None and not await _is_of(webhooks, key_id, monitor.id, before):
        raise RequestError("The parameter `before` is not valid: there is no such delivery.")
    found = await webhooks.alerts(key_id, monitor.id, before, limit + 1)
    return JSONResponse(answers.delivery_list(found[:limit], more=len(found) > limit))


@router.post(
    "/{id}/deliveries/{deliveryId}/retry",
    operation_id="retryMonitorDelivery",
    summary="Send an alert again",
    status_code=202,
    response_model=WebhookDelivery,
)
async def retry_delivery(
    monitor_id: MonitorIdInPath, delivery_id: DeliveryId, resources: ApiResources, key_id: KeyId
) -> Response:
    """Queue a delivery again, whatever became of it: the same bytes, to where it was sent before."""
    monitor = await monitor_of_path(resources, monitor_id, key_id)
    webhooks = _webhooks(resources)
    known = await _is_of(webhooks, key_id, monitor.id, delivery_id)
    found = await webhooks.resend(key_id, delivery_id) if known else None
    if found is None:
        raise _no_such_delivery()
    return JSONResponse(webhook_answers.delivery(found), 202)


async def _is_of(webhooks: Webhooks, key_id: str, monitor_id: str, delivery_id: str) -> bool:
    found = await webhooks.delivery(key_id, delivery_id) if _DELIVERY_ID.fullmatch(delivery_id) else None
    return found is not None and found.monitor_id == monitor_id


def _webhooks(resources: Resources) -> Webhooks:
    check_webhooks(resources)
    return cast("Webhooks", resources.webhooks)


def _no_such_delivery() -> NotFoundError:
    return NotFoundError("There is no such delivery.")
