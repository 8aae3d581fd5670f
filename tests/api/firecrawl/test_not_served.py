from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v2/search"),
        ("POST", "/v2/agent"),
        ("GET", "/v2/team/credit-usage"),
        ("POST", "/v2/crawl/params-preview"),
        ("POST", "/v2/parse"),
    ],
)
async def test_a_known_path_says_that_it_is_not_served(api, method, path):
    answer = await api.client.request(method, path, json={"query": "mills"})
    assert answer.status_code == 501
    assert answer.json().keys() == {"success", "error", "code"}
    assert (answer.json()["success"], answer.json()["code"]) == (False, "not_supported")
