"""Submitting, reading and waiting, as clients do it."""

from __future__ import annotations

import asyncio
import re
import time
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from tests.api.conftest import CONTENT, serving

if TYPE_CHECKING:
    from tests.api.conftest import Api, PlayedWorker

    from pagemill.settings import Settings

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
URL = "https://example.com/page"


async def test_a_submission_is_answered_with_the_job(api: Api) -> None:
    answer = await api.client.post("/v1/url-scraper", json={"url": f"  {URL}\n"})
    assert answer.status_code == 202
    job = answer.json()
    assert job.pop("id") == job.pop("jobId")
    assert TIME.fullmatch(job.pop("createdAt"))
    assert job == {"status": "pending", "url": URL, "jobType": "url_scraper"}


async def test_a_batch_is_answered_with_the_job(api: Api) -> None:
    answer = await api.client.post("/v1/url-scraper/batch", json={"urls": [URL, URL + "2"]})
    assert answer.status_code == 202
    job = answer.json()
    assert re.fullmatch("batch_[0-9a-f]+", job.pop("id"))
    assert job.pop("jobId")
    assert TIME.fullmatch(job.pop("createdAt"))
    assert job == {"status": "pending", "urls": [URL, URL + "2"], "jobType": "batch_url_scraper"}


async def test_a_job_goes_from_pending_to_completed(api: Api, worker: PlayedWorker) -> None:
    job_id = await api.submit(URL)
    pending = await api.job(job_id)
    assert TIME.fullmatch(pending.pop("createdAt"))
    assert pending == {
        "id": job_id,
        "status": "pending",
        "url": URL,
        "jobType": "url_scraper",
        "country": "us",
        "html": None,
        "cleanedHtml": None,
        "markdown": None,
        "error": None,
    }
    (page,) = await worker.start_all()
    assert (await api.job(job_id))["status"] == "processing"
    await worker.complete(page)
    completed = await api.job(job_id)
    created, ended = (datetime.fromisoformat(completed.pop(name)) for name in ("createdAt", "completedAt"))
    duration = completed.pop("durationMs")
    assert isinstance(duration, int)
    assert abs((ended - created).total_seconds() * 1000 - duration) <= 1
    assert completed == {
        "id": job_id,
        "status": "completed",
        "url": URL,
        "jobType": "url_scraper",
        "country": "us",
        **CONTENT,
        "cached": False,
        "error": None,
        "fetchedWith": "http",
        "statusCode": 200,
        "finalUrl": URL,
    }


async def test_a_failed_job_says_why(api: Api, worker: PlayedWorker) -> None:
    job_id = await api.submit(URL)
    (page,) = await worker.start_all()
    await worker.fail(page, "dns_error", "There is no such host.")
    job = await api.job(job_id)
    assert job["status"] == "failed"
    assert job["error"] == "There is no such host. (dns_error)"
    assert (job["html"], job["cleanedHtml"], job["markdown"], job["cached"]) == (None, None, None, False)
    assert TIME.fullmatch(job["completedAt"])


async def test_only_what_was_asked_for_is_answered(api: Api, worker: PlayedWorker) -> None:
    job_id = await api.submit(URL, formats=["markdown", "links", "images", "markdown"])
    links = [{"href": "https://example.com/", "text": "home"}]
    await worker.complete_all({**CONTENT, "links": links, "images": []})
    job = await api.job(job_id)
    assert (job["html"], job["cleanedHtml"], job["markdown"]) == (None, None, CONTENT["markdown"])
    assert (job["links"], job["images"]) == (links, [])


async def test_no_formats_are_the_default_ones(api: Api, worker: PlayedWorker) -> None:
    nothing: tuple[object, ...] = (None, [])
    for formats in nothing:
        job_id = await api.submit(URL, formats=formats)
        await worker.complete_all({**CONTENT, "links": []})
        job = await api.job(job_id)
        assert {name: job[name] for name in CONTENT} == CONTENT
        assert "links" not in job


