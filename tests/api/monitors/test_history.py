"""What a monitor found before, and its alerts, over HTTP: read by the public client too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anakin
import orjson
import pytest
from tests.api.monitors.test_endpoint import UNKNOWN, create
from tests.web.http_server import HttpServer, Response

from pagemill import bodies
from pagemill.jobs.keys.keys import Keys

if TYPE_CHECKING:
    from tests.api.conftest import Api

    from pagemill.jobs.database.pool import Database

TEXT = bodies.pack("# Prices\n").hex()
DATA = bodies.pack({"status": "success", "data": {"price": 3}}).hex()


@pytest.fixture
async def monitor_id(api: Api, database: Database) -> str:
    """A monitor with three pages, of each a snapshot, and three runs."""
    made: str = (await create(api))["id"]
    number = "lpad(n::text, 24, '0')"
    numbers = "FROM generate_series(1, 3) n"
    await database.rows(
        "INSERT INTO monitor_pages (monitor_id, page, url, content, captured_at, seen_in, seen_at) "
        f"SELECT $1, decode(lpad(n::text, 64, '0'), 'hex'), 'https://a.example/' || n, '\\x{TEXT}', now(), 'job_1', "
        f"now() {numbers}",
        made,
    )
    await database.rows(
        "INSERT INTO monitor_snapshots (id, monitor_id, page, job_id, url, status_code, content_hash, content, data, "
        f"captured_at, created_at) SELECT 'snap_' || {number}, $1, decode(lpad(n::text, 64, '0'), 'hex'), 'job_1', "
        f"'https://a.example/' || n, 200, lpad(n::text, 64, '0'), '\\x{TEXT}', '\\x{DATA}', now(), "
        f"now() + n * interval '1 second' {numbers}",
        made,
    )
    await database.rows(
        "INSERT INTO monitor_runs (monitor_id, job_id, started_at, ended_at, outcome, pages, failed_pages, changes, "
        f"error_code, error_message) SELECT $1, 'job_' || {number}, now(), now() + n * interval '1 second', 'failed', "
        f"3, 1, 0, 'dns_error', 'No such host.' {numbers}",
        made,
    )
    return made


@pytest.mark.parametrize(
    ("path", "cursor", "field", "wanted"),
    [
        ("snapshots", "before", "id", [3, 2, 1]),
        ("runs", "before", "jobId", [3, 2, 1]),
        ("pages", "after", "id", [1, 2, 3]),
    ],
)
async def test_lists_are_read_in_parts(
    api: Api, monitor_id: str, path: str, cursor: str, field: str, wanted: list[int]
) -> None:
    address = f"/v1/monitors/{monitor_id}/{path}"
    first = (await api.client.get(address, params={"limit": 2})).json()
    rest = (await api.client.get(address, params={"limit": 2, cursor: first["next"]})).json()
    assert "next" not in rest
    assert [int(found[field].rpartition("_")[2]) for found in first[path] + rest[path]] == wanted
    assert (await api.client.get(address, params={cursor: "0" * 64})).status_code == 400


async def test_a_snapshot_is_found_by_its_id_and_by_its_content(api: Api, monitor_id: str) -> None:
    address = f"/v1/monitors/{monitor_id}"
    found = (await api.client.get(f"{address}/snapshots/snap_{3:024}")).json()
    assert found | {"capturedAt": "", "createdAt": ""} == {
        "id": f"snap_{3:024}",
        "monitorId": monitor_id,
        "jobId": "job_1",
        "url": "https://a.example/3",
        "statusCode": 200,
        "contentHash": f"{3:064}",
        "available": True,
        "content": "# Prices\n",
        "extractedData": {"price": 3},
        "capturedAt": "",
        "createdAt": "",
    }
    assert (await api.client.get(f"{address}/content", params={"hash": f"{3:064}"})).json() == found
    assert (await api.client.get(f"{address}/content", params={"hash": f"{9:064}"})).status_code == 404
    [run, *_] = (await api.client.get(f"{address}/runs")).json()["runs"]
    assert (run["outcome"], run["failedPages"], run["error"]) == ("failed", 1, "No such host. (dns_error)")


async def test_another_key_is_told_that_there_is_no_such_monitor(api: Api, database: Database, monitor_id: str) -> None:
    _, secret = await Keys(database).create("other")
    other = {"X-API-Key": secret}
    delivery = f"whd_{0:032}"
    for method, path in (
        *(("GET", path) for path in ("snapshots", "runs", "pages", "deliveries", f"snapshots/snap_{3:024}")),
        ("GET", f"snapshots/snap_{3:024}/content"),
        ("GET", f"content?hash={3:064}"),
        ("POST", "test-alert"),
        ("POST", f"deliveries/{delivery}/retry"),
    ):
        answer = await api.client.request(method, f"/v1/monitors/{monitor_id}/{path}", headers=other)
        unknown = await api.client.request(method, f"/v1/monitors/{UNKNOWN}/{path}")
        assert (answer.status_code, answer.json()) == (404, unknown.json()), path


@pytest.mark.usefixtures("deliverer")
async def test_an_alert_is_tested_and_sent_again(api: Api, database: Database) -> None:
    answers = [Response(b"no", 410), Response(b"yes"), Response(b"yes")]
    async with HttpServer({"/hook": lambda _: answers.pop(0)}) as web:
        url = web.url("/hook", "127.0.0.1").replace("://", "://user:secret@")
        monitor_id = (await create(api, alertWebhookUrl=url))["id"]
        async with anakin.AsyncAnakin(api.secret, base_url=f"{api.url}/v1") as client:
            refused = await client.monitors.test_alert(monitor_id)
            assert (refused.success, refused.status) == (False, 410)
            taken = await client.monitors.test_alert(monitor_id)
            assert (taken.success, taken.status, taken.message) == (True, 200, "The receiver took the test.")
            last, first = await client.monitors.deliveries(monitor_id)
            assert (last.status, first.status, first.monitor_id) == ("success", "exhausted", monitor_id)
            await client.monitors.retry_delivery(monitor_id, first.id)
        path = f"/v1/monitors/{monitor_id}/deliveries"
        newer = (await api.client.get(path, params={"limit": 1})).json()
        older = (await api.client.get(path, params={"before": newer["next"]})).json()["deliveries"]
        assert [each["id"] for each in newer["deliveries"] + older] == [last.id, first.id]
        assert newer["deliveries"][0]["url"] == web.url("/hook", "***@127.0.0.1")
        assert orjson.loads(web.requests[0].body)["event"] == "webhook.test"
        quiet = (await create(api, url="https://example.com/other"))["id"]
        assert (await api.client.post(f"/v1/monitors/{quiet}/test-alert")).status_code == 409
        other = await api.client.post(f"/v1/monitors/{quiet}/deliveries/{first.id}/retry")
        assert other.status_code == 404


async def test_the_credentials_of_a_receiver_are_not_shown_and_stay(api: Api, database: Database) -> None:
    made: dict[str, Any] = await create(api, alertWebhookUrl="https://user:secret@receiver.example/hook?a=1")
    shown = made["alertWebhookUrl"]
    assert shown == "https://***@receiver.example/hook?a=1"
    path = f"/v1/monitors/{made['id']}"
    again = await api.client.put(path, json={"url": made["url"], "intervalMinutes": 30, "alertWebhookUrl": shown})
    assert (again.status_code, again.json()["alertWebhookUrl"], again.json()["intervalMinutes"]) == (200, shown, 30)
    [row] = await database.rows("SELECT alert_webhook_url FROM monitors")
    assert row["alert_webhook_url"] == "https://user:secret@receiver.example/hook?a=1"
    endpoint = (await api.client.post("/v1/webhooks", json={"url": "https://user:secret@receiver.example/"})).json()
    assert endpoint["url"] == "https://***@receiver.example/"
    await api.client.patch(f"/v1/webhooks/{endpoint['id']}", json={"url": endpoint["url"], "isActive": False})
    [row] = await database.rows("SELECT url, is_active FROM webhook_endpoints")
    assert (row["url"], row["is_active"]) == ("https://user:secret@receiver.example/", False)
