"""The list of monitors, and one of them with its runs and changes."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import orjson
from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from pagemill.api.monitors import endpoint as monitor_endpoint
from pagemill.api.monitors.lookup import find_monitor, monitor_of_path
from pagemill.api.resources import ApiResources
from pagemill.api.ui.lists.side_by_side import side_by_side
from pagemill.api.ui.rendering import render
from pagemill.api.ui.route import PageRoute
from pagemill.api.ui.visitor import SignedIn
from pagemill.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from pagemill.api.resources import Resources
    from pagemill.jobs.monitors.monitor import Monitor
    from pagemill.model import JsonObject

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_LISTED = 50
_LISTED_EVENTS = 20
_CHANGE_ID = re.compile(r"chg_[0-9a-f]{24}")
_JOB_ID = re.compile(r"[a-z]+_[0-9a-z]{1,64}")
_SEE_OTHER = 303
_ACTIONS: Mapping[str, Callable[[str, Resources, str], Awaitable[Response]]] = {
    "pause": monitor_endpoint.pause_monitor,
    "resume": monitor_endpoint.resume_monitor,
    "run": monitor_endpoint.run_monitor,
    "delete": monitor_endpoint.delete_monitor,
}


@router.get("/ui/monitors")
async def show_monitors(request: Request, resources: ApiResources, visitor: SignedIn) -> Response:
    """Show the key's monitors, the latest first."""
    before = await find_monitor(resources, request.query_params.get("before", ""), visitor.key_id)
    found = await resources.monitors.monitors_of(visitor.key_id, before, _LISTED + 1)
    return render(
        request, visitor, "monitors.html",
        monitors=found[:_LISTED],
        state=state_of,
        is_first=before is None,
        address=(resources.settings.service.public_url or str(request.base_url)).rstrip("/"),
        older=f"/ui/monitors?before={found[_LISTED - 1].id}" if len(found) > _LISTED else None,
    )  # fmt: skip


@router.get("/ui/monitors/{monitor_id}")
async def show_monitor(monitor_id: str, request: Request, resources: ApiResources, visitor: SignedIn) -> Response:
    """Show a monitor of the key: how it stands, its changes and its runs.

    `before_change` and `before_run`: older ones.
    """
    monitor = await monitor_of_path(resources, monitor_id, visitor.key_id)
    before_change = await _known(request, "before_change", _CHANGE_ID, resources.monitors.has_change, monitor)
    before_run = await _known(request, "before_run", _JOB_ID, resources.monitor_history.has_run, monitor)
    changes = await resources.monitors.changes(monitor.id, before_change, _LISTED_EVENTS + 1)
    runs = await resources.monitor_history.runs(monitor.id, before_run, _LISTED_EVENTS + 1)
    return render(
        request, visitor, "monitor.html",
        monitor=monitor,
        state=state_of(monitor),
        changes=changes[:_LISTED_EVENTS],
        older_changes=changes[_LISTED_EVENTS - 1].id if len(changes) > _LISTED_EVENTS else None,
        runs=runs[:_LISTED_EVENTS],
        older_runs=runs[_LISTED_EVENTS - 1].job_id if len(runs) > _LISTED_EVENTS else None,
        is_first=before_change is None and before_run is None,
    )  # fmt: skip


@router.get("/ui/monitors/{monitor_id}/changes/{change_id}")
async def show_change(
    monitor_id: str, change_id: str, request: Request, resources: ApiResources, visitor: SignedIn
) -> Response:
    """Show a change with both versions side by side."""
    monitor = await monitor_of_path(resources, monitor_id, visitor.key_id)
    change = await resources.monitors.change(monitor.id, change_id) if _CHANGE_ID.fullmatch(change_id) else None
    if change is None:
        raise NotFoundError("There is no such change.")
    rows = await asyncio.to_thread(side_by_side, change.diff or "")
    return render(
        request, visitor, "change.html",
        monitor=monitor, change=change, rows=rows, values=_values(change.diff_json or {}),
        is_cut=bool((change.diff_json or {}).get("truncated")),
    )  # fmt: skip


@router.post("/ui/monitors/{monitor_id}/{action}")
async def act(monitor_id: str, action: str, resources: ApiResources, visitor: SignedIn) -> Response:
    """Pause, resume, run or delete a monitor, as the API does."""
    if action not in _ACTIONS:
        raise NotFoundError("There is no such page.")
    await _ACTIONS[action](monitor_id, resources, visitor.key_id)
    return RedirectResponse("/ui/monitors" if action == "delete" else f"/ui/monitors/{monitor_id}", _SEE_OTHER)


def state_of(monitor: Monitor) -> tuple[str, str]:
    """Return what a monitor does at the moment, and the class of its badge."""
    if monitor.expired:
        return "expired", ""
    if monitor.job_id is not None:
        return "running", "busy"
    if not monitor.definition.is_active:
        return "paused", "warn"
    return ("failed", "bad") if monitor.failure else ("active", "good")


async def _known(
    request: Request,
    name: str,
    pattern: re.Pattern[str],
    is_there: Callable[[str, str], Awaitable[bool]],
    monitor: Monitor,
) -> str | None:
    text = request.query_params.get(name, "")
    return text if pattern.fullmatch(text) and await is_there(monitor.id, text) else None


def _values(diff: JsonObject) -> list[tuple[str, str | None, str | None]]:
    """Return what differs of structured JSON: pointer, value before, value after."""
    found: dict[str, tuple[str | None, str | None]] = {}
    for pointer, value in diff.get("removed", {}).items():
        found[pointer] = (_text(value), None)
    for pointer, value in diff.get("added", {}).items():
        found[pointer] = (None, _text(value))
    for pointer, value in diff.get("changed", {}).items():
        old, new = _pair(value)
        found[pointer] = (_text(old), _text(new))
    return [(pointer or "(all of it)", *values) for pointer, values in sorted(found.items())]


def _pair(value: Any) -> tuple[Any, Any]:
    return (value.get("before"), value.get("after")) if isinstance(value, dict) else (None, value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
