from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest
from tests.web.generated_site import GeneratedSite

from pagemill.jobs.keys.keys import Keys
from pagemill.jobs.worker import Worker

if TYPE_CHECKING:
    from tests.api.conftest import Api

    from pagemill.jobs.database.pool import Database


@contextlib.asynccontextmanager
async def working(settings, **changes):
    stop = asyncio.Event()
    task = asyncio.create_task(Worker(settings.changed(host_interval=0.0, **changes), "worker").run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def test_a_map(api: Api, settings) -> None:
    async with GeneratedSite(pages=30) as site, working(settings):
        submitted = await api.client.post("/v1/map", json={"url": site.url(), "limit": 20})
        assert submitted.status_code == 202
        answer = submitted.json()
        assert (answer["status"], answer["url"], answer["jobType"]) == ("pending", site.url(), "map")
        assert answer["id"] == answer["jobId"]
        found = (await api.client.get(f"/v1/map/{answer['id']}", params={"wait": 30})).json()
        assert found["status"] == "completed"
        assert len(found["links"]) == found["totalLinks"] == len(found["pages"]) == 20
        assert (found["externalLinks"], found["totalExternalLinks"]) == ([], 0)
        assert (found["error"], found["complete"], found["limitReached"]) == (None, True, True)
        more = (await api.client.post("/v1/map", json={"url": site.url(), "limit": 1000})).json()["id"]
        assert not (await api.client.get(f"/v1/map/{more}", params={"wait": 30})).json()["limitReached"]
        assert found["durationMs"] >= 0
        listed = (await api.client.get("/v1/jobs")).json()["jobs"]
        assert [(job["id"], job["jobType"]) for job in listed] == [(more, "map"), (answer["id"], "map")]
        again = await api.client.get("/v1/jobs", params={"before": answer["id"]})
        assert again.json() == {"jobs": []}


async def test_a_map_that_fails_says_why(api: Api, settings, unused_port) -> None:
    async with working(settings, fetch_attempts=1):
        answer = await api.client.post("/v1/map", json={"url": f"http://127.0.0.1:{unused_port}/"})
        found = (await api.client.get(f"/v1/map/{answer.json()['id']}", params={"wait": 30})).json()
    assert found["status"] == "failed"
    assert "connection_refused" in found["error"]
    assert "links" not in found


async def test_a_map_that_has_not_begun_is_cancelled_by_its_key_alone(api: Api, database: Database) -> None:
    answer = (await api.client.post("/v1/map", json={"url": "https://example.com"})).json()
    path = f"/v1/map/{answer['id']}"
    _, other = await Keys(database).create("other")
    assert (await api.client.delete(path, headers={"X-API-Key": other})).status_code == 404
    cancelled = {"id": answer["id"], "jobId": answer["id"], "status": "failed", "cancelled": 1}
    assert (await api.client.delete(path)).json() == cancelled
    assert (await api.client.delete(path)).json() == cancelled | {"cancelled": 0}
    found = (await api.client.get(path)).json()
    assert (found["status"], found["error"]) == ("failed", "The job was cancelled. (cancelled)")
    for unknown in ("map_0", "crawl_0", "map_A"):
        assert (await api.client.delete(f"/v1/map/{unknown}")).status_code == 404


async def test_https_is_meant_where_there_is_no_scheme(api: Api) -> None:
    for path in ("/v1/map", "/v1/crawl", "/v1/url-scraper"):
        answer = await api.client.post(path, json={"url": "example.com/a"})
        assert (answer.status_code, answer.json()["url"]) == (202, "https://example.com/a"), path
    batch = await api.client.post("/v1/url-scraper/batch", json={"urls": ["example.com/a"]})
    assert batch.json()["urls"] == ["https://example.com/a"]


async def test_a_map_that_runs_has_no_links_yet(api: Api) -> None:
    answer = (await api.client.post("/v1/map", json={"url": "https://example.com"})).json()
    found = (await api.client.get(f"/v1/map/{answer['id']}")).json()
    assert found["status"] == "pending"
    assert not {"links", "pages", "durationMs"} & set(found)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "invalid_request"),
        ({"url": "ftp://example.com"}, "invalid_url"),
        ({"url": "https://user:word@example.com/"}, "invalid_url"),
        ({"url": "https://example.com", "limit": 5001}, "invalid_request"),
        ({"url": "https://example.com", "limit": 0}, "invalid_request"),
        ({"url": "https://example.com", "depth": 6}, "invalid_request"),
        ({"url": "https://example.com", "country": "zz"}, "invalid_request"),
        ({"url": "https://example.com", "ignoreRobots": True}, "not_supported"),
    ],
)
async def test_a_map_that_cannot_be_made_is_refused(api: Api, fields, code) -> None:
    answer = await api.client.post("/v1/map", json=fields)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_unknown_fields_are_named(api: Api) -> None:
    answer = await api.client.post("/v1/map", json={"url": "https://example.com", "maxDepth": 2})
    assert "maxDepth" in answer.json()["warnings"][0]


async def test_a_map_sent_again_is_the_same(api: Api) -> None:
    headers = {"Idempotency-Key": "one"}
    first, second, other = [
        (await api.client.post("/v1/map", json={"url": "https://example.com", **more}, headers=headers)).json()
        for more in ({}, {}, {"limit": 5})
    ]
    assert first["id"] == second["id"]
    assert other["code"] == "conflict"


@pytest.mark.parametrize("map_id", ["map_0", "job_0", "nothing"])
async def test_no_such_map(api: Api, map_id) -> None:
    assert (await api.client.get(f"/v1/map/{map_id}")).status_code == 404


async def test_a_map_is_no_job_of_the_scraper(api: Api) -> None:
    answer = (await api.client.post("/v1/map", json={"url": "https://example.com"})).json()
    for method in ("GET", "DELETE"):
        assert (await api.client.request(method, f"/v1/url-scraper/{answer['id']}")).status_code == 404
