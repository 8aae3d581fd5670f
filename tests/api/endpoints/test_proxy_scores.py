from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.api.conftest import serving

from pagemill.jobs.memory.proxy_scores import DatabaseProxyScores

if TYPE_CHECKING:
    from tests.api.conftest import Api

    from pagemill.jobs.database.pool import Database
    from pagemill.settings import Settings


async def test_scores_are_listed(api: Api, database: Database, settings: Settings) -> None:
    scores = DatabaseProxyScores(database, settings)
    await scores.record("example.com", "http://proxy.example:8080", 0.5)
    await scores.record("example.org", "http://proxy.example:8080/us", None)
    answer = await api.client.get("/v1/proxy/scores")
    assert answer.status_code == 200
    body = answer.json()
    assert sorted(body["proxies"]) == ["http://proxy.example:8080", "http://proxy.example:8080/us"]
    [first], [second] = body["scores"]["example.com"], body["scores"]["example.org"]
    assert (first["latencyMs"], first["failures"]) == (500, 0)
    assert first["successes"] > 0.99
    assert second["latencyMs"] is None
    assert second["exit"] == "http://proxy.example:8080/us"


async def test_the_open_servers_page_finds_its_names(api: Api, database: Database, settings: Settings) -> None:
    await DatabaseProxyScores(database, settings).record("example.com", "http://proxy.example:8080", 0.5)
    [score] = (await api.client.get("/v1/proxy/scores")).json()["scores"]["example.com"]
    assert (score["proxyUrl"], score["targetHost"]) == ("http://proxy.example:8080", "example.com")
    assert (score["totalRequests"], score["avgLatencyMs"]) == (1, 500)
    assert score["score"] == pytest.approx(score["alpha"] / (score["alpha"] + score["beta"]), abs=0.001)
    assert score["lastUpdated"].endswith("Z")


async def test_a_country_without_a_proxy_is_refused_with_the_list(settings: Settings, key: tuple[str, str]) -> None:
    proxies = {"proxies": "de=http://somebody:hush@proxy.example:8080 fr=http://proxy.example:8081"}
    changed = settings.changed(**proxies)
    async with serving(changed, key) as api:
        asked = {"url": "https://example.com/", "country": "us"}
        for path, body in (("", asked), ("/batch", {"urls": ["https://example.com/"]})):
            answer = await api.client.post(f"/v1/url-scraper{path}", json=body)
            assert answer.status_code == 400
            assert answer.json()["code"] == "country_not_available"
            assert "de, fr" in answer.json()["message"]
            assert "hush" not in answer.text
            assert "proxy.example" not in answer.text
        assert (await api.client.post("/v1/url-scraper", json=asked | {"country": "DE"})).status_code == 202


async def test_without_proxies_every_country_is_accepted(api: Api) -> None:
    answer = await api.client.post("/v1/url-scraper", json={"url": "https://example.com/", "country": "nz"})
    assert answer.status_code == 202
