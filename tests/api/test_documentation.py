"""docs/api.md tells everything, and its examples work."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
from typing import TYPE_CHECKING

import pytest
from tests.conftest import ROOT

from pagemill.errors import PageError, PagemillError, RequestError
from pagemill.errors.explanations import PAGE_ERRORS
from pagemill.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.conftest import Api, SimulatedWorker

    from pagemill.jobs.database.pool import Database

TEXT = (ROOT / "docs" / "api.md").read_text()
CODE_BLOCKS = re.findall(r"(?:^    .*\n)+", TEXT, re.MULTILINE)
EXAMPLES = [re.sub(r"^    ", "", block, flags=re.MULTILINE) for block in CODE_BLOCKS if block.startswith("    curl")]


def subclasses(of: type[PagemillError]) -> Iterator[type[PagemillError]]:
    for subclass in of.__subclasses__():
        yield subclass
        yield from subclasses(subclass)


def section(title: str) -> str:
    return TEXT.split(f"# {title}\n")[1].split("\n#")[0]


async def test_every_endpoint_is_documented(api: Api) -> None:
    document = (await api.client.get("/openapi.json")).json()
    endpoints = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    assert endpoints == set(re.findall(r"^\| \[?`([A-Z]+ /[^`]*)`", TEXT, re.MULTILINE))


async def test_every_field_is_documented(api: Api) -> None:
    schemas = (await api.client.get("/openapi.json")).json()["components"]["schemas"]
    asked = {name for model in ("ScrapeRequest", "BatchRequest") for name in schemas[model]["properties"]}
    assert asked == set(re.findall(r"^\| `(\w+)` \|", section("Submitting"), re.MULTILINE))
    answered = {name for model in ("SingleJob", "BatchJob", "BatchResult") for name in schemas[model]["properties"]}
    assert not {name for name in answered if f"`{name}`" not in section("Reading a job")}


def test_every_error_code_is_documented() -> None:
    documented = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", section("Errors"), re.MULTILINE))
    codes = {
        error.code: str(error.http_status) for error in subclasses(RequestError) if issubclass(error, RequestError)
    }
    assert documented == codes | {"invalid_request": "400", "internal_error": "500"}
    rows = re.findall(r"^\| `(\w+)` \| (.*) \| (.*) \|$", section("Why pages fail"), re.MULTILINE)
    reasons = {code: (re.sub(r"\[(.*?)\]\(.*?\)", r"\1", meaning), advice) for code, meaning, advice in rows}
    assert set(reasons) == {error.code for error in subclasses(PageError)}
    assert reasons == PAGE_ERRORS


def test_every_setting_named_exists() -> None:
    named = set(re.findall(r"PAGEMILL_(\w+)", TEXT))
    assert named <= {name.upper() for name in Settings.by_name()}


async def ids(api: Api, worker: SimulatedWorker, database: Database) -> dict[str, str]:
    """What the examples ask for: a job, one that failed, an endpoint of webhooks and a delivery."""
    endpoint = await api.client.post("/v1/webhooks", json={"url": "http://127.0.0.1:2/"})
    watched = {"url": "https://example.com/", "intervalMinutes": 60, "alertWebhookUrl": "http://127.0.0.1:2/"}
    monitor_id = (await api.client.post("/v1/monitors", json=watched)).json()["id"]
    snapshot_id = f"snap_{0:024}"
    await database.rows(
        "WITH page AS (INSERT INTO monitor_pages (monitor_id, page, url, captured_at, seen_in, seen_at) "
        "VALUES ($1, '\\x01', 'https://example.com/', now(), 'job_1', now())) INSERT INTO monitor_snapshots "
        "(id, monitor_id, page, job_id, url, content_hash, captured_at) "
        "VALUES ($2, $1, '\\x01', 'job_1', 'https://example.com/', '00', now())",
        *(monitor_id, snapshot_id),
    )
    batch = await api.client.post("/v1/batches", content="https://example.com/")
    await api.server.app.state.resources.batches.release()
    await worker.complete_all()
    failed = await api.submit("https://example.com/")
    await worker.fail((await worker.start_all())[0])

    async def submitted(path: str) -> str:
        answer = await api.client.post(f"/v1/{path}", json={"url": "https://example.com/"})
        return str(answer.json()["id"])

    delivery = (await api.client.get("/v1/webhooks/deliveries")).json()[0]
    alert = await api.client.post(f"/v1/monitors/{monitor_id}/test-alert")
    return {
        "ID": await api.submit("https://example.com/"),
        "MAP_ID": await submitted("map"),
        "BATCH_ID": batch.json()["id"],
        "CRAWL_ID": await submitted("crawl"),
        "MONITOR_ID": monitor_id,
        "SNAPSHOT_ID": snapshot_id,
        "ALERT_ID": alert.json()["deliveryId"],
        "FAILED_ID": failed,
        "ENDPOINT_ID": endpoint.json()["id"],
        "DELIVERY_ID": delivery["id"],
    }


@pytest.mark.usefixtures("deliverer")
async def test_every_example_works(api: Api, worker: SimulatedWorker, database: Database) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    environment = {**os.environ, "KEY": api.secret, **await ids(api, worker, database)}

    async def work() -> None:
        while True:
            await worker.complete_all()
            await asyncio.sleep(0.05)

    working = asyncio.create_task(work())
    try:
        assert len(EXAMPLES) >= 18
        for example in EXAMPLES:
            command = example.replace("http://127.0.0.1:8080", api.url).replace("curl ", "curl -sS --fail-with-body ")
            process = await asyncio.create_subprocess_shell(command, env=environment, stdout=asyncio.subprocess.PIPE)
            output, _ = await process.communicate()
            assert process.returncode == 0, (example, output)
            assert output if "/r/" in example else json.loads(output), example
    finally:
        working.cancel()
