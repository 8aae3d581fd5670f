"""Monitors for programs without an event loop: what a client's attribute `monitors` is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from pagemill.client import monitor_flows
from pagemill.client.monitor_flows import path_of
from pagemill.client.options import to_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pagemill.client.flows import Flow
    from pagemill.client.monitor_results import (
        AlertTest,
        Monitor,
        MonitorChange,
        MonitorDelivery,
        MonitorPage,
        MonitorRun,
        MonitorSnapshot,
    )
    from pagemill.client.options import MonitorOptions, MonitorPatch


class Monitors:
    """The monitors of a key. docs/monitors.md says what counts as a change."""

    def __init__(
        self, run: Callable[[Flow[Any]], Any], iterate: Callable[[Flow[None]], Iterator[Any]], retries: int
    ) -> None:
        self._run = run
        self._iterate = iterate
        self._retries = retries

    def create(self, url: str, interval_minutes: int, **options: Unpack[MonitorOptions]) -> Monitor:
        """Watch a page, or a site with `scope="site"`. The first run is due at once."""
        made: Monitor = self._run(monitor_flows.create(url, interval_minutes, options, self._retries))
        return made

    def get(self, monitor_id: str) -> Monitor:
        """Return a monitor, and how it does."""
        return self._send("GET", path_of(monitor_id))

    def list(self) -> Iterator[Monitor]:
        """Yield all monitors, newest first."""
        return self._iterate(monitor_flows.monitors(self._retries))

    def update(self, monitor_id: str, **options: Unpack[MonitorPatch]) -> Monitor:
        """Change what is given. Where it watches something else from now on, it begins anew."""
        return self._send("PATCH", path_of(monitor_id), to_fields(options))

    def delete(self, monitor_id: str) -> None:
        """Delete a monitor with its changes."""
        self._run(monitor_flows.delete(monitor_id, self._retries))

    def pause(self, monitor_id: str) -> Monitor:
        """Run a monitor no more until it is resumed."""
        return self._send("POST", path_of(monitor_id, "pause"))

    def resume(self, monitor_id: str, *, expires_at: str | None = None) -> Monitor:
        """Run a monitor again, from now on. One that has expired needs another end."""
        fields = None if expires_at is None else {"expiresAt": expires_at}
        return self._send("POST", path_of(monitor_id, "resume"), fields)

    def set_expiry(self, monitor_id: str, expires_at: str | None) -> Monitor:
        """Set when a monitor ends; None: never."""
        return self._send("POST", path_of(monitor_id, "expiry"), {"expiresAt": expires_at})

    def run(self, monitor_id: str) -> str:
        """Run a monitor now, beside its schedule, and return the id of the run's job. A run under way is returned."""
        job_id: str = self._run(monitor_flows.run(monitor_id, self._retries))
        return job_id

    def changes(self, monitor_id: str) -> Iterator[MonitorChange]:
        """Yield what a monitor found, newest first."""
        return self._iterate(monitor_flows.changes(monitor_id, self._retries))

    def snapshots(self, monitor_id: str) -> Iterator[MonitorSnapshot]:
        """Yield the contents that pages were found to have, newest first, without the contents themselves."""
        return self._iterate(monitor_flows.snapshots(monitor_id, self._retries))

    def snapshot(self, monitor_id: str, snapshot_id: str) -> MonitorSnapshot:
        """Return a snapshot with its contents."""
        found: MonitorSnapshot = self._run(monitor_flows.snapshot(monitor_id, snapshot_id, self._retries))
        return found

    def runs(self, monitor_id: str) -> Iterator[MonitorRun]:
        """Yield the runs that ended, newest first."""
        return self._iterate(monitor_flows.runs(monitor_id, self._retries))

    def pages(self, monitor_id: str) -> Iterator[MonitorPage]:
        """Yield the pages that a monitor knows, by URL."""
        return self._iterate(monitor_flows.pages(monitor_id, self._retries))

    def test_alert(self, monitor_id: str) -> AlertTest:
        """Send a test to a monitor's `alert_webhook_url`, and return what came of it."""
        found: AlertTest = self._run(monitor_flows.test_alert(monitor_id, self._retries))
        return found

    def deliveries(self, monitor_id: str) -> Iterator[MonitorDelivery]:
        """Yield what was or is to be sent of what a monitor found, newest first."""
        return self._iterate(monitor_flows.deliveries(monitor_id, self._retries))

    def retry_delivery(self, monitor_id: str, delivery_id: str) -> MonitorDelivery:
        """Have a delivery sent again, whatever became of it."""
        flow = monitor_flows.retry_delivery(monitor_id, delivery_id, self._retries)
        found: MonitorDelivery = self._run(flow)
        return found

    def _send(self, method: str, path: str, fields: dict[str, Any] | None = None) -> Monitor:
        found: Monitor = self._run(monitor_flows.send(method, path, fields, self._retries))
        return found
