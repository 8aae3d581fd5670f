"""Webhooks of jobs submitted under /v2: the bodies, the signature and the events that Firecrawl documents."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.web.http_server import HttpServer, Response

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.api.conftest import Api, SimulatedWorker

    from pagemill.jobs.database.pool import Database

URLS = ["https://example.com/a", "https://example.com/b"]
METADATA = {"project": "Brot", "ids": [1, {"größe": None}]}
CONTENT = {
    "markdown": "# Größe\n",
    "links": [{"href": "https://example.com/c", "text": "c"}, {"href": "https://example.com/c", "text": "C"}],
    "metadata": {"title": "Brot", "open_graph": {"locale:alternate": "de"}},
}


@pytest.fixture
async def receiver(deliverer: None) -> AsyncIterator[HttpServer]:
    async with HttpServer({path: Response(b"thanks") for path in ("/", "/hook", "/endpoint")}) as receiver:
        yield receiver


async def submit(api: Api, path: str, **body: Any) -> dict[str, Any]:
    answer = await api.client.post(f"/v2/{path}", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def told(receiver: HttpServer, count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(20):
        while len(receiver.requests) < count:
            await asyncio.sleep(0.02)
    bodies = [json.loads(request.body) for request in receiver.requests[:count]]
    receiver.requests.clear()
    return sorted(bodies, key=lambda body: (body["type"], str(body["data"])))


async def test_a_batch_tells_of_its_pages_and_its_end(api: Api, worker: SimulatedWorker, receiver: HttpServer) -> None:
    webhook = {"url": receiver.url("/hook"), "metadata": METADATA}
    await api.client.post("/v1/webhooks", json={"url": receiver.url("/endpoint"), "events": ["page.completed"]})
    submitted = await submit(api, "batch/scrape", urls=URLS, formats=["markdown", "links"], webhook=webhook)
    assert "warning" not in submitted
    first, second = await worker.start_all()
    await worker.complete(first, CONTENT)
    await worker.fail(second)
    async with asyncio.timeout(20):
        while len(receiver.requests) < 3:
            await asyncio.sleep(0.02)
    secret = (await api.client.get("/v1/webhooks/signing-secret")).json()["secret"]
    for request in receiver.requests:
        assert request.target == "/hook"  # endpoints are not told of the pages of batches
        signed = "sha256=" + hmac.new(secret.encode(), request.body, hashlib.sha256).hexdigest()
        assert request.headers["x-firecrawl-signature"] == signed
    end, page, start = await told(receiver, 3)
    assert start.pop("webhookId")
    assert start == {
        "success": True,
        "type": "batch_scrape.started",
        "id": submitted["id"],
        "data": [],
        "metadata": METADATA,
    }
    assert end.pop("webhookId") != page.pop("webhookId")
    assert end == {
        "success": True,
        "type": "batch_scrape.completed",
        "id": submitted["id"],
        "data": [],
        "metadata": METADATA,
    }
    [document] = page.pop("data")
    assert document == {
        "metadata": {
            "title": "Brot",
            "ogLocaleAlternate": ["de"],
            "sourceURL": URLS[0],
            "url": URLS[0],
            "statusCode": 200,
            "cacheState": "miss",
        },
        "markdown": "# Größe\n",
        "links": ["https://example.com/c"],
    }
    assert (page["type"], page["id"], page["metadata"]) == ("batch_scrape.page", submitted["id"], METADATA)


async def test_only_the_events_that_are_named_are_told(api: Api, worker: SimulatedWorker, receiver: HttpServer) -> None:
    hook = receiver.url("/hook")
    crawl = await submit(api, "crawl", url=URLS[0], webhook={"url": hook, "events": ["failed"]})
    batch = await submit(api, "batch/scrape", urls=URLS, webhook={"url": hook, "events": ["started", "page"]})
    assert "warning" not in batch
    extract = await submit(api, "extract", urls=URLS[:1], prompt="The title.", webhook=hook)
    for started, job in zip(await told(receiver, 2), (batch, extract), strict=True):
        assert (started["type"].partition(".")[2], started["id"]) == ("started", job["id"])
    for page in await worker.start_all():
        await (worker.fail(page) if page.job_id == crawl["id"] else worker.complete(page, {"markdown": "Ünï\n"}))
    failed, *pages, data = sorted(await told(receiver, 4), key=lambda body: (body["success"], body["type"]))
    assert (failed["type"], failed["id"], failed["success"]) == ("crawl.failed", crawl["id"], False)
    assert "connection_refused" in failed["error"]
    assert [(page["type"], page["data"][0]["markdown"]) for page in pages] == [("batch_scrape.page", "Ünï\n")] * 2
    assert (data["type"], data["id"]) == ("extract.completed", extract["id"])


SECRET = "Bearer s3cret-of-the-receiver"


async def test_headers_of_the_request_go_to_the_receiver_and_are_kept_encrypted(
    api: Api, worker: SimulatedWorker, receiver: HttpServer, database: Database, capfd: pytest.CaptureFixture[str]
) -> None:
    headers = {"Authorization": SECRET, "User-Agent": "ours/1", "X-Empty": ""}
    webhook = {"url": receiver.url("/hook"), "events": ["started", "completed"], "headers": headers}
    key = {"x-idempotency-key": "again"}
    body = {"url": URLS[0], "webhook": webhook}
    first, again = [await api.client.post("/v2/crawl", json=body, headers=key) for _ in range(2)]
    assert first.json()["id"] == again.json()["id"]
    assert "warning" not in first.json()
    other = {**body, "webhook": {**webhook, "headers": {"Authorization": "another"}}}
    assert (await api.client.post("/v2/crawl", json=other, headers=key)).status_code == 409
    await worker.complete_all({"markdown": "text"})
    async with asyncio.timeout(20):
        while len(receiver.requests) < 2:
            await asyncio.sleep(0.02)
    for request in receiver.requests:
        assert (request.headers["authorization"], request.headers["user-agent"]) == (SECRET, "ours/1")
        assert (request.headers["x-empty"], request.headers["content-type"]) == ("", "application/json")
    paths = ("/v1/webhooks/deliveries", f"/v2/crawl/{first.json()['id']}")
    shown = [(await api.client.get(path)).text for path in paths]
    [kept] = await database.rows("SELECT to_jsonb(jobs)::text AS row FROM jobs WHERE id = $1", first.json()["id"])
    for text in (*shown, kept["row"], capfd.readouterr().out):
        assert SECRET not in text
    assert "sealed_headers" in kept["row"]

    # Without the key that they were encrypted with, nothing is sent.
    await database.rows(
        "UPDATE jobs SET webhook = jsonb_set(webhook, '{sealed_headers}', to_jsonb($1::text)) WHERE id = $2",
        base64.b64encode(bytes(60)).decode(),
        first.json()["id"],
    )
    receiver.requests.clear()
    [delivery, _] = (await api.client.get("/v1/webhooks/deliveries")).json()
    await api.client.post(f"/v1/webhooks/deliveries/{delivery['id']}/resend")
    async with asyncio.timeout(20):
        while not (failed := (await api.client.get("/v1/webhooks/deliveries?status=failed")).json()):
            await asyncio.sleep(0.02)
    assert (failed[0]["id"], failed[0]["error"][-16:]) == (delivery["id"], "(internal_error)")
    assert receiver.requests == []


async def test_endpoints_cannot_ask_for_the_start(api: Api) -> None:
    answer = await api.client.post("/v1/webhooks", json={"url": "https://example.com/", "events": ["job.started"]})
    assert (answer.status_code, "job.started" in (await api.client.get("/v1/webhooks/events")).json()) == (400, False)


async def test_contents_that_are_too_large_stay_out(api: Api, worker: SimulatedWorker, receiver: HttpServer) -> None:
    await submit(api, "batch/scrape", urls=URLS[:1], webhook={"url": receiver.url("/"), "events": ["page"]})
    await worker.complete_all({"markdown": "a" * 2_000_000})  # hardly anything as it is stored
    [page] = await told(receiver, 1)
    [document] = page["data"]
    assert "markdown" not in document
    assert "too large" in document["warning"]
    assert document["metadata"]["sourceURL"] == URLS[0]


@pytest.mark.parametrize(
    ("webhook", "named"),
    [
        ({"url": "ftp://example.com/"}, "webhook.url"),
        ({"url": URLS[0], "events": ["ended"]}, "webhook.events[0]"),
        ({"url": URLS[0], "metadata": "text"}, "webhook.metadata"),
        ({"url": URLS[0], "headers": {"X-Firecrawl-Signature": "x"}}, "webhook.headers.X-Firecrawl-Signature"),
        ({"url": URLS[0], "headers": {"Host": "x"}}, "webhook.headers.Host"),
        ({"url": URLS[0], "headers": {"a": "b\r\nc: d"}}, "webhook.headers"),
        ({"url": URLS[0], "headers": "text"}, "webhook.headers"),
        ({"url": URLS[0], "metadata": {"text": "x" * 9000}}, "webhook.metadata"),
    ],
)
async def test_what_is_not_valid_is_refused(api: Api, webhook: dict[str, Any], named: str) -> None:
    answer = await api.client.post("/v2/crawl", json={"url": URLS[0], "webhook": webhook})
    assert answer.status_code == 400
    assert named in answer.json()["error"]
