"""Listing, cancelling and retrying over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pagemill.jobs.keys.keys import Keys

if TYPE_CHECKING:
    from tests.api.conftest import Api, SimulatedWorker

    from pagemill.jobs.database.pool import Database

URL = "https://example.com/"


async def test_jobs_are_listed_newest_first_by_pages(api: Api) -> None:
    submitted = [await api.submit(f"{URL}{number}") for number in range(5)]
    listed, parameters = [], {"limit": "2"}
    while True:
        answer = (await api.client.get("/v1/jobs", params=parameters)).json()
        listed += [job["id"] for job in answer["jobs"]]
        if "next" not in answer:
            break
        assert len(answer["jobs"]) == 2
        parameters["before"] = answer["next"]
    assert listed == submitted[::-1]


async def test_a_listed_job_has_everything_but_its_contents(api: Api, worker: SimulatedWorker) -> None:
    single, batch = await api.submit(URL, country="de"), await api.submit(URL, f"{URL}b", f"{URL}c")
    page, first, second, _ = await worker.start_all()
    await worker.fail(page)
    await worker.complete(first)
    await worker.fail(second)
    jobs = (await api.client.get("/v1/jobs")).json()["jobs"]
    assert [job["id"] for job in jobs] == [batch, single]
    assert jobs[0]["status"] == "processing"
    assert (jobs[0]["pages"], jobs[0]["pagesCompleted"], jobs[0]["pagesFailed"]) == (3, 1, 1)
    assert jobs[0].keys() == {
        *("id", "status", "jobType", "url", "country", "pages", "pagesCompleted", "pagesFailed", "error", "createdAt")
    }
    assert jobs[1].keys() == jobs[0].keys() | {"cached", "completedAt", "durationMs"}
    assert jobs[1]["error"] == "The host refused. (connection_refused)"
    assert (jobs[1]["country"], jobs[1]["url"], jobs[1]["jobType"]) == ("de", URL, "url_scraper")
    assert isinstance(jobs[1]["durationMs"], int)


async def test_the_list_can_be_of_one_status(api: Api, worker: SimulatedWorker) -> None:
    failed = await api.submit(URL)
    [page] = await worker.start_all()
    await worker.fail(page)
    pending = await api.submit(URL)
    for status, expected in (("failed", [failed]), ("pending", [pending]), ("completed", []), ("processing", [])):
        answer = await api.client.get("/v1/jobs", params={"status": status})
        assert [job["id"] for job in answer.json()["jobs"]] == expected


@pytest.mark.parametrize(
    "parameters", [{"status": "lost"}, {"limit": "0"}, {"limit": "101"}, {"before": "job_0"}, {"before": "\0"}]
)
async def test_what_cannot_be_listed_is_refused(api: Api, parameters: dict[str, str]) -> None:
    answer = await api.client.get("/v1/jobs", params=parameters)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert f"`{next(iter(parameters))}`" in answer.json()["message"]


async def test_another_keys_jobs_are_not_there(api: Api, database: Database) -> None:
    job = await api.submit(URL)
    _, stranger = await Keys(database).create("stranger")
    headers = {"X-API-Key": stranger}
    assert (await api.client.get("/v1/jobs", headers=headers)).json() == {"jobs": []}
    assert (await api.client.get("/v1/jobs", params={"before": job}, headers=headers)).status_code == 400
    never = await api.client.delete("/v1/url-scraper/job_0")
    for answer in (
        await api.client.delete(f"/v1/url-scraper/{job}", headers=headers),
        await api.client.post(f"/v1/url-scraper/{job}/retry", headers=headers),
        await api.client.post("/v1/url-scraper/job_0/retry"),
    ):
        assert (answer.status_code, answer.json()) == (404, never.json())
    assert (await api.job(job))["status"] == "pending"


async def test_cancelling_ends_what_has_not_begun(api: Api, worker: SimulatedWorker) -> None:
    job = await api.submit(URL)
    answer = await api.client.delete(f"/v1/url-scraper/{job}")
    assert answer.status_code == 200
    assert answer.json() == {"id": job, "jobId": job, "status": "failed", "cancelled": 1}
    ended = await api.job(job)
    assert ended["status"] == "failed"
    assert ended["error"].endswith("(cancelled)")
    assert ended["createdAt"] <= ended["cancelledAt"] <= ended["completedAt"]
    [listed] = (await api.client.get("/v1/jobs")).json()["jobs"]
    assert listed["cancelledAt"] == ended["cancelledAt"]
    assert await worker.start_all() == []
    again = await api.client.delete(f"/v1/url-scraper/{job}")
    assert (again.status_code, again.json()["cancelled"]) == (200, 0)


async def test_what_has_begun_ends_as_it_would_have(api: Api, worker: SimulatedWorker, database: Database) -> None:
    batch = await api.submit(URL, f"{URL}b")
    [page, _] = await worker.start_all()
    await database.rows("UPDATE pages SET worker_id = NULL WHERE position = 1")  # its worker died
    answer = await api.client.delete(f"/v1/url-scraper/{batch}")
    assert (answer.json()["status"], answer.json()["cancelled"]) == ("processing", 1)
    begun = await api.job(batch)
    assert (begun["status"], "completedAt" in begun) == ("processing", False)
    await worker.complete(page)
    ended = await api.job(batch)
    assert (ended["status"], ended["cancelledAt"]) == ("completed", begun["cancelledAt"])
    assert (await api.client.delete(f"/v1/url-scraper/{batch}")).json()["cancelled"] == 0
    assert [result["status"] for result in ended["results"]] == ["completed", "failed"]


async def test_retrying_submits_what_failed_as_it_was(api: Api, worker: SimulatedWorker) -> None:
    batch = await api.submit(URL, f"{URL}b", f"{URL}c", country="de", formats=["links"])
    early = await api.client.post(f"/v1/url-scraper/{batch}/retry")
    assert (early.status_code, early.json()["code"]) == (409, "conflict")
    first, second, third = await worker.start_all()
    await worker.fail(first)
    await worker.complete(second)
    await worker.fail(third)
    answer = await api.client.post(f"/v1/url-scraper/{batch}/retry")
    assert answer.status_code == 202
    retried = answer.json()
    assert retried["id"] == retried["jobId"] != batch
    assert (retried["urls"], retried["status"], retried["jobType"]) == (
        [URL, f"{URL}c"],
        "pending",
        "batch_url_scraper",
    )
    assert (await api.job(retried["id"]))["country"] == "de"
    for page in await worker.start_all():
        await worker.complete(page, {"links": []})
    fine = await api.client.post(f"/v1/url-scraper/{retried['id']}/retry")
    assert (fine.status_code, fine.json()["code"]) == (409, "conflict")


async def test_retrying_under_one_idempotency_key_is_one_job(api: Api, worker: SimulatedWorker) -> None:
    job = await api.submit(URL)
    [page] = await worker.start_all()
    await worker.fail(page)
    headers = {"Idempotency-Key": "again"}
    answers = [await api.client.post(f"/v1/url-scraper/{job}/retry", headers=headers) for _ in range(2)]
    assert answers[0].json()["url"] == URL
    assert answers[0].json()["id"] == answers[1].json()["id"]