async def test_a_batch_shows_every_url_from_the_start(api: Api, worker: PlayedWorker) -> None:
    urls = [f"https://example.com/{number}" for number in range(3)]
    job_id = await api.submit(*urls, country="DE")
    batch = await api.job(job_id)
    assert (batch["status"], batch["country"], batch["urls"]) == ("pending", "de", urls)
    assert [(item["index"], item["url"], item["status"]) for item in batch["results"]] == [
        (number, url, "pending") for number, url in enumerate(urls)
    ]
    assert not {"completedAt", "durationMs"} & batch.keys()
    assert not any({"cached", "durationMs"} & item.keys() for item in batch["results"])


async def test_a_running_batch_shows_what_is_there(api: Api, worker: PlayedWorker) -> None:
    job_id = await api.submit(*[f"https://example.com/{number}" for number in range(3)])
    first, second, third = await worker.start_all()
    await worker.complete(second)
    await worker.fail(third)
    batch = await api.job(job_id, include="contents")
    assert batch["status"] == "processing"
    assert [item["status"] for item in batch["results"]] == ["processing", "completed", "failed"]
    assert [item["markdown"] for item in batch["results"]] == [None, CONTENT["markdown"], None]
    assert [item["error"] for item in batch["results"]] == [None, None, "The host refused. (connection_refused)"]
    assert [isinstance(item.get("durationMs"), int) for item in batch["results"]] == [False, True, True]
    await worker.complete(first)
    batch = await api.job(job_id)
    assert (batch["status"], [item["status"] for item in batch["results"]]) == (
        "completed",
        ["completed", "completed", "failed"],
    )
    assert isinstance(batch["durationMs"], int)


async def test_a_batch_fails_when_every_url_failed(api: Api, worker: PlayedWorker) -> None:
    job_id = await api.submit("https://a.example", "https://b.example")
    for page in await worker.start_all():
        await worker.fail(page)
    batch = await api.job(job_id)
    assert batch["status"] == "failed"
    assert TIME.fullmatch(batch["completedAt"])


async def test_both_paths_show_both_kinds_of_job(api: Api, worker: PlayedWorker) -> None:
    ids = [await api.submit(URL), await api.submit(URL, URL)]
    await worker.complete_all()
    for job_id in ids:
        plain = await api.client.get(f"/v1/url-scraper/{job_id}")
        other = await api.client.get(f"/v1/url-scraper/batch/{job_id}/")
        assert (other.status_code, other.json()) == (200, plain.json())


async def test_no_such_job(api: Api) -> None:
    for job_id in ("job_000000000000000000000000", "x", "job_%00", "batch", "..%2f..%2fkeys", "é"):
        answer = await api.client.get(f"/v1/url-scraper/{job_id}?wait=5")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), job_id


async def test_a_wait_ends_with_the_job(api: Api, worker: PlayedWorker) -> None:
    job_id = await api.submit(URL)
    waiting = asyncio.create_task(api.job(job_id, wait=20))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    started = time.monotonic()
    await worker.complete_all()
    assert (await waiting)["markdown"] == CONTENT["markdown"]
    assert time.monotonic() - started < 1, "the notice of the end did not arrive"


async def test_a_wait_ends_with_its_time(api: Api) -> None:
    job_id = await api.submit(URL)
    started = time.monotonic()
    assert (await api.job(job_id, wait=0.3))["status"] == "pending"
    assert 0.3 <= time.monotonic() - started < 2


async def test_a_wait_out_of_range_is_refused(api: Api) -> None:
    for wait in ("-1", "61", "nan", "inf", "soon", ""):
        answer = await api.client.get("/v1/url-scraper/job_0", params={"wait": wait})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request"), wait
        assert "`wait`" in answer.json()["message"]


