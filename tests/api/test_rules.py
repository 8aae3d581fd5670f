"""The rules that hold for every endpoint, tried on every endpoint that the service says it has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from pagemill.jobs.keys.keys import Keys
from pagemill.jobs.sessions.store import SessionStore
from pagemill.model import SessionState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.conftest import Api, SimulatedWorker

    from pagemill.jobs.database.pool import Database
    from pagemill.settings import Settings

URL = "https://example.com/"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
NEVER_NULL = (
    "url",
    "cached",
    "durationMs",
    "results",
    "createdAt",
    "completedAt",
    "id",
    "jobId",
    "secret",
    "httpStatus",
)
BODIES: dict[str, dict[str, Any]] = {
    "/v1/url-scraper": {"url": URL},
    "/v1/url-scraper/batch": {"urls": [URL]},
    "/v1/request": {"job_type": "url_scraper", "url": URL},
    "/v1/map": {"url": URL},
    "/v1/crawl": {"url": URL},
    "/v1/webhooks": {"url": URL},
    "/v1/webhooks/{id}": {},
    "/v1/monitors": {"url": URL, "intervalMinutes": 60},
    "/v1/monitors/{id}": {"url": URL, "intervalMinutes": 60},
    "/v1/monitors/{id}/expiry": {"expiresAt": "2099-01-01T00:00:00Z"},
    "/v1/search": {"prompt": "mills"},
    "/v2/batch/scrape": {"urls": [URL]},
    "/v2/crawl": {"url": URL},
    "/v2/extract": {"urls": [URL], "prompt": "The title."},
    "/v2/search": {"query": "mills"},
    "/v1/sessions/{id}": {"name": "another name"},
}


HELD = ("/v1/scrape", "/v1/url-scraper/scrape", "/v1/webhooks/{id}/test", "/v2/scrape", "/v2/map")
"""They wait for a page or a receiver."""


async def operations(api: Api, *versions: str) -> list[tuple[str, str]]:
    """Every operation of these versions of the API, or of version 1."""
    document = (await api.client.get("/openapi.json")).json()
    return [
        (method.upper(), path)
        for path, methods in document["paths"].items()
        for method in methods
        if path.startswith(versions or "/v1/") and path not in HELD
    ]


@pytest.fixture
async def things(api: Api, worker: SimulatedWorker, database: Database, settings: Settings) -> dict[str, str]:
    """An id for each kind of path: a job that has ended in part, a map, a crawl, an endpoint, a delivery, a session."""
    endpoint = (await api.client.post("/v1/webhooks", json={"url": URL})).json()["id"]
    batch = await api.submit(URL, f"{URL}b")
    first, second = await worker.start_all()
    await worker.complete(first)
    await worker.fail(second)
    [delivery] = (await api.client.get("/v1/webhooks/deliveries")).json()
    site_map, crawl = [
        (await api.client.post(path, json=BODIES[path])).json()["id"] for path in ("/v1/map", "/v1/crawl")
    ]
    found = {
        "links": [URL],
        "externalLinks": [],
        "pages": [{"url": URL, "source": "link", "depth": 0}],
        "complete": True,
    }
    for page in await worker.start_all():
        await worker.complete(page, {"map": found} if page.job_id == site_map else None)
    jobs = {"url-scraper": batch, "request": batch, "map": site_map, "crawl": crawl, "batch": batch}
    jobs["extract"] = (await api.client.post("/v2/extract", json=BODIES["/v2/extract"])).json()["id"]
    monitor = (await api.client.post("/v1/monitors", json=BODIES["/v1/monitors"])).json()["id"]
    state = SessionState(b'{"cookies": [], "origins": []}')
    session = await SessionStore(database, settings).save(api.key_id, "name", state, URL)
    others = {"webhooks": endpoint, "deliveries": delivery["id"], "monitors": monitor, "sessions": session}
    return {**others, **jobs}


def filled(path: str, things: dict[str, str]) -> str:
    kinds = (
        "deliveries",
        "webhooks",
        "monitors",
        "sessions",
        "url-scraper",
        "request",
        "map",
        "crawl",
        "batch",
        "extract",
    )
    kind = next((kind for kind in kinds if kind in path), "")
    return path.replace("{id}", things[kind]) if "{" in path else path


async def test_every_answer_has_an_id_and_is_no_redirect_even_with_a_slash(api: Api, things: dict[str, str]) -> None:
    for method, path in await operations(api, "/v1/", "/v2/"):
        for end in ("", "/"):
            answer = await api.client.request(method, filled(path, things) + end, json=BODIES.get(path))
            assert not answer.is_redirect, path
            assert answer.headers["X-Request-Id"], path
            if answer.status_code >= 400:
                error = answer.json()
                if path.startswith("/v2/"):
                    assert error == {"success": False, "error": error["error"], "code": error["code"]}, path
                else:
                    assert error == {"error": error["code"], "code": error["code"], "message": error["message"]}, path


async def test_every_endpoint_wants_a_known_key(api: Api, things: dict[str, str]) -> None:
    for method, path in await operations(api, "/v1/", "/v2/"):
        for key in ("", "wrong"):
            answer = await api.client.request(
                method, filled(path, things), json=BODIES.get(path), headers={"X-API-Key": key}
            )
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized"), path


async def test_what_is_anothers_is_answered_as_what_never_was(
    api: Api, things: dict[str, str], database: Database
) -> None:
    _, stranger = await Keys(database).create("stranger")
    nothing = {"webhooks": "whe_0", "url-scraper": "job_0", "request": "job_0", "deliveries": "whd_0"}
    nothing |= {"map": "map_0", "crawl": "crawl_0", "monitors": "mon_0", "batch": "batch_0", "extract": "batch_0"}
    nothing["sessions"] = "sess_0"
    for method, path in await operations(api, "/v1/", "/v2/"):
        if "{id}" in path:
            headers = {"X-API-Key": stranger}
            body = BODIES.get(path)
            others = await api.client.request(method, filled(path, things), json=body, headers=headers)
            never = await api.client.request(method, filled(path, nothing), json=body, headers=headers)
            assert (others.status_code, others.json()) == (404, never.json()), path


async def test_strict_clients_can_read_everything(api: Api, things: dict[str, str]) -> None:
    """No null where they take none, times with a Z, whole durations, ids that are strings, errors that are none."""
    answers = {}
    for method, path in await operations(api):
        answer = await api.client.request(method, filled(path, things), json=BODIES.get(path))
        if answer.status_code < 400 and answer.headers["Content-Type"] == "application/json":
            answers[method, path] = answer.json()
    assert len(answers) >= 15
    for key, value in ((key, pair) for key, body in answers.items() for pair in fields(body)):
        name, field = value
        assert name not in NEVER_NULL or field is not None, (key, name)
        assert not name.endswith("At") or TIME.fullmatch(field), (key, name)
        assert not name.endswith("Ms") or type(field) is int, (key, name)
        assert name not in ("id", "jobId", "endpointId", "deliveryId") or isinstance(field, str), (key, name)
        assert name != "error" or field is None or isinstance(field, str), (key, name)


def fields(value: Any) -> Iterator[tuple[str, Any]]:
    """All names and values in some JSON."""
    if isinstance(value, dict):
        for name, field in value.items():
            yield name, field
            yield from fields(field)
    elif isinstance(value, list):
        for part in value:
            yield from fields(part)


async def test_names_are_camel_case(api: Api, things: dict[str, str]) -> None:
    for method, path in await operations(api):
        answer = await api.client.request(method, filled(path, things), json=BODIES.get(path))
        if answer.headers["Content-Type"] == "application/json":
            assert all(re.fullmatch(r"[a-z][A-Za-z]*", name) for name, _ in fields(answer.json())), path


async def test_the_answers_of_a_submission(api: Api) -> None:
    single = (await api.client.post("/v1/url-scraper", json={"url": URL})).json()
    assert single.keys() == {"jobId", "id", "status", "url", "jobType", "createdAt"}
    assert single["id"].startswith("job_")
    assert (single["status"], single["jobType"]) == ("pending", "url_scraper")
    batch = (await api.client.post("/v1/url-scraper/batch", json={"urls": [URL]})).json()
    assert batch.keys() == {"jobId", "id", "status", "urls", "jobType", "createdAt"}
    assert batch["id"].startswith("batch_")
    assert (batch["status"], batch["jobType"]) == ("pending", "batch_url_scraper")


async def test_only_four_statuses_are_ever_told(api: Api, worker: SimulatedWorker) -> None:
    batch = await api.submit(URL, f"{URL}b")
    seen = {(await api.job(batch))["status"]}
    first, second = await worker.start_all()
    seen.add((await api.job(batch))["status"])
    await worker.complete(first)
    running = await api.job(batch)
    seen.add(running["status"])
    assert [result["status"] for result in running["results"]] == ["completed", "processing"]
    await worker.fail(second)
    seen.add((await api.job(batch))["status"])
    cancelled = await api.submit(URL)
    await api.client.delete(f"/v1/url-scraper/{cancelled}")
    seen.add((await api.job(cancelled))["status"])
    assert seen == {"pending", "processing", "completed", "failed"}
