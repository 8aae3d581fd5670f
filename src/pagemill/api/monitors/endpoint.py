"""The endpoints of monitors: make, list, change and delete them, pause and resume, run now, read what changed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import orjson
from fastapi import APIRouter, Query, Response
from starlette.responses import JSONResponse

from pagemill.api.endpoints.url_scraper import IdempotencyKey
from pagemill.api.middleware.api_keys import KeyId
from pagemill.api.monitors import answers
from pagemill.api.monitors.answers import ChangeList, MonitorAnswer, MonitorFields, MonitorList, MonitorRun
from pagemill.api.monitors.lookup import MonitorIdInPath, find_monitor, monitor_of_path, no_such_monitor
from pagemill.api.monitors.requests import (
    ExpiryRequest,
    MonitorPatch,
    MonitorRequest,
    definition,
    end_of,
    patched,
    stored,
)
from pagemill.api.resources import ApiResources, Resources
from pagemill.api.submission.submit import check_session, check_webhooks
from pagemill.api.submission.warnings import warnings_of
from pagemill.api.wire.strict_json import StrictJsonRoute
from pagemill.api.wire.webhook_answers import Deleted
from pagemill.errors import ConflictError, RequestError
from pagemill.redaction import mask_credentials

if TYPE_CHECKING:
    from pagemill.jobs.monitors.monitor import Monitor
    from pagemill.model import JsonObject

router = APIRouter(prefix="/v1/monitors", tags=["Monitors"], route_class=StrictJsonRoute)

MAX_LISTED = 100
MAX_CHANGES = 50
"""A change may have a long diff."""
_UPDATE_ATTEMPTS = 3
_CHANGED_BY_OTHERS = "The monitor is being changed by others. Try again."
_CHANGE_ID = re.compile(r"chg_[0-9a-f]{24}")


@router.post(
    "", operation_id="createMonitor", summary="Watch a page or a site", status_code=201, response_model=MonitorAnswer
)
async def create_monitor(
    body: MonitorRequest, resources: ApiResources, key_id: KeyId, idempotency_key: IdempotencyKey = None
) -> Response:
    """Make a monitor. Its first run is due at once, and gives what later runs are compared with."""
    wanted = await definition(body, resources.settings, resources.schemas, key_id)
    await check_session(resources, key_id, wanted.options)
    if wanted.alert_webhook_url is not None:
        check_webhooks(resources)
    made = await resources.monitors.create(
        key_id,
        wanted,
        limit=resources.settings.monitors.monitors_per_key,
        idempotency_key=idempotency_key,
        repeat_window=timedelta(seconds=resources.settings.requests.repeat_window),
    )
    return JSONResponse(await _answer(resources, made) | warnings_of(body), 201)


@router.get("", operation_id="listMonitors", summary="List monitors", response_model=MonitorList)
async def list_monitors(
    resources: ApiResources,
    key_id: KeyId,
    before: Annotated[str | None, Query(description="Only those older than the monitor of this id.")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LISTED, description="How many at most.")] = MAX_LISTED,
) -> Response:
    """Return the key's own monitors, newest first. `next` leads to older ones."""
    last = None if before is None else await find_monitor(resources, before, key_id)
    if before is not None and last is None:
        raise RequestError("The parameter `before` is not valid: there is no such monitor.")
    found = await resources.monitors.monitors_of(key_id, last, limit + 1)
    return JSONResponse(answers.monitor_list(found[:limit], more=len(found) > limit))


@router.get("/{id}", operation_id="getMonitor", summary="Get a monitor", response_model=MonitorFields)
async def get_monitor(monitor_id: MonitorIdInPath, resources: ApiResources, key_id: KeyId) -> Response:
    """Return a monitor, and how it does."""
    return JSONResponse(answers.monitor_fields(await monitor_of_path(resources, monitor_id, key_id)))


@router.put("/{id}", operation_id="replaceMonitor", summary="Replace a monitor", response_model=MonitorAnswer)
async def replace_monitor(
    monitor_id: MonitorIdInPath, body: MonitorRequest, resources: ApiResources, key_id: KeyId
) -> Response:
    """Set all that a monitor does. Where it watches something else from now on, it begins anew."""
    changed = await _change(resources, monitor_id, key_id, stored(body), replaces=True)
    return JSONResponse(await _answer(resources, changed) | warnings_of(body))


@router.patch("/{id}", operation_id="updateMonitor", summary="Change a monitor", response_model=MonitorAnswer)
async def update_monitor(
    monitor_id: MonitorIdInPath, body: MonitorPatch, resources: ApiResources, key_id: KeyId
) -> Response:
    """Change what is given. Where it watches something else from now on, it begins anew."""
    changed = await _change(resources, monitor_id, key_id, stored(body))
    return JSONResponse(await _answer(resources, changed) | warnings_of(body))


@router.delete("/{id}", operation_id="deleteMonitor", summary="Delete a monitor", response_model=Deleted)
async def delete_monitor(monitor_id: MonitorIdInPath, resources: ApiResources, key_id: KeyId) -> Response:
    """Delete a monitor with its changes. A run under way goes on, and is compared with nothing."""
    monitor = await monitor_of_path(resources, monitor_id, key_id)
    await resources.monitors.delete(key_id, monitor.id)
    return JSONResponse({"id": monitor_id, "deleted": True})


