"""Unknown fields of a request: accepted, named in the answer and in the log."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import structlog

from pagemill.api.submission.warnings import LONGEST_NAME, MAX_WARNINGS
from pagemill.jobs.queue.store import JobStore

if TYPE_CHECKING:
    from tests.api.conftest import Api, SimulatedWorker

    from pagemill.jobs.database.pool import Database

URL = "https://example.com/"


async def warnings(api: Api, path: str = "/v1/url-scraper", **fields: Any) -> list[str]:
    answer = await api.client.post(path, json={"url": URL, **fields})
    assert answer.status_code == 202, answer.text
    return list(answer.json().get("warnings", []))


async def test_unknown_fields_are_named_with_what_was_meant(api: Api) -> None:
    assert await warnings(api, useBrowser=False, maxAge=None) == []
    assert await warnings(api, useBrowsr=True, maxage=5, somethingElse={"a": 1}) == [
        "The field `useBrowsr` is not known, and was ignored. Did you mean `useBrowser`?",
        "The field `maxage` is not known, and was ignored. Did you mean `maxAge`?",
        "The field `somethingElse` is not known, and was ignored.",
    ]
    assert await warnings(api, force_fresh=True) == [
        "The field `force_fresh` is not known, and was ignored. Did you mean `forceFresh`?"
    ]


async def test_fields_within_a_list_too(api: Api) -> None:
    actions = [{"type": "click", "selector": "a"}, {"type": "wait", "milliseconds": 1, "millisecond": 2}]
    [warning] = await warnings(api, actions=actions)
    assert warning.startswith("The field `actions[1].millisecond` is not known")


async def test_batches_and_workflow_tools_too(api: Api) -> None:
    batch = await api.client.post("/v1/url-scraper/batch", json={"urls": [URL], "useBrowsr": True})
    assert len(batch.json()["warnings"]) == 1
    assert len(await warnings(api, "/v1/request", job_type="url_scraper", max_wait_time=300)) == 1


async def test_a_scrape_in_one_request_too(api: Api, worker: SimulatedWorker) -> None:
    asking = asyncio.create_task(api.client.post("/v1/scrape", json={"url": URL, "useBrowsr": True}))
    await worker.complete(await worker.start_next())
    answer = (await asking).json()
    assert answer["markdown"]
    assert len(answer["warnings"]) == 1


async def test_warnings_have_bounds(api: Api) -> None:
    found = await warnings(api, **{f"{number}{'x' * 1000}": number for number in range(100)})
    assert len(found) == MAX_WARNINGS + 1
    assert all(len(warning) < LONGEST_NAME + 100 for warning in found)
    assert found[-1].startswith("80 more")


async def test_the_log_has_names_and_no_values(api: Api) -> None:
    with structlog.testing.capture_logs() as entries:
        await warnings(api, apiToken="hush")
    [entry] = [entry for entry in entries if entry["event"] == "unknown request fields"]
    assert entry["fields"] == ["apiToken"]
    assert "hush" not in str(entries)


async def test_a_webhook_is_understood_in_camel_case(api: Api, database: Database) -> None:
    answer = await api.client.post("/v1/url-scraper", json={"url": URL, "webhookUrl": "https://example.com/hook"})
    assert "warnings" not in answer.json()
    job = await JobStore(database).get(answer.json()["id"], api.key_id)
    assert job is not None
    assert job.webhook_url == "https://example.com/hook"
