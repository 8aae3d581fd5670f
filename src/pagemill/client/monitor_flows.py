"""What the methods of monitors do, step by step and without I/O: see `flows`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pagemill.client.calls import Call
from pagemill.client.flows import Item, call, request, submission
from pagemill.client.monitor_results import (
    AlertTest,
    Monitor,
    MonitorChange,
    MonitorDelivery,
    MonitorPage,
    MonitorRun,
    MonitorSnapshot,
)
from pagemill.client.options import to_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pagemill.client.flows import Flow

PATH = "/v1/monitors"
_MONITORS_AT_A_TIME = 100
_CHANGES_AT_A_TIME = 20
_LISTED_AT_A_TIME = 100


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


def snapshots(monitor_id: str, retries: int) -> Flow[None]:
    """Yield the contents that pages were found to have, newest first."""
    yield from _listed(path_of(monitor_id, "snapshots"), "snapshots", _LISTED_AT_A_TIME, MonitorSnapshot.of, retries)


def snapshot(monitor_id: str, snapshot_id: str, retries: int) -> Flow[MonitorSnapshot]:
    """Return a snapshot with its contents."""
    path = path_of(monitor_id, f"snapshots/{quote(snapshot_id, safe='')}")
    return MonitorSnapshot.of((yield from call(Call("GET", path), retries, "content")))


def runs(monitor_id: str, retries: int) -> Flow[None]:
    """Yield the runs that ended, newest first."""
    yield from _listed(path_of(monitor_id, "runs"), "runs", _LISTED_AT_A_TIME, MonitorRun.of, retries)


def pages(monitor_id: str, retries: int) -> Flow[None]:
    """Yield the pages that a monitor knows, by URL."""
    path = path_of(monitor_id, "pages")
    yield from _listed(path, "pages", _LISTED_AT_A_TIME, MonitorPage.of, retries, cursor="after")


def test_alert(monitor_id: str, retries: int) -> Flow[AlertTest]:
    """Send a test to where a monitor tells of changes."""
    return AlertTest.of((yield from request(Call("POST", path_of(monitor_id, "test-alert")), retries)))


def deliveries(monitor_id: str, retries: int) -> Flow[None]:
    """Yield what was or is to be sent of what a monitor found, newest first."""
    path = path_of(monitor_id, "deliveries")
    yield from _listed(path, "deliveries", _LISTED_AT_A_TIME, MonitorDelivery.of, retries)


def retry_delivery(monitor_id: str, delivery_id: str, retries: int) -> Flow[MonitorDelivery]:
    """Have a delivery sent again."""
    path = path_of(monitor_id, f"deliveries/{quote(delivery_id, safe='')}/retry")
    return MonitorDelivery.of((yield from request(Call("POST", path), retries)))


def _listed(  # noqa: PLR0913 - one list or another
    path: str, name: str, limit: int, make: Callable[[Mapping[str, Any]], Any], retries: int, *, cursor: str = "before"
) -> Flow[None]:
    query: dict[str, str | int | float] = {"limit": limit}
    while True:
        found = yield from call(Call("GET", path, query=dict(query)), retries, name)
        for each in found[name]:
            yield Item(make(each))
        if "next" not in found:
            return
        query[cursor] = found["next"]
