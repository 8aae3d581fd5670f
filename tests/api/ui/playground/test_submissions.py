from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.api.ui.signed_in import signed_in

from pagemill.jobs.keys.keys import Keys

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx
    from tests.api.conftest import Api

    from pagemill.jobs.database.pool import Database

URL = "https://example.com/"
JSON = {"Accept": "application/json"}


@pytest.fixture
async def visitor(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    async with signed_in(api) as client:
        yield client


@pytest.mark.parametrize(
    ("kind", "body", "path"),
    [
        ("page", {"url": URL, "formats": ["markdown"]}, "/v1/url-scraper/"),
        ("batch", {"urls": [URL, f"{URL}b"]}, "/v1/url-scraper/"),
        ("map", {"url": URL, "limit": 5}, "/v1/map/"),
        ("crawl", {"url": URL, "maxPages": 5}, "/v1/crawl/"),
    ],
)
async def test_a_job_is_submitted_as_by_the_api(
    api: Api, visitor: httpx.AsyncClient, kind: str, body: dict[str, object], path: str
) -> None:
    answer = await visitor.post(f"/ui/playground/{kind}", json=body, headers=JSON)
    assert answer.status_code == 202, answer.text
    job_id = answer.json()["id"]
    assert (await api.client.get(path + job_id)).json()["status"] == "pending"
    page = await visitor.get(f"/ui/playground/{job_id}")
    assert (page.status_code, f'data-watch="{job_id}"' in page.text) == (200, True)


@pytest.mark.parametrize(
    ("kind", "body", "field"),
    [
        ("page", {"url": ""}, "url"),
        ("page", {"url": "javascript:alert(1)"}, "url"),
        ("page", {}, "url"),
        ("page", {"url": URL, "country": "nowhere"}, "country"),
        ("page", {"url": URL, "outputSchema": {"type": 3}}, "outputSchema"),
        ("page", {"url": URL, "headers": {"Host": "x"}}, "headers.Host"),
        ("page", {"url": URL, "includeTags": ["p", "<"]}, "includeTags[1]"),
        ("page", {"url": URL, "actions": [{"type": "click", "selector": "<"}]}, "actions[0].click.selector"),
        ("page", {"url": URL, "waitFor": -1}, "waitFor"),
        ("page", {"url": URL, "userAgent": "a\0"}, "userAgent"),
        ("page", {"url": URL, "sessionName": "never-saved"}, "sessionName"),
        ("batch", {"urls": [URL, "ftp://x/"]}, "urls[1]"),
        ("map", {"url": URL, "limit": 10**9}, "limit"),
        ("crawl", {"url": URL, "includePatterns": ["/(/"]}, "includePatterns[0]"),
    ],
)
async def test_what_is_not_valid_is_told_with_its_field(
    visitor: httpx.AsyncClient, kind: str, body: dict[str, object], field: str
) -> None:
    answer = await visitor.post(f"/ui/playground/{kind}", json=body, headers=JSON)
    told = answer.json()
    assert (400 <= answer.status_code < 500, told["field"]) == (True, field)
    assert told["message"]


async def test_a_submission_needs_the_token(visitor: httpx.AsyncClient) -> None:
    del visitor.headers["X-CSRF-Token"]
    answer = await visitor.post("/ui/playground/page", json={"url": URL}, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_jobs_of_another_key_were_never_there(api: Api, visitor: httpx.AsyncClient, database: Database) -> None:
    _, stranger = await Keys(database).create("stranger")
    job_id = await api.submit(URL)
    async with signed_in(api, stranger) as other:
        for path in ("", "/events", "/0/rendered", "/0/frame", "/0/whole/html", "/0/picture", "/0/details"):
            theirs = await other.get(f"/ui/playground/{job_id}{path}", headers=JSON)
            nobodys = await other.get(f"/ui/playground/job_0{path}", headers=JSON)
            assert (theirs.status_code, nobodys.status_code) == (404, 404), path
            assert theirs.content == nobodys.content
