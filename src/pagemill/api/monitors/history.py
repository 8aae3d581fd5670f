"""The endpoints of what a monitor found before: snapshots of pages, runs, and the pages that it knows."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Annotated

import orjson
from fastapi import APIRouter, Path, Query, Response
from starlette.responses import JSONResponse

from pagemill.api.middleware.api_keys import KeyId
from pagemill.api.monitors import history_answers as answers
from pagemill.api.monitors.history_answers import PageList, RunList, SnapshotContent, SnapshotList
from pagemill.api.monitors.lookup import MonitorIdInPath, monitor_of_path
from pagemill.api.resources import ApiResources
from pagemill.api.wire.strict_json import StrictJsonRoute
from pagemill.errors import NotFoundError, RequestError

if TYPE_CHECKING:
    from pagemill.jobs.monitors.history import Snapshot

router = APIRouter(prefix="/v1/monitors", tags=["Monitors"], route_class=StrictJsonRoute)

MAX_LISTED = 100
_SNAPSHOT_ID = re.compile(r"snap_[0-9a-f]{24}")
_JOB_ID = re.compile(r"(job|crawl)_[0-9a-f]{24}")
_PAGE_ID = re.compile(r"[0-9a-f]{64}")

SnapshotId = Annotated[str, Path(alias="snapshotId", description="The snapshot's id.")]
Limit = Annotated[int, Query(ge=1, le=MAX_LISTED, description="How many at most.")]


@router.get(
    "/{id}/snapshots", operation_id="listMonitorSnapshots", summary="List snapshots", response_model=SnapshotList
)
async def list_snapshots(
    monitor_id: MonitorIdInPath,
    resources: ApiResources,
    key_id: KeyId,
    before: Annotated[str | None, Query(description="Only those older than the snapshot of this id.")] = None,
    limit: Limit = 20,
) -> Response:
    """Return the contents that pages were found to have, newest first, without the contents themselves."""
    monitor, history = await monitor_of_path(resources, monitor_id, key_id), resources.monitor_history
    if before is not None and not (_SNAPSHOT_ID.fullmatch(before) and await history.has_snapshot(monitor.id, before)):
        raise RequestError("The parameter `before` is not valid: there is no such snapshot.")
    found = await history.snapshots(monitor.id, before, limit + 1)
    return JSONResponse(answers.snapshot_list(found[:limit], more=len(found) > limit))


@router.get(
    "/{id}/snapshots/{snapshotId}/content",
    operation_id="getMonitorSnapshotContent",
    summary="Get a snapshot",
    response_model=SnapshotContent,
    include_in_schema=False,
)
@router.get(
    "/{id}/snapshots/{snapshotId}",
    operation_id="getMonitorSnapshot",
    summary="Get a snapshot",
    response_model=SnapshotContent,
)
async def get_snapshot(
    monitor_id: MonitorIdInPath, snapshot_id: SnapshotId, resources: ApiResources, key_id: KeyId
) -> Response:
    """Return a snapshot with its contents."""
    monitor = await monitor_of_path(resources, monitor_id, key_id)
    known = _SNAPSHOT_ID.fullmatch(snapshot_id)
    return await _content(await resources.monitor_history.snapshot(monitor.id, snapshot_id) if known else None)


@router.get("/{id}/content", operation_id="getMonitorContent", summary="Get a content", response_model=SnapshotContent)
async def get_content(
    monitor_id: MonitorIdInPath,
    resources: ApiResources,
    key_id: KeyId,
    content_hash: Annotated[
        str | None,
        Query(alias="hash", description="Its `contentHash`; without it, the newest.", pattern="^[0-9a-f]{64}$"),
    ] = None,
) -> Response:
    """Return the newest snapshot, or the newest of this content."""
    monitor = await monitor_of_path(resources, monitor_id, key_id)
    return await _content(await resources.monitor_history.snapshot_of_content(monitor.id, content_hash))


@router.get("/{id}/runs", operation_id="listMonitorRuns", summary="List runs", response_model=RunList)
async def list_runs(
    monitor_id: MonitorIdInPath,
    resources: ApiResources,
    key_id: KeyId,
    before: Annotated[str | None, Query(description="Only those that ended before the run of this job.")] = None,
    limit: Limit = 20,
) -> Response:
    """Return the runs that ended, newest first. The one under way is the monitor's `jobId`."""
    monitor, history = await monitor_of_path(resources, monitor_id, key_id), resources.monitor_history
    if before is not None and not (_JOB_ID.fullmatch(before) and await history.has_run(monitor.id, before)):
        raise RequestError("The parameter `before` is not valid: there is no such run.")
    found = await history.runs(monitor.id, before, limit + 1)
    return JSONResponse(answers.run_list(found[:limit], more=len(found) > limit))


@router.get("/{id}/pages", operation_id="listMonitorPages", summary="List pages", response_model=PageList)
async def list_pages(
    monitor_id: MonitorIdInPath,
    resources: ApiResources,
    key_id: KeyId,
    after: Annotated[str | None, Query(description="Only those after the page of this id.")] = None,
    limit: Limit = MAX_LISTED,
) -> Response:
    """Return the pages that the monitor knows, by their URLs."""
    monitor, history = await monitor_of_path(resources, monitor_id, key_id), resources.monitor_history
    if after is not None and not (_PAGE_ID.fullmatch(after) and await history.has_page(monitor.id, after)):
        raise RequestError("The parameter `after` is not valid: there is no such page.")
    found = await history.pages(monitor.id, after, limit + 1)
    return JSONResponse(answers.page_list(found[:limit], more=len(found) > limit))


async def _content(found: Snapshot | None) -> Response:
    if found is None:
        raise NotFoundError("There is no such snapshot.")
    return Response(await asyncio.to_thread(_content_json, found), media_type="application/json")


def _content_json(found: Snapshot) -> bytes:
    return orjson.dumps(answers.snapshot_content(found))
