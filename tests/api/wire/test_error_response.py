"""Every error has the one shape, wherever it comes from."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
from tests.api.conftest import serving

if TYPE_CHECKING:
    import pytest
    from tests.api.conftest import Api

    from pagemill.settings import Settings

SHAPE = {"error", "code", "message"}


def check(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Request-Id"]
    body = answer.json()
    assert body.keys() == SHAPE
    assert body["error"] == body["code"] == code
    assert body["message"].endswith((".", "?"))


async def test_every_error_has_the_one_shape(api: Api) -> None:
    post, get = api.client.post, api.client.get
    json = {"Content-Type": "application/json"}
    check(await get("/nothing"), 404, "not_found")
    check(await get("/v1/nothing"), 404, "not_found")
    check(await get("/v1/url-scraper/job_0"), 404, "not_found")
    check(await get("/v1/countries", headers={"X-API-Key": "no"}), 401, "unauthorized")
    check(await post("/v1/countries"), 405, "method_not_allowed")
    check(await post("/v1/url-scraper", json={}), 400, "invalid_request")
    check(await post("/v1/url-scraper", content="{", headers=json), 400, "invalid_request")
    check(await post("/v1/url-scraper", content="x=y"), 400, "invalid_request")
    check(await post("/v1/url-scraper", json={"url": "x"}), 400, "invalid_url")
    check(await post("/v1/url-scraper", content=b" " * 2**21, headers=json), 413, "payload_too_large")


async def test_a_method_that_is_not_allowed_names_those_that_are(api: Api) -> None:
    assert (await api.client.delete("/v1/countries")).headers["Allow"] == "GET"
    assert (await api.client.get("/v1/scrape")).headers["Allow"] == "POST"


async def test_an_unexpected_failure_says_nothing_of_itself(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> Any:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr(type(api.server.app.state.resources.jobs), "get", fail)
    answer = await api.client.get("/v1/url-scraper/job_0")
    check(answer, 500, "internal_error")
    assert "hunter2" not in answer.text
    assert "Traceback" not in answer.text


async def test_a_database_that_is_away_is_503(settings: Settings, key: tuple[str, str]) -> None:
    away = settings.changed(database_url="postgresql://nobody@127.0.0.1:1/nothing", database_wait=0.1, auth=False)
    async with serving(away, key) as api:
        for headers in ({}, {"X-API-Key": ""}):
            answer = await api.client.post("/v1/url-scraper", json={"url": "http://a.example/"}, headers=headers)
            check(answer, 503, "unavailable")
            assert int(answer.headers["Retry-After"]) >= 1
        assert (await api.client.get("/health")).status_code == 200


async def test_what_is_not_http_gets_the_same_shape(api: Api) -> None:
    host, port = api.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"EHLO mail.example\r\n\r\n")
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    status, *lines = head.decode().split("\r\n")
    headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
    assert status == "HTTP/1.1 400 Bad Request"
    check(httpx.Response(400, headers=headers, content=body), 400, "invalid_request")