@pytest.mark.parametrize("path", ["/v1/scrape", "/v1/url-scraper/scrape"])
async def test_scrape_holds_until_the_end(api: Api, worker: PlayedWorker, path: str) -> None:
    request = asyncio.create_task(api.client.post(path, json={"url": URL}))
    await worker.complete(await worker.start_next())
    answer = await request
    job = answer.json()
    assert (answer.status_code, job["status"], job["markdown"]) == (200, "completed", CONTENT["markdown"])
    assert await api.job(job["id"]) == job


async def test_scrape_answers_200_when_the_page_failed(api: Api, worker: PlayedWorker) -> None:
    request = asyncio.create_task(api.client.post("/v1/scrape", json={"url": URL}))
    await worker.fail(await worker.start_next())
    answer = await request
    assert (answer.status_code, answer.json()["status"]) == (200, "failed")


async def test_scrape_answers_202_when_time_runs_out(settings: Settings, key: tuple[str, str]) -> None:
    async with serving(settings.changed(inline_wait=0.2), key) as api:
        answer = await api.client.post("/v1/scrape", json={"url": URL})
        job = answer.json()
        assert (answer.status_code, job) == (202, {"id": job["id"], "jobId": job["id"], "status": "pending"})
        assert (await api.job(job["id"]))["url"] == URL


async def test_a_repeated_submission_is_the_first_ones_job(api: Api, worker: PlayedWorker) -> None:
    headers = {"Idempotency-Key": "once"}
    first = await api.client.post("/v1/url-scraper", json={"url": URL}, headers=headers)
    again = await api.client.post("/v1/url-scraper", json={"url": URL, "country": None}, headers=headers)
    assert again.json() == first.json()
    assert len(await worker.start_all()) == 1
    other = await api.client.post("/v1/url-scraper", json={"url": URL, "formats": ["html"]}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "conflict")
    batch = await api.client.post("/v1/url-scraper/batch", json={"urls": [URL]}, headers=headers)
    assert batch.status_code == 409


async def test_the_same_submission_many_times_at_once_is_one_job(api: Api, worker: PlayedWorker) -> None:
    headers = {"Idempotency-Key": "once"}
    async with asyncio.TaskGroup() as group:
        posts = [
            group.create_task(api.client.post("/v1/url-scraper", json={"url": URL}, headers=headers)) for _ in range(20)
        ]
    assert {post.result().status_code for post in posts} == {202}
    assert len({post.result().json()["id"] for post in posts}) == 1
    assert len(await worker.start_all()) == 1


async def test_an_unusable_idempotency_key_is_refused(api: Api) -> None:
    for value in (b"", b"two words", b"x" * 256, "é".encode()):
        answer = await api.client.post("/v1/url-scraper", json={"url": URL}, headers=[(b"Idempotency-Key", value)])
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request"), value
        assert "Idempotency-Key" in answer.json()["message"]


async def test_one_bad_url_refuses_the_batch(api: Api, worker: PlayedWorker) -> None:
    answer = await api.client.post("/v1/url-scraper/batch", json={"urls": [URL, "ftp://example.com", "nothing"]})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_url")
    assert "`urls[1]`" in answer.json()["message"]
    assert await worker.start_all() == []


async def test_a_batch_has_a_limit(settings: Settings, key: tuple[str, str]) -> None:
    async with serving(settings.changed(max_batch_urls=2), key) as api:
        answer = await api.client.post("/v1/url-scraper/batch", json={"urls": [URL] * 3})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
        assert "`urls`" in answer.json()["message"]
        assert "2" in answer.json()["message"]
        document = (await api.client.get("/openapi.json")).json()
        assert document["components"]["schemas"]["BatchRequest"]["properties"]["urls"]["maxItems"] == 2


async def test_a_deleted_job_is_gone(api: Api, worker: PlayedWorker) -> None:
    from datetime import timedelta

    job_id = await api.submit(URL)
    await worker.complete_all()
    await api.server.app.state.resources.jobs.delete_ended(timedelta(0), 10)
    assert (await api.client.get(f"/v1/url-scraper/{job_id}")).status_code == 404
