"""Monitors by both clients, against a real service."""

from __future__ import annotations

import asyncio
import json

import pytest

from pagemill import AsyncClient, Client
from pagemill.client import ApiError, Monitor, monitor_flows
from pagemill.client.calls import Answer
from tests.jobs.monitors.conftest import page
from tests.web.http_server import HttpServer


async def checked(client, monitor_id, after=""):
    async with asyncio.timeout(30):
        while (found := await client.monitors.get(monitor_id)).job_id or (found.last_checked_at or "") <= after:
            await asyncio.sleep(0.05)
    return found


async def test_a_page_is_watched(service):
    async with HttpServer({"/": page("Rye costs 3 euros.")}) as web, AsyncClient(service.url, service.secret) as client:
        made = await client.monitors.create(web.url("/"), 15, watch_format="html", expires_at="2999-01-01")
        assert (made.url, made.scope, made.interval_minutes, made.is_active) == (web.url("/"), "page", 15, True)
        assert made.raw["watchFormat"] == "html"
        first = await checked(client, made.id)
        web.routes["/"] = page("Rye costs 4 euros.")
        job_id = await client.monitors.run(made.id)
        last = await checked(client, made.id, first.last_checked_at)
        assert last.last_changed_at == last.last_checked_at
        [change] = [change async for change in client.monitors.changes(made.id)]
        assert (change.kind, change.url, change.job_id, change.diff_json) == ("changed", web.url("/"), job_id, {})
        assert "4 euros" in change.diff
        newer, older = [found async for found in client.monitors.snapshots(made.id)]
        assert (newer.job_id, newer.content, newer.status_code) == (job_id, None, 200)
        assert "4 euros" in (await client.monitors.snapshot(made.id, newer.id)).content
        assert [run.outcome async for run in client.monitors.runs(made.id)] == ["changed", "baseline"]
        [known] = [found async for found in client.monitors.pages(made.id)]
        assert (known.url, known.content_hash) == (web.url("/"), newer.content_hash)
        await client.monitors.update(made.id, alert_webhook_url=web.url("/hook"))
        tested = await client.monitors.test_alert(made.id)
        assert (tested.success, tested.status) == (False, 404)
        [delivery] = [found async for found in client.monitors.deliveries(made.id)]
        assert (delivery.id, delivery.status, delivery.http_status) == (tested.delivery_id, "exhausted", 404)
        await asyncio.to_thread(manage, service, made.id, older, delivery)
        with pytest.raises(ApiError) as caught:
            await client.monitors.get(made.id)
        assert caught.value.code == "not_found"


def test_what_there_is_more_of_is_asked_for_again():
    flow = monitor_flows.monitors(retries=0)
    fields = {"url": "http://a.example/", "scope": "page", "intervalMinutes": 15, "isActive": True}
    first, second = ({"monitors": [{"id": name, **fields}]} for name in ("mon_2", "mon_1"))
    assert flow.send(None).query == {"limit": 100}
    assert flow.send(Answer(200, {}, json.dumps(first | {"next": "mon_2"}).encode())).value.id == "mon_2"
    assert flow.send(None).query == {"limit": 100, "before": "mon_2"}
    assert flow.send(Answer(200, {}, json.dumps(second).encode())).value.id == "mon_1"
    assert next(flow, None) is None


def manage(service, monitor_id, snapshot, delivery):
    """What is done with a monitor beside watching, by the other client."""
    with Client(service.url, service.secret) as client:
        assert "3 euros" in client.monitors.snapshot(monitor_id, snapshot.id).content
        assert [len(list(client.monitors.runs(monitor_id))), len(list(client.monitors.pages(monitor_id)))] == [2, 1]
        assert snapshot in list(client.monitors.snapshots(monitor_id))
        assert client.monitors.retry_delivery(monitor_id, delivery.id).id == delivery.id
        assert not client.monitors.test_alert(monitor_id).success
        assert len(list(client.monitors.deliveries(monitor_id))) == 2
        assert not client.monitors.pause(monitor_id).is_active
        assert client.monitors.resume(monitor_id, expires_at="2999-02-01").raw["expiresAt"].startswith("2999-02")
        assert "expiresAt" not in client.monitors.set_expiry(monitor_id, None).raw
        changed = client.monitors.update(monitor_id, interval_minutes=30, is_active=False)
        assert (changed.interval_minutes, changed.is_active) == (30, False)
        others = [client.monitors.create(f"http://a.example/{number}", 15, is_active=False) for number in range(3)]
        listed = list(client.monitors.list())
        assert [monitor.id for monitor in listed] == [monitor.id for monitor in [*reversed(others), changed]]
        assert all(isinstance(monitor, Monitor) for monitor in listed)
        for monitor in listed:
            client.monitors.delete(monitor.id)
        assert list(client.monitors.list()) == []
