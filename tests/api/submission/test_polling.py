"""Polls of batches: contents once, and nothing again that the client has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.api.conftest import Api, SimulatedWorker

URLS = ("https://example.com/a", "https://example.com/b")


@pytest.mark.parametrize("path", ["/v1/url-scraper", "/v1/url-scraper/batch", "/v1/request"])
async def test_contents_come_once_a_batch_has_ended(api: Api, worker: SimulatedWorker, path: str) -> None:
    job = f"{path}/{await api.submit(*URLS)}"
    first, second = await worker.start_all()
    await worker.complete(first)
    running = (await api.client.get(job)).json()
    assert [result["status"] for result in running["results"]] == ["completed", "processing"]
    assert [result["markdown"] for result in running["results"]] == [None, None]
    early = (await api.client.get(job, params={"include": "contents"})).json()
    assert early["results"][0]["markdown"]
    await worker.complete(second)
    ended = (await api.client.get(job)).json()
    assert all(result["markdown"] and result["html"] for result in ended["results"])


async def test_one_result_of_a_batch_comes_alone(api: Api, worker: SimulatedWorker) -> None:
    job_id = await api.submit(*URLS)
    await worker.complete((await worker.start_all())[1])
    early = await api.job(job_id, include="contents", index=1)
    assert [(result["index"], bool(result["markdown"])) for result in early["results"]] == [(1, True)]
    assert early["urls"] == list(URLS)
    assert [result["index"] for result in (await api.job(job_id, index=0))["results"]] == [0]
    assert (await api.job(job_id, include="contents", index=2))["results"] == []
    path = f"/v1/url-scraper/{job_id}"
    tags = {(await api.client.get(path, params=query)).headers["ETag"] for query in ({}, {"index": 0}, {"index": 1})}
    assert len(tags) == 3
    refused = await api.client.get(path, params={"index": -1})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_request")


async def test_nothing_is_sent_again_while_nothing_changes(api: Api, worker: SimulatedWorker) -> None:
    job = f"/v1/url-scraper/{await api.submit(*URLS)}"
    tags = []

    async def poll() -> int:
        headers = {"If-None-Match": ", ".join(('"other"', *tags))}
        answer = await api.client.get(job, headers=headers)
        if answer.status_code == 304:
            assert answer.content == b""
            assert answer.headers["ETag"] == tags[-1]
        else:
            tags.append(answer.headers["ETag"])
        return answer.status_code

    assert [await poll(), await poll()] == [200, 304]
    first, second = await worker.start_all()
    assert [await poll(), await poll()] == [200, 304]
    await worker.complete(first)
    assert [await poll(), await poll()] == [200, 304]
    included = await api.client.get(job, params={"include": "contents"}, headers={"If-None-Match": tags[-1]})
    assert included.status_code == 200, "the client does not have the contents"
    await worker.fail(second)
    assert [await poll(), await poll()] == [200, 304]
    assert len(set(tags)) == 4


async def test_the_status_alone(api: Api, worker: SimulatedWorker) -> None:
    for urls in (URLS, URLS[:1]):
        job_id = await api.submit(*urls)
        for status in ("pending", "completed"):
            answer = await api.client.get(f"/v1/url-scraper/{job_id}", params={"fields": "status"})
            assert answer.json() == {"id": job_id, "jobId": job_id, "status": status}
            await worker.complete_all()


@pytest.mark.parametrize("parameters", [{"fields": "html"}, {"include": "everything"}])
async def test_what_cannot_be_had_is_refused(api: Api, parameters: dict[str, str]) -> None:
    answer = await api.client.get(f"/v1/url-scraper/{await api.submit(*URLS)}", params=parameters)
    assert answer.status_code == 400
    assert f"`{next(iter(parameters))}`" in answer.json()["message"]


async def test_a_failed_batch_says_why(api: Api, worker: SimulatedWorker) -> None:
    job_id = await api.submit(*URLS)
    first, second = await worker.start_all()
    await worker.fail(second, "timeout", "The host took too long.")
    assert "error" not in await api.job(job_id)
    await worker.fail(first)
    reason = "2 of 2 URLs failed. The first: The host refused. (connection_refused)"
    assert (await api.job(job_id))["error"] == reason
    assert (await api.client.get("/v1/jobs")).json()["jobs"][0]["error"] == reason


async def test_a_batch_that_completed_in_part_has_no_error(api: Api, worker: SimulatedWorker) -> None:
    job_id = await api.submit(*URLS)
    first, second = await worker.start_all()
    await worker.fail(first)
    await worker.complete(second)
    job = await api.job(job_id)
    assert job["status"] == "completed"
    assert "error" not in job
