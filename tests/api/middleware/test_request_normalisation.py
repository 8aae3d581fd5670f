from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.api.conftest import Api

PATHS = ["/health", "/ready", "/docs", "/openapi.json", "/v1/countries", "/v1/url-scraper/job_0", "/nothing", "/v1"]


async def test_a_trailing_slash_is_the_same_and_nothing_redirects(api: Api) -> None:
    for path in (*PATHS, "/"):
        plain = await api.client.get(path)
        assert not plain.is_redirect
        for variant in (f"{path}/", f"{path}//", f"{path}/?wait=0"):
            answer = await api.client.get(variant)
            assert (answer.status_code, answer.content) == (plain.status_code, plain.content), variant


async def test_a_slash_after_a_post_is_the_same(api: Api) -> None:
    answer = await api.client.post("/v1/url-scraper/batch/", json={"urls": ["https://example.com/"]})
    assert answer.status_code == 202


async def test_head_is_get_without_the_body(api: Api) -> None:
    for path in PATHS:
        got, head = await api.client.get(path), await api.client.head(path)
        assert (head.status_code, head.content) == (got.status_code, b"")
        for name in ("Content-Type", "Content-Length", "Content-Encoding"):
            assert head.headers.get(name) == got.headers.get(name), (path, name)
    assert (await api.client.head("/v1/scrape")).status_code == 405
