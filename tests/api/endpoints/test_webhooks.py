"""Webhooks over HTTP, with a real receiver; the tests play the worker's pages, and deliver as a worker does."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import anakin
import orjson
import pytest
from tests.api.conftest import serving
from tests.web.http_server import HttpServer, Response

from pagemill.jobs.keys.keys import Keys

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.api.conftest import Api, SimulatedWorker

    from pagemill.jobs.database.pool import Database
    from pagemill.settings import Settings

URL = "https://example.com/"
HOOK = "https://example.com/hook"
JOB_EVENTS = ["job.completed", "job.failed", "batch.completed"]
SITE_EVENTS = ["map.completed", "map.failed", "crawl.completed", "crawl.failed", "page.completed"]


@pytest.fixture
async def receiver() -> AsyncIterator[HttpServer]:
    async with HttpServer({"/hook": Response(b"thanks")}) as receiver:
        yield receiver


async def created(api: Api, **fields: Any) -> dict[str, Any]:
    answer = await api.client.post("/v1/webhooks", json={"url": HOOK, **fields})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def delivery(api: Api, **parameters: Any) -> dict[str, Any]:
    """The only delivery, once it was attempted."""
    async with asyncio.timeout(60):
        while True:
            [found] = (await api.client.get("/v1/webhooks/deliveries", params=parameters)).json()
            if found["status"] != "pending":
                return dict(found)
            await asyncio.sleep(0.02)


async def test_a_secret_is_shown_once(api: Api) -> None:
    endpoint = await created(api, description="ours", events=["job.failed"])
    assert endpoint.keys() == {"id", "url", "description", "events", "isActive", "secret", "createdAt"}
    assert re.fullmatch(r"whsec_[\w-]{43}", endpoint["secret"])
    assert (endpoint["events"], endpoint["isActive"]) == (["job.failed"], True)
    del endpoint["secret"]
    assert (await api.client.get("/v1/webhooks")).json() == [endpoint]


async def test_without_events_an_endpoint_hears_of_all_ends(api: Api) -> None:
    endpoint = await created(api)
    assert endpoint["events"] == JOB_EVENTS
    assert "description" not in endpoint


async def test_an_endpoint_may_begin_paused(api: Api) -> None:
    assert (await created(api, isActive=False))["isActive"] is False
    assert (await created(api, isActive=None))["isActive"] is True
    answer = await api.client.post("/v1/webhooks", json={"url": HOOK, "isActive": "x"})
    assert (answer.status_code, "`isActive`" in answer.json()["message"]) == (400, True)


async def test_an_endpoint_can_be_changed_and_deleted(api: Api) -> None:
    endpoint = await created(api)
    path = f"/v1/webhooks/{endpoint['id']}"
    changed = await api.client.patch(path, json={"isActive": False, "description": "paused"})
    assert changed.json() == {k: v for k, v in endpoint.items() if k != "secret"} | {
        "isActive": False,
        "description": "paused",
    }
    changed = await api.client.patch(path, json={"url": f"{HOOK}/2", "events": ["webhook.test"], "isActive": None})
    assert (changed.json()["url"], changed.json()["events"]) == (f"{HOOK}/2", ["webhook.test"])
    assert changed.json()["isActive"] is False
    deleted = await api.client.delete(path)
    assert (deleted.status_code, deleted.json()) == (200, {"id": endpoint["id"], "deleted": True})
    for answer in (
        await api.client.delete(path),
        await api.client.patch(path, json={}),
        await api.client.post(f"{path}/test"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("fields", "code", "name"),
    [
        ({}, "invalid_request", "`url`"),
        ({"url": 5}, "invalid_request", "`url`"),
        ({"url": "ftp://example.com"}, "invalid_url", "`url`"),
        ({"url": HOOK, "events": ["job.begun"]}, "invalid_request", "`events[0]`"),
        ({"url": HOOK, "events": []}, "invalid_request", "`events`"),
        ({"url": HOOK, "events": "job.failed"}, "invalid_request", "`events`"),
        ({"url": HOOK, "description": "a\0b"}, "invalid_request", "`description`"),
    ],
)
async def test_what_is_no_endpoint_is_refused(api: Api, fields: dict[str, Any], code: str, name: str) -> None:
    answer = await api.client.post("/v1/webhooks", json=fields)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert name in answer.json()["message"]
    assert (await api.client.get("/v1/webhooks")).json() == []


async def test_the_events_are_told(api: Api) -> None:
    assert (await api.client.get("/v1/webhooks/events")).json() == [
        *JOB_EVENTS,
        *SITE_EVENTS,
        "monitor.changed",
        "webhook.test",
    ]


@pytest.mark.usefixtures("deliverer")
async def test_a_requests_webhook_is_told_what_the_job_shows(
    api: Api, worker: SimulatedWorker, receiver: HttpServer
) -> None:
    for urls, fail in (([URL], False), ([URL], True), ([URL, f"{URL}b"], True)):
        job_id = await api.submit(*urls, webhook_url=receiver.url("/hook"))
        for page in await worker.start_all():
            await (worker.fail(page) if fail and page.url == URL else worker.complete(page))
        entry = await delivery(api, jobId=job_id)
        assert entry["status"] == "success"
        assert "endpointId" not in entry
        payload = orjson.loads(receiver.requests[-1].body)
        shown = await api.job(job_id)
        for part in (shown, *shown.get("results", ())):
            for name in ("html", "cleanedHtml", "markdown"):
                part.pop(name, None)
        assert payload["data"] == shown
        assert payload == {
            "event": "batch.completed" if len(urls) > 1 else f"job.{shown['status']}",
            "id": entry["id"],
            "jobId": job_id,
            "status": shown["status"],
            "createdAt": shown["createdAt"],
            "completedAt": shown["completedAt"],
            "data": shown,
            "url": f"http://127.0.0.1:8080/v1/url-scraper/{job_id}",
        }


async def test_a_webhook_url_that_is_none_is_named(api: Api) -> None:
    for body in ({"url": URL}, {"urls": [URL]}):
        path = "/v1/url-scraper/batch" if "urls" in body else "/v1/url-scraper"
        answer = await api.client.post(path, json={**body, "webhook_url": "example.com/hook"})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_url")
        assert "`webhook_url`" in answer.json()["message"]


async def test_a_receiver_that_nothing_may_be_sent_to_is_refused_wherever_it_is_given(
    settings: Settings, key: tuple[str, str]
) -> None:
    inside = "http://10.0.0.1/hook"
    page, site = {"url": "https://example.com/"}, {"url": "https://example.com/", "webhook_url": inside}
    asked: list[tuple[str, dict[str, Any], str]] = [
        ("/v1/url-scraper", site, "webhook_url"),
        ("/v1/url-scraper/batch", {"urls": ["https://example.com/"], "webhookUrl": inside}, "webhook_url"),
        ("/v1/map", site, "webhook_url"),
        ("/v1/crawl", site, "webhook_url"),
        ("/v1/monitors", {**page, "intervalMinutes": 60, "alertWebhookUrl": inside}, "alertWebhookUrl"),
        ("/v1/webhooks", {"url": inside}, "url"),
        ("/v2/crawl", {**page, "webhook": inside}, "webhook.url"),
    ]
    async with serving(settings.changed(allowed_networks=()), key) as api:
        for path, body, field in asked:
            answer = await api.client.post(path, json=body)
            said = answer.json().get("message") or answer.json()["error"]
            assert answer.status_code == 400, (path, said)
            assert f"`{field}`" in said, (path, said)
            assert "10.0.0.1 is not a public one" in said, (path, said)
        endpoint = (await api.client.post("/v1/webhooks", json={"url": "https://a.example/"})).json()
        changed = await api.client.patch(f"/v1/webhooks/{endpoint['id']}", json={"url": inside})
        assert (changed.status_code, changed.json()["code"]) == (400, "invalid_url")
        assert (await api.client.get("/v1/jobs")).json()["jobs"] == []


@pytest.mark.usefixtures("deliverer")
async def test_the_accounts_secret_signs_a_requests_webhook(
    api: Api, worker: SimulatedWorker, receiver: HttpServer
) -> None:
    secret = (await api.client.get("/v1/webhooks/signing-secret")).json()["secret"]
    assert (await api.client.get("/v1/webhooks/signing-secret")).json() == {"secret": secret}
    rotated = (await api.client.post("/v1/webhooks/signing-secret/rotate")).json()["secret"]
    assert rotated != secret
    job_id = await api.submit(URL, webhook_url=receiver.url("/hook"))
    await worker.complete_all()
    await delivery(api, jobId=job_id)
    [request] = receiver.requests
    sent = request.headers["x-anakin-signature"]
    assert anakin.verify_webhook_signature(request.body, sent, rotated)
    assert not anakin.verify_webhook_signature(request.body, sent, secret)


@pytest.mark.usefixtures("deliverer")
async def test_the_log_can_be_narrowed_and_a_delivery_resent(
    api: Api, worker: SimulatedWorker, receiver: HttpServer
) -> None:
    endpoint = await created(api, url=receiver.url("/hook"))
    jobs = [await api.submit(URL) for _ in range(3)]
    await worker.complete_all()
    entry = await delivery(api, jobId=jobs[0])
    assert entry.keys() == {
        *("id", "endpointId", "jobId", "event", "channel", "url", "status", "httpStatus", "attempts", "createdAt")
    }
    assert (entry["endpointId"], entry["event"], entry["channel"]) == (endpoint["id"], "job.completed", "webhook")
    assert (entry["url"], entry["httpStatus"], entry["attempts"]) == (receiver.url("/hook"), 200, 1)
    for job_id in jobs:
        await delivery(api, jobId=job_id)
    for parameters, count in (
        ({}, 3),
        ({"limit": 2}, 2),
        ({"endpointId": endpoint["id"], "event": "job.completed", "status": "success"}, 3),
        ({"status": "exhausted"}, 0),
        ({"event": "job.failed"}, 0),
        ({"endpointId": "whe_0"}, 0),
    ):
        answer = await api.client.get("/v1/webhooks/deliveries", params=parameters)
        assert len(answer.json()) == count, parameters
    sent = len(receiver.requests)
    answer = await api.client.post(f"/v1/webhooks/deliveries/{entry['id']}/resend")
    assert (answer.status_code, answer.json()["id"]) == (202, entry["id"])
    again = await delivery(api, jobId=jobs[0])
    assert (again["attempts"], len(receiver.requests)) == (2, sent + 1)
    assert receiver.requests[-1].body in [request.body for request in receiver.requests[:-1]]


@pytest.mark.parametrize("parameters", [{"status": "lost"}, {"event": "x"}, {"limit": 0}, {"limit": 501}])
async def test_a_log_that_cannot_be_is_refused(api: Api, parameters: dict[str, Any]) -> None:
    answer = await api.client.get("/v1/webhooks/deliveries", params=parameters)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


@pytest.mark.usefixtures("deliverer")
async def test_a_test_says_how_it_went(api: Api, receiver: HttpServer, unused_port: int) -> None:
    receiver.routes["/broken"] = Response(b"", 503)
    good, bad = await created(api, url=receiver.url("/hook")), await created(api, url=receiver.url("/broken"))
    dead = await created(api, url=f"http://127.0.0.1:{unused_port}/")
    answers = [(await api.client.post(f"/v1/webhooks/{e['id']}/test")).json() for e in (good, bad, dead)]
    assert [answer["success"] for answer in answers] == [True, False, False]
    assert [answer.get("httpStatus") for answer in answers] == [200, 503, None]
    assert all(answer["deliveryId"].startswith("whd_") for answer in answers)
    request = receiver.requests[0]
    assert orjson.loads(request.body)["event"] == "webhook.test"
    assert anakin.verify_webhook_signature(request.body, request.headers["x-anakin-signature"], good["secret"])


async def test_a_test_that_nobody_sends_says_so(settings: Settings, key: tuple[str, str]) -> None:
    async with serving(settings.changed(webhook_timeout=0.1), key) as api:
        endpoint = await created(api)
        answer = (await api.client.post(f"/v1/webhooks/{endpoint['id']}/test")).json()
        assert answer["success"] is False
        assert "httpStatus" not in answer


async def test_another_keys_webhooks_are_not_there(api: Api, worker: SimulatedWorker, database: Database) -> None:
    endpoint = await created(api)
    await api.submit(URL)
    await worker.complete_all()
    [entry] = (await api.client.get("/v1/webhooks/deliveries")).json()
    _, stranger = await Keys(database).create("stranger")
    headers = {"X-API-Key": stranger}
    assert (await api.client.get("/v1/webhooks", headers=headers)).json() == []
    assert (await api.client.get("/v1/webhooks/deliveries", headers=headers)).json() == []
    for method, path in (
        ("PATCH", endpoint["id"]),
        ("DELETE", endpoint["id"]),
        ("POST", f"{endpoint['id']}/test"),
        ("POST", f"deliveries/{entry['id']}/resend"),
    ):
        answer = await api.client.request(
            method, f"/v1/webhooks/{path}", headers=headers, json={} if method == "PATCH" else None
        )
        assert answer.status_code == 404, path


async def test_without_a_service_key_webhooks_are_refused_not_forgotten(
    settings: Settings, key: tuple[str, str]
) -> None:
    async with serving(settings.changed(secret_key=None), key) as api:
        for method, path, body in (
            ("POST", "/v1/webhooks", {"url": HOOK}),
            ("GET", "/v1/webhooks", None),
            ("GET", "/v1/webhooks/signing-secret", None),
            ("POST", "/v1/url-scraper", {"url": URL, "webhook_url": HOOK}),
            ("POST", "/v1/url-scraper/batch", {"urls": [URL], "webhook_url": HOOK}),
            ("POST", "/v1/url-scraper", {"url": URL, "saveSession": "shop"}),
        ):
            answer = await api.client.request(method, path, json=body)
            assert (answer.status_code, answer.json()["code"]) == (400, "not_supported"), path
            assert "PAGEMILL_SECRET_KEY" in answer.json()["message"]
        await api.submit(URL)


async def test_no_secret_stands_in_the_database(api: Api, database: Database) -> None:
    endpoint = await created(api)
    account = (await api.client.get("/v1/webhooks/signing-secret")).json()["secret"]
    for table in ("webhook_endpoints", "webhook_account_secrets"):
        rows = await database.rows(f"SELECT t::text AS text FROM {table} t")
        for secret in (endpoint["secret"], account):
            assert rows
            assert all(secret.removeprefix("whsec_") not in row["text"] for row in rows)
