from __future__ import annotations

import asyncio

import pytest
from tests.api.conftest import serving
from tests.searching.search_server import Found, SearchServer

URLS = [f"https://mills.example/{number}" for number in range(6)]


@pytest.fixture
async def server():
    async with SearchServer([Found(url, f"Mill {url[-1]}") for url in URLS]) as server:
        yield server


@pytest.fixture
async def api(server, settings, key):
    async with serving(server.settings(settings, "searxng").changed(inline_wait=5), key) as api:
        yield api


async def search(api, **fields):
    answer = await api.client.post("/v2/search", json={"query": "mills", **fields})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_search_gives_what_is_found(api, server):
    answer = await search(api, query=" old\n mills", limit=2, origin="python-sdk@4")
    assert answer.keys() == {"success", "id", "data"}
    assert answer["success"] is True
    assert answer["data"]["web"][1] == {
        "url": URLS[1],
        "title": "Mill 1",
        "description": "The first windmills.",
    }
    assert [result["url"] for result in answer["data"]["web"]] == URLS[:2]
    assert server.asked[0]["q"] == "old mills"
    assert len((await search(api, limit=1000))["data"]["web"]) == len(URLS)
    assert len((await search(api, sources=["web"]))["data"]["web"]) == 5
    assert "`tbs`" in (await search(api, tbs="qdr:d"))["warning"]


async def test_with_formats_what_is_found_is_scraped(api, worker):
    asked = asyncio.create_task(search(api, limit=3, scrapeOptions={"formats": ["markdown"]}))
    async with asyncio.timeout(60):
        while not (pages := await worker.start_all()):
            await asyncio.sleep(0.02)
    for number, page in enumerate(pages):
        await (worker.fail(page, "timeout", "It took too long.") if number == 1 else worker.complete(page))
    answer = await asked
    first, failed, last = answer["data"]["web"]
    assert (first["url"], first["title"], first["markdown"]) == (URLS[0], "Mill 0", "Ünï\n")
    assert first["metadata"]["sourceURL"] == URLS[0]
    assert "timeout" in failed["metadata"]["error"]
    assert "markdown" not in failed
    assert last["url"] == URLS[2]
    assert "warning" not in answer
    assert (await api.job(answer["id"]))["status"] == "completed"


async def test_pages_that_have_not_ended_come_without_contents(server, settings, key):
    async with serving(server.settings(settings, "searxng").changed(inline_wait=0.2), key) as api:
        answer = await search(api, limit=2, scrapeOptions={"formats": ["markdown"]})
    assert [result.keys() for result in answer["data"]["web"]] == [{"url", "title", "description"}] * 2
    assert "not ended" in answer["warning"]


async def test_nothing_found_is_no_failure(api, server):
    server.found = []
    assert (await search(api))["data"] == {"web": []}
    assert (await search(api, scrapeOptions={"formats": ["markdown"]}))["data"] == {"web": []}


@pytest.mark.parametrize(
    "fields",
    [
        {"query": None},
        {"query": "  "},
        {"limit": 0},
        {"sources": ["images"]},
        {"sources": [{"type": "web"}, {"type": "news"}]},
        {"categories": ["github"]},
        {"scrapeOptions": {"formats": ["branding"]}},
    ],
)
async def test_what_is_not_served_is_refused_and_nothing_is_searched(api, server, fields):
    answer = await api.client.post("/v2/search", json={"query": "mills", **fields})
    assert answer.status_code == 400
    assert answer.json()["success"] is False
    assert server.asked == []
