"""Searching through the API, with a local server in place of the search service."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from tests.api.conftest import serving
from tests.jobs.test_worker import working
from tests.searching.search_server import KEY, Found, SearchServer
from tests.web.http_server import HttpServer, Response, redirect

from pagemill.allowed_network import parse_allowed_network
from pagemill.jobs.keys.keys import Keys

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.api.conftest import Api, SimulatedWorker

    from pagemill.jobs.database.pool import Database
    from pagemill.settings import Settings

URLS = [f"https://mills.example/{number}" for number in range(8)]


@pytest.fixture
async def server() -> AsyncIterator[SearchServer]:
    async with SearchServer([Found(url, f"Mill {url[-1]}") for url in URLS]) as server:
        yield server


@pytest.fixture
async def api(server: SearchServer, settings: Settings, key: tuple[str, str]) -> AsyncIterator[Api]:
    async with serving(server.settings(settings, "searxng"), key) as api:
        yield api


async def search(api: Api, headers: dict[str, str] | None = None, **fields: Any) -> dict[str, Any]:
    answer = await api.client.post("/v1/search", json={"prompt": "windmills", **fields}, headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_search(api: Api, server: SearchServer) -> None:
    answer = await search(api, prompt="  old\n mills ", limit=3)
    assert answer["id"].startswith("search_")
    assert answer.keys() == {"id", "results"}
    assert answer["results"][0] == {
        "url": URLS[0],
        "title": "Mill 0",
        "snippet": "The first windmills.",
        "date": "2026-01-02",
    }
    assert [result["url"] for result in answer["results"]] == URLS[:3]
    assert server.asked[0]["q"] == "old mills"
    assert len((await search(api))["results"]) == 5
    assert len((await search(api, limit=None, scrape=None))["results"]) == 5


async def test_urls_that_could_not_be_submitted_are_left_out(api: Api, server: SearchServer) -> None:
    odd = ["javascript:alert(1)", "ftp://a.example/", "mills", "", "https://", "https://a.example/\0", "x" * 9000]
    odd += ["file:///etc/passwd", "https://a.example/" + "x" * 9000]
    server.found = [Found(url) for url in [*odd, URLS[0], f" {URLS[0]} ", URLS[1]]]
    for scrape in (False, True):
        answer = await search(api, limit=2, scrape=scrape)
        assert [result["url"] for result in answer["results"]] == URLS[:2]


@pytest.mark.parametrize(
    "fields",
    [
        {"prompt": None},
        {"prompt": ""},
        {"prompt": " \n "},
        {"prompt": 1},
        {"prompt": "x" * 2001},
        {"prompt": "x", "limit": 0},
        {"prompt": "x", "limit": 21},
        {"prompt": "x", "limit": "5"},
        {"prompt": "x", "scrape": "yes"},
        {"prompt": "x", "scrape": True, "formats": ["pdf"]},
        {"prompt": "x", "scrape": True, "country": "zz"},
        {"prompt": "x", "scrape": True, "webhook_url": "ftp://a.example/"},
    ],
)
async def test_a_request_that_is_not_valid_is_refused_and_nothing_is_searched(
    api: Api, server: SearchServer, fields: dict[str, Any]
) -> None:
    answer = await api.client.post("/v1/search", json=fields)
    assert answer.status_code == 400
    assert server.asked == []


async def test_unknown_fields_are_named(api: Api) -> None:
    assert "`maxResults`" in (await search(api, maxResults=3))["warnings"][0]


async def test_what_is_found_is_scraped_as_a_batch(api: Api, worker: SimulatedWorker) -> None:
    answer = await search(api, limit=3, scrape=True, formats=["markdown"])
    assert (answer["status"], answer["jobType"]) == ("pending", "batch_url_scraper")
    assert answer["id"] == answer["jobId"]
    assert [result["url"] for result in answer["results"]] == URLS[:3]
    assert answer["results"][2]["title"] == "Mill 2"
    await worker.complete_all()
    job = await api.job(answer["id"])
    assert (job["status"], job["urls"]) == ("completed", URLS[:3])
    assert [result["markdown"] for result in job["results"]] == ["Ünï\n"] * 3
    assert job["results"][0]["html"] is None
    assert [(each["id"], each["pages"]) for each in (await api.client.get("/v1/jobs")).json()["jobs"]] == [
        (answer["id"], 3)
    ]


async def test_where_nothing_is_found_there_is_no_batch(api: Api, server: SearchServer) -> None:
    server.found = []
    answer = await search(api, scrape=True)
    assert answer["results"] == []
    assert "jobId" not in answer
    assert (await api.client.get("/v1/jobs")).json()["jobs"] == []


async def test_a_search_that_is_sent_again_has_the_same_batch(api: Api, server: SearchServer) -> None:
    again = {"Idempotency-Key": "one"}
    first = await search(api, again, limit=2, scrape=True)
    server.found = [Found(URLS[1], "Another title"), Found(URLS[5])]
    second = await search(api, again, limit=2, scrape=True)
    assert second["id"] == first["id"]
    titles = [(result["url"], result["title"]) for result in second["results"]]
    assert titles == [(URLS[0], ""), (URLS[1], "Another title")]
    server.response = Response(b"", 500)
    third = await search(api, again, limit=2, scrape=True)
    assert [result["url"] for result in third["results"]] == URLS[:2]
    for other in ({"limit": 3}, {"prompt": "watermills"}, {"formats": ["html"]}):
        answer = await api.client.post(
            "/v1/search", json={"prompt": "windmills", "limit": 2, "scrape": True, **other}, headers=again
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert len((await api.client.get("/v1/jobs")).json()["jobs"]) == 1


async def test_searches_at_the_same_time_that_are_one_have_one_batch(
    server: SearchServer, settings: Settings, key: tuple[str, str]
) -> None:
    async with serving(server.settings(settings, "searxng", repeat_window=5.0), key) as api:
        answers = await asyncio.gather(*(search(api, limit=2, scrape=True) for _ in range(5)))
        assert len({answer["id"] for answer in answers}) == 1
        assert all([result["url"] for result in answer["results"]] == URLS[:2] for answer in answers)


async def test_searches_are_submissions_to_the_limits(
    server: SearchServer, settings: Settings, key: tuple[str, str], database: Database
) -> None:
    async with serving(server.settings(settings, "searxng", submits_per_minute=2), key) as api:
        await search(api)
        await search(api, scrape=True)
        for scrape in (False, True):
            answer = await api.client.post("/v1/search", json={"prompt": "x", "scrape": scrape})
            assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
            assert int(answer.headers["Retry-After"]) >= 1
        assert len(server.asked) == 2
        await api.submit("https://example.com/")  # another endpoint
        _, stranger = await Keys(database).create("stranger")
        await search(api, {"X-API-Key": stranger})


async def test_pages_count_before_the_search_is_made(
    server: SearchServer, settings: Settings, key: tuple[str, str]
) -> None:
    async with serving(server.settings(settings, "searxng", pages_per_day=5), key) as api:
        again = {"Idempotency-Key": "one"}
        answers = [await search(api, again, limit=4, scrape=True) for _ in range(2)]
        assert answers[0]["id"] == answers[1]["id"]
        asked = len(server.asked)
        refused = await api.client.post("/v1/search", json={"prompt": "x", "limit": 2, "scrape": True})
        assert refused.json()["code"] == "rate_limited"
        assert len(server.asked) == asked
        await search(api, limit=5)


async def test_a_full_queue_takes_no_search_that_scrapes(
    server: SearchServer, settings: Settings, key: tuple[str, str]
) -> None:
    async with serving(server.settings(settings, "searxng", queued_pages_per_key=3), key) as api:
        await api.submit("https://example.com/")
        answer = await api.client.post("/v1/search", json={"prompt": "x", "limit": 3, "scrape": True})
        assert (answer.status_code, answer.json()["code"]) == (429, "queue_full")
        assert server.asked == []
        await search(api, limit=2, scrape=True)


@pytest.mark.parametrize(
    ("status", "answered", "code"), [(500, 502, "search_failed"), (429, 503, "search_rate_limited")]
)
async def test_failures_of_the_service_are_answered_as_such(
    api: Api, server: SearchServer, status: int, answered: int, code: str
) -> None:
    server.response = Response(KEY.encode(), status)
    for scrape in (False, True):
        answer = await api.client.post("/v1/search", json={"prompt": "windmills", "scrape": scrape})
        assert (answer.status_code, answer.json()["code"]) == (answered, code)
        assert KEY not in answer.text
        assert ("Retry-After" in answer.headers) == (status == 429)
    assert (await api.client.get("/v1/jobs")).json()["jobs"] == []


async def test_a_service_that_takes_too_long(server: SearchServer, settings: Settings, key: tuple[str, str]) -> None:
    server.gate = asyncio.Event()
    async with serving(server.settings(settings, "searxng", search_timeout=0.3), key) as api:
        answer = await api.client.post("/v1/search", json={"prompt": "windmills"})
        assert (answer.status_code, answer.json()["code"]) == (504, "search_timeout")


async def test_without_a_service_it_is_said_how_to_name_one(settings: Settings, key: tuple[str, str]) -> None:
    async with serving(settings, key) as api:
        answer = await api.client.post("/v1/search", json={"prompt": "windmills"})
        assert (answer.status_code, answer.json()["code"]) == (501, "not_supported")
        for name in ("SERVICE", "URL", "API_KEY"):
            assert f"PAGEMILL_SEARCH_{name}" in answer.json()["message"]
        assert (
            await api.client.post("/v1/search", json={"prompt": "x"}, headers={"X-API-Key": "no"})
        ).status_code == 401


async def test_another_keys_batch_is_not_there(api: Api, database: Database) -> None:
    again = {"Idempotency-Key": "one"}
    mine = await search(api, again, scrape=True)
    _, stranger = await Keys(database).create("stranger")
    other = {"X-API-Key": stranger}
    assert (await api.client.get(f"/v1/url-scraper/{mine['id']}", headers=other)).status_code == 404
    assert (await search(api, {**again, **other}, scrape=True))["id"] != mine["id"]


async def test_results_at_private_addresses_fail_alone_and_by_themselves(
    server: SearchServer, settings: Settings, key: tuple[str, str], database: Database
) -> None:
    """The search service may be inside the network: what it finds is behind the guard all the same."""
    closed = ["http://10.0.0.1/", "http://169.254.169.254/latest/meta-data/", "http://[fd00::1]/", "http://0x7f.2:1/"]
    async with HttpServer({"/": Response(b"<p>public enough</p>"), "/away": redirect(closed[1])}) as web:
        open_network = parse_allowed_network(f"127.0.0.1/32:{web.port}")
        urls = [*closed, web.url("/away"), web.url("/")]
        server.found = [Found(url) for url in urls]
        narrow = server.settings(settings, "searxng", allowed_networks=(open_network,), fetch_attempts=1)
        _, other = await Keys(database).create("other")
        async with serving(narrow, key) as api, working(narrow):
            both = [await search(api, {"X-API-Key": secret}, limit=6, scrape=True) for secret in (api.secret, other)]
            for found, secret in zip(both, (api.secret, other), strict=True):
                answer = await api.client.get(
                    f"/v1/url-scraper/{found['id']}", params={"wait": 30}, headers={"X-API-Key": secret}
                )
                results = answer.json()["results"]
                assert [result["status"] for result in results] == ["failed"] * 5 + ["completed"]
                assert all("(blocked_address)" in result["error"] for result in results[:5]), results
