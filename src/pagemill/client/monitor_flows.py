"""What the methods of monitors do, step by step and without I/O: see `flows`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pagemill.client.calls import Call
from pagemill.client.flows import Item, call, request, submission
from pagemill.client.monitor_results import Monitor, MonitorChange
from pagemill.client.options import to_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pagemill.client.flows import Flow

PATH = "/v1/monitors"
_MONITORS_AT_A_TIME = 100
_CHANGES_AT_A_TIME = 20


def path_of(monitor_id: str, action: str = "") -> str:
    """Return the path of a monitor, or of something done with it."""
    return f"{PATH}/{quote(monitor_id, safe='')}{action and f'/{action}'}"


def create(url: str, interval_minutes: int, options: Mapping[str, Any], retries: int) -> Flow[Monitor]:
    """Make a monitor: once, however often the request is sent."""
    fields = {"url": url, "intervalMinutes": interval_minutes, **to_fields(options)}
    return Monitor.of((yield from call(submission(PATH, fields), retries, "id")))


def send(method: str, path: str, fields: Mapping[str, Any] | None, retries: int) -> Flow[Monitor]:
    """Send a request whose answer is a monitor."""
    return Monitor.of((yield from request(Call(method, path, fields), retries)))


def delete(monitor_id: str, retries: int) -> Flow[None]:
    """Delete a monitor with its changes."""
    yield from call(Call("DELETE", path_of(monitor_id)), retries)


def run(monitor_id: str, retries: int) -> Flow[str]:
    """Run a monitor now, and return the id of the run's job."""
    return str((yield from request(Call("POST", path_of(monitor_id, "run")), retries))["jobId"])


def monitors(retries: int) -> Flow[None]:
    """Yield the key's monitors, newest first."""
    yield from _listed(PATH, "monitors", _MONITORS_AT_A_TIME, Monitor.of, retries)


def changes(monitor_id: str, retries: int) -> Flow[None]:
    """Yield what a monitor found, newest first."""
    yield from _listed(path_of(monitor_id, "changes"), "changes", _CHANGES_AT_A_TIME, MonitorChange.of, retries)


def _listed(path: str, name: str, limit: int, make: Callable[[Mapping[str, Any]], Any], retries: int) -> Flow[None]:
    query: dict[str, str | int | float] = {"limit": limit}
    while True:
        found = yield from call(Call("GET", path, query=dict(query)), retries, name)
        for each in found[name]:
            yield Item(make(each))
        if "next" not in found:
            return
        query["before"] = found["next"]
