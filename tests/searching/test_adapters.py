"""What each adapter asks, and what it reads out of an answer: against a server that speaks the protocol."""

from __future__ import annotations

import pytest

from pagemill.searching.results import SearchResult
from pagemill.searching.searcher import Searcher
from tests.searching.search_server import SERVICES, Found, SearchServer

PAGES = [Found(f"https://mills.example/{number}", f"Mill {number}") for number in range(30)]


@pytest.fixture
async def server():
    async with SearchServer(PAGES) as server:
        yield server


async def search(server, settings, service, prompt="old mills", limit=3):
    searcher = Searcher(server.settings(settings, service))
    try:
        return await searcher.search(prompt, limit, "key")
    finally:
        await searcher.aclose()


@pytest.mark.parametrize("service", SERVICES)
async def test_results_have_the_same_form_whoever_finds_them(server, settings, service):
    results = await search(server, settings, service)
    assert results[1] == SearchResult(
        "https://mills.example/1",
        "Mill 1",
        "The first windmills.",
        "2026-01-02",
        "2026-02-03" if service == "perplexity" else None,
    )
    assert len(results) == (30 if service == "searxng" else 3)
    asked = server.asked[0]
    assert asked.get("q", asked.get("query")) == "old mills"


@pytest.mark.parametrize("service", SERVICES)
async def test_nothing_is_found(server, settings, service):
    server.found = []
    assert await search(server, settings, service) == []


async def test_a_prompt_that_is_too_long_for_the_service_is_cut(server, settings):
    for prompt in ("mill " * 300, "m" * 2000):
        assert await search(server, settings, "brave", prompt, limit=100)
    assert [len(asked["q"].split()) for asked in server.asked] == [50, 1]
    assert {asked["count"] for asked in server.asked} == {"20"}


async def test_marks_of_html_in_texts_are_read(server, settings):
    server.found = [Found("https://mills.example/", "Miller&#x27;s &amp; sons")]
    assert (await search(server, settings, "brave"))[0].title == "Miller's & sons"


@pytest.mark.parametrize("address", ["", "/", "/search"])
async def test_an_instance_is_named_by_any_of_its_addresses(server, settings, address):
    searcher = Searcher(server.settings(settings, "searxng", search_url=server.url(address)))
    assert len(await searcher.search("mills", 3, "key")) == 30
    await searcher.aclose()
