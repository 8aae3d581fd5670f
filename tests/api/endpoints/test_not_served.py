"""The paths of the public API that are not served, as clients call them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.api.conftest import Api

ASKED = [
    ("POST", "/v1/agentic-search", {"prompt": "test", "useBrowser": True}),
    ("GET", "/v1/wire/catalog/walmart", None),
    ("POST", "/v1/wire/task", {"action_id": "walmart.search_products"}),
    ("POST", "/v1/sessions/manual-start", {"websiteUrl": "https://example.com"}),
    ("GET", "/v1/ai-visibility/sources", None),
    ("PUT", "/v1/domain-configs/example.com", {}),
]


@pytest.mark.parametrize(("method", "path", "body"), ASKED)
async def test_a_known_path_says_what_there_is_instead(
    api: Api, method: str, path: str, body: dict[str, object] | None
) -> None:
    answer = await api.client.request(method, path, json=body)
    assert answer.status_code == 501
    assert answer.json()["error"] == answer.json()["code"] == "not_supported"
    assert "/v1/url-scraper" in answer.json()["message"] or "/ready" in answer.json()["message"]


async def test_other_paths_are_not_found(api: Api) -> None:
    for path in ("/v1/maps", "/v1/nothing", "/map"):
        assert (await api.client.get(path)).status_code == 404, path


async def test_a_key_is_needed_there_too(api: Api) -> None:
    assert (await api.client.get("/v1/sessions", headers={"X-API-Key": "wrong"})).status_code == 401