@router.get("/{id}/changes", operation_id="listMonitorChanges", summary="List what changed", response_model=ChangeList)
async def list_monitor_changes(
    monitor_id: MonitorIdInPath,
    resources: ApiResources,
    key_id: KeyId,
    before: Annotated[str | None, Query(description="Only those older than the change of this id.")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_CHANGES, description="How many at most.")] = 20,
) -> Response:
    """Return what changed, newest first. `next` leads to older changes."""
    monitor = await monitor_of_path(resources, monitor_id, key_id)
    if before is not None and not (
        _CHANGE_ID.fullmatch(before) and await resources.monitors.has_change(monitor.id, before)
    ):
        raise RequestError("The parameter `before` is not valid: there is no such change.")
    found = await resources.monitors.changes(monitor.id, before, limit + 1)
    fields = answers.change_list(found[:limit], more=len(found) > limit)
    return Response(orjson.dumps(fields), media_type="application/json")


@router.post("/{id}/pause", operation_id="pauseMonitor", summary="Pause a monitor", response_model=MonitorAnswer)
async def pause_monitor(monitor_id: MonitorIdInPath, resources: ApiResources, key_id: KeyId) -> Response:
    """Run a monitor no more until it is resumed. A run under way is finished."""
    changed = await _set(resources, monitor_id, key_id, is_active=False)
    return JSONResponse(answers.monitor_fields(changed))


@router.post("/{id}/resume", operation_id="resumeMonitor", summary="Resume a monitor", response_model=MonitorAnswer)
async def resume_monitor(
    monitor_id: MonitorIdInPath, resources: ApiResources, key_id: KeyId, body: ExpiryRequest | None = None
) -> Response:
    """Run a monitor again, from now on. One that has expired needs another `expiresAt`."""
    end = {"expires_at": body.expires_at} if body and body.expires_at is not None else {}
    if not end and (await monitor_of_path(resources, monitor_id, key_id)).expired:
        raise ConflictError("The monitor has expired. Give an `expiresAt` that is to come.")
    changed = await _set(resources, monitor_id, key_id, is_active=True, **end)
    return JSONResponse(answers.monitor_fields(changed))


@router.post("/{id}/expiry", operation_id="setMonitorExpiry", summary="Set its end", response_model=MonitorAnswer)
async def set_monitor_expiry(
    monitor_id: MonitorIdInPath, body: ExpiryRequest, resources: ApiResources, key_id: KeyId
) -> Response:
    """Set when a monitor ends; null: never."""
    changed = await _set(resources, monitor_id, key_id, expires_at=body.expires_at or "")
    return JSONResponse(answers.monitor_fields(changed))


@router.post(
    "/{id}/run", operation_id="runMonitor", summary="Run a monitor now", status_code=202, response_model=MonitorRun
)
async def run_monitor(monitor_id: MonitorIdInPath, resources: ApiResources, key_id: KeyId) -> Response:
    """Run a monitor now, beside its schedule, a paused one too. A run that is under way goes on, and is returned."""
    monitor = await monitor_of_path(resources, monitor_id, key_id)
    started = await resources.monitor_runs.start(monitor)
    if started is None:
        raise no_such_monitor()
    if started.expired:
        raise ConflictError("The monitor has expired. Give it another `expiresAt` first.")
    if started.job_id is None:  # another run of it began, or ended, at this moment
        raise ConflictError("The monitor is being run at this moment. Try again.")
    message = "The run is under way." if started.submitted else "The run was started."
    return JSONResponse({"success": True, "jobId": started.job_id, "message": message}, 202)


async def _change(
    resources: Resources, monitor_id: str, key_id: str, fields: JsonObject, *, replaces: bool = False
) -> Monitor:
    """Change some fields of a monitor, or all. Whoever changes it at the same time comes before or after."""
    for _ in range(_UPDATE_ATTEMPTS):
        monitor = await monitor_of_path(resources, monitor_id, key_id)
        request = patched({} if replaces else monitor.definition.request, _with_credentials(fields, monitor))
        wanted = await definition(
            request, resources.settings, resources.schemas, key_id, may_be_over="expiresAt" not in fields
        )
        await check_session(resources, key_id, wanted.options)
        if wanted.alert_webhook_url is not None:
            check_webhooks(resources)
        if (changed := await resources.monitors.update(monitor, wanted)) is not None:
            return changed
    raise ConflictError(_CHANGED_BY_OTHERS)


def _with_credentials(fields: JsonObject, monitor: Monitor) -> JsonObject:
    """The same, with the URL that is kept where it is given as it is shown: without its credentials."""
    kept = monitor.definition.alert_webhook_url
    if kept is None or kept == mask_credentials(kept) or fields.get("alertWebhookUrl") != mask_credentials(kept):
        return fields
    return {**fields, "alertWebhookUrl": kept}


async def _set(
    resources: Resources, monitor_id: str, key_id: str, *, is_active: bool | None = None, expires_at: str | None = None
) -> Monitor:
    """Change whether and how long a monitor runs. The rest stays, even where it could not be asked for any more."""
    for _ in range(_UPDATE_ATTEMPTS):
        monitor = await monitor_of_path(resources, monitor_id, key_id)
        wanted = monitor.definition
        if is_active is not None:
            wanted = replace(wanted, is_active=is_active, request={**wanted.request, "isActive": is_active})
        if expires_at is not None:
            end = end_of(expires_at) if expires_at else None
            wanted = replace(wanted, expires_at=end, request={**wanted.request, "expiresAt": expires_at})
        if (changed := await resources.monitors.update(monitor, wanted)) is not None:
            return changed
    raise ConflictError(_CHANGED_BY_OTHERS)


async def _answer(resources: Resources, monitor: Monitor) -> JsonObject:
    fields = answers.monitor_fields(monitor)
    if monitor.definition.alert_webhook_url is not None and resources.webhooks is not None:
        fields["alertWebhookSecret"] = await resources.webhooks.account_secret(monitor.key_id)
    return fields
