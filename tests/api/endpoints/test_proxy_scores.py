from __future__ import annotations

from typing import TYPE_CHECKING

from tests.api.conftest import serving

from pagemill.jobs.keys.keys import Keys
from pagemill.jobs.memory.proxy_scores import DatabaseProxyScores

if TYPE_CHECKING:
    from tests.api.conftest import Api

    from pagemill.jobs.database.pool import Database
    from pagemill.settings import Settings


async def test_scores_are_listed_by_host(settings: Settings, database: Database) -> None:
    scores = DatabaseProxyScores(database, settings)
    await scores.record("example.com", "http://proxy.example:8080", 0.5)
    await scores.record("example.org", "http://proxy.example:8080/us", None)
    async with serving(settings, await Keys(database).create("operator", operator=True)) as api:
        answer = await api.client.get("/v1/proxy/scores")
    assert answer.status_code == 200
    assert sorted(answer.json()["proxies"]) == ["http://proxy.example:8080", "http://proxy.example:8080/us"]
    found = answer.json()["scores"]
    [row] = found["example.com"]
    assert (row["host"], row["targetHost"]) == ("example.com", "example.com")
    assert (row["latencyMs"], row["avgLatencyMs"]) == (500, 500)
    assert row["successes"] > 0.99
    assert row["alpha"] > 1.99
    assert (row["failures"], row["beta"], row["totalRequests"]) == (0, 1, 1)
    assert 0.6 < row["score"] < 0.7
    [row] = found["example.org"]
    assert (row["latencyMs"], row["avgLatencyMs"]) == (None, 0)
    assert row["exit"] == row["proxyUrl"] == "http://proxy.example:8080/us"


async def test_another_key_does_not_see_which_hosts_are_scraped(
    api: Api, database: Database, settings: Settings
) -> None:
    await DatabaseProxyScores(database, settings).record("example.com", "http://proxy.example:8080", 0.5)
    answer = await api.client.get("/v1/proxy/scores")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert "example.com" not in answer.text


async def test_without_authentication_whoever_asks_is_the_operator(settings: Settings) -> None:
    async with serving(settings.changed(auth=False), ("", "")) as api:
        assert (await api.client.get("/v1/proxy/scores")).json() == {"proxies": [], "scores": {}}


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
