from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import httpx
from tests.api.conftest import serving

from pagemill.jobs.keys.keys import Keys

if TYPE_CHECKING:
    from tests.api.conftest import Api, PlayedWorker

    from pagemill.jobs.database.pool import Database
    from pagemill.settings import Settings

URL = "https://example.com/"
PATHS = [
    ("POST", "/v1/url-scraper"),
    ("POST", "/v1/url-scraper/batch/"),
    ("POST", "/v1/scrape"),
    ("GET", "/v1/url-scraper/job_x?wait=9"),
    ("GET", "/v1/countries"),
    ("HEAD", "/v1/countries"),
    ("DELETE", "/v1/countries"),
    ("GET", "/v1/nothing"),
    ("GET", "/v1"),
    ("GET", "/v1/"),
]


async def test_without_a_known_key_everything_is_401(api: Api) -> None:
    for secret, (method, path) in product([None, "", "pm_unknown", "é", "x" * 5000], PATHS):
        headers = [] if secret is None else [(b"X-API-Key", secret.encode())]
        async with httpx.AsyncClient(base_url=api.url, headers=headers) as client:
            answer = await client.request(method, path)
        assert answer.status_code == 401, (secret, method, path)
        assert answer.headers["WWW-Authenticate"]
        if method != "HEAD":
            assert answer.json()["code"] == "unauthorized"
            assert not secret or secret not in answer.text


async def test_a_revoked_key_is_unknown(api: Api, database: Database) -> None:
    assert (await api.client.get("/v1/countries")).status_code == 200
    await Keys(database).revoke(api.key_id)
    assert (await api.client.get("/v1/countries")).status_code == 401


async def test_some_paths_are_open(api: Api) -> None:
    async with httpx.AsyncClient(base_url=api.url) as client:
        for path in ("/health", "/docs", "/docs/swagger-ui.js", "/docs/swagger-ui.css", "/openapi.json"):
            assert (await client.get(path)).status_code == 200, path
        assert (await client.get("/nothing")).status_code == 404


async def test_another_keys_job_was_never_there(api: Api, database: Database, worker: PlayedWorker) -> None:
    job_id = await api.submit(URL)
    _, other = await Keys(database).create("other")
    for _ in range(2):
        theirs = await api.client.get(f"/v1/url-scraper/{job_id}", headers={"X-API-Key": other})
        nobodys = await api.client.get("/v1/url-scraper/job_0000", headers={"X-API-Key": other})
        assert theirs.status_code == nobodys.status_code == 404
        assert theirs.content == nobodys.content
        await worker.complete_all()
    assert (await api.job(job_id))["status"] == "completed"


async def test_keys_do_not_share_idempotency(api: Api, database: Database) -> None:
    _, other = await Keys(database).create("other")
    headers = {"Idempotency-Key": "same"}
    ours = await api.client.post("/v1/url-scraper", json={"url": URL}, headers=headers)
    theirs = await api.client.post("/v1/url-scraper", json={"url": URL}, headers={**headers, "X-API-Key": other})
    assert theirs.status_code == 202
    assert theirs.json()["id"] != ours.json()["id"]


async def test_without_authentication_a_known_key_still_counts(settings: Settings, key: tuple[str, str]) -> None:
    async with (
        serving(settings.changed(auth=False), key) as api,
        httpx.AsyncClient(base_url=api.url) as anybody,
    ):
        open_job = (await anybody.post("/v1/url-scraper", json={"url": URL})).json()["id"]
        own_job = await api.submit(URL)
        assert (await anybody.get(f"/v1/url-scraper/{open_job}")).status_code == 200
        assert (await anybody.get(f"/v1/url-scraper/{own_job}")).status_code == 404
        assert (await api.client.get(f"/v1/url-scraper/{own_job}")).status_code == 200
        unknown = await anybody.get(f"/v1/url-scraper/{open_job}", headers={"X-API-Key": "unknown"})
        assert unknown.status_code == 200


async def test_without_authentication_pages_from_elsewhere_cannot_ask(settings: Settings, key: tuple[str, str]) -> None:
    async with serving(settings.changed(auth=False), key) as api:
        async with httpx.AsyncClient(base_url=api.url) as anybody:
            for local in ({"Host": "localhost:8080"}, {"Host": "[::1]"}, {"Origin": "http://127.0.0.1:3000"}):
                assert (await anybody.get("/v1/countries", headers=local)).status_code == 200, local
            for foreign in (
                {"Host": "rebound.example"},
                {"Host": "localhost.evil.example"},
                {"Host": "["},
                {"Host": "10.0.0.1"},
                {"Origin": "https://evil.example"},
                {"Origin": "null"},
            ):
                refused = await anybody.post("/v1/url-scraper", json={"url": URL}, headers=foreign)
                assert refused.status_code == 401, foreign
        assert (await api.client.get("/v1/countries", headers={"Host": "rebound.example"})).status_code == 200


async def test_a_key_may_be_a_bearer_token(api: Api) -> None:
    async with httpx.AsyncClient(base_url=api.url) as client:
        for header in (f"Bearer {api.secret}", f"bearer  {api.secret}"):
            assert (await client.get("/v1/countries", headers={"Authorization": header})).status_code == 200, header
        for header in ("", "Bearer", "Bearer wrong", f"Basic {api.secret}", api.secret):
            refused = await client.get("/v1/countries", headers={"Authorization": header})
            assert refused.status_code == 401, header
        both = {"X-API-Key": "wrong", "Authorization": f"Bearer {api.secret}"}
        assert (await client.get("/v1/countries", headers=both)).status_code == 401
