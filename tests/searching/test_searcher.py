"""What a search service may do wrong, and what it cannot do."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import threading
from typing import Any

import pytest
import structlog

from pagemill.errors import SearchError, SearchRateLimitedError, SearchTimeoutError
from pagemill.searching.results import LONGEST_TITLE, read_results
from pagemill.searching.searcher import Searcher
from tests.searching.search_server import KEY, SERVICES, Found, SearchServer
from tests.web.hostile import HostileServer, drips, floods, resets, sends
from tests.web.http_server import Response, redirect

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
JSON = "application/json"


@contextlib.asynccontextmanager
async def searching(settings):
    searcher = Searcher(settings)
    try:
        yield searcher
    finally:
        await searcher.aclose()


@pytest.fixture
async def server():
    async with SearchServer([Found("https://mills.example/")]) as server:
        yield server


async def failure(settings):
    async with searching(settings) as searcher:
        with pytest.raises(SearchError) as caught:
            await searcher.search("windmills of old", 3, "key")
    return caught.value


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"<html>", b"[]", b"null", b"1", b'"x"', b"\xff", b"[" * 100_000, b'{"results": NaN}', b"\x00"),
        b'{"results": {}, "web": [], "organic": {}}',
        b'{"results": "x", "web": {"results": 1}, "organic": 1}',
    ],
    ids=str,
)
async def test_an_answer_that_is_none_is_said(server, settings, service, body):
    server.response = Response(body, content_type=JSON)
    error = await failure(server.settings(settings, service))
    assert (error.code, error.http_status) == ("search_failed", 502)


@pytest.mark.parametrize("service", SERVICES)
async def test_results_that_are_none_are_left_out(server, settings, service):
    items: list[Any] = [
        None,
        1,
        "x",
        [],
        {},
        {"url": None},
        {"url": {"a": 1}, "link": []},
        {"url": "https://a.example/"},
    ]
    items += [{"link": "https://a.example/", "title": 1, "snippet": [2], "date": {}}]
    answer = {"results": items, "organic": items, "web": {"results": items}}
    server.response = Response(json.dumps(answer).encode(), content_type=JSON)
    async with searching(server.settings(settings, service)) as searcher:
        results = await searcher.search("mills", 3, "key")
    assert [(result.url, result.title, result.date) for result in results] == [("https://a.example/", "", None)]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((204, SearchError), (400, SearchError), (401, SearchError), (403, SearchError), (422, SearchError)),
        *((429, SearchRateLimitedError), (500, SearchError), (503, SearchError)),
    ],
)
async def test_other_statuses_are_failures(server, settings, status, kind):
    server.response = Response(b'{"results": []}', status, JSON)
    error = await failure(server.settings(settings, "perplexity"))
    assert type(error) is kind
    if kind is SearchError:
        assert f"status {status}" in error.message


@pytest.mark.parametrize(
    ("sent", "told"),
    [("7", 7), ("99999999", 3600), ("-1", 10), ("Wed, 21 Oct 2026 07:28:00 GMT", 10), ("9" * 5000, 10)],
)
async def test_how_long_the_service_asks_to_wait_is_passed_on(server, settings, sent, told):
    server.response = Response(b"", 429, JSON, (("Retry-After", sent),))
    assert (await failure(server.settings(settings, "serper"))).retry_after == told


async def test_no_cookie_is_kept(server, settings):
    """It would tie the searches of all keys together, and a service could send new ones without end."""
    server.response = Response(b"{}", 200, JSON, (("Set-Cookie", "session=1; Path=/"),))
    async with searching(server.settings(settings, "searxng")) as searcher:
        for key in ("one", "other"):
            await searcher.search("windmills", 3, key)
    assert ["cookie" in request.headers for request in server.requests] == [False, False]


async def test_a_long_answer_is_read_beside_the_event_loop(server, settings, monkeypatch):
    threads = []

    def read(items):
        threads.append(threading.current_thread())
        return read_results(items)

    monkeypatch.setattr("pagemill.searching.searcher.read_results", read)
    hostile = [{"url": "https://a.example/", "title": "&amp;" * 20_000, "description": "&amp;" * 20_000}]
    server.response = Response(json.dumps({"web": {"results": hostile}}).encode(), 200, JSON)
    async with searching(server.settings(settings, "brave")) as searcher:
        [found] = await searcher.search("windmills", 3, "key")
    assert found.title == "&" * (LONGEST_TITLE - 1) + "…"
    assert threading.main_thread() not in threads


async def test_a_key_that_is_wrong_is_not_told(server, settings):
    error = await failure(server.settings(settings, "brave", search_api_key="s3cret-but-wrong"))
    assert "status 401" in error.message
    assert "s3cret" not in error.message


async def test_no_redirect_is_followed(server, settings):
    server.response = redirect(server.url("/elsewhere"))
    error = await failure(server.settings(settings, "searxng"))
    assert "status 302" in error.message
    assert [request.path for request in server.requests] == ["/search"]


async def test_a_long_answer_is_not_read_to_its_end(settings):
    async with HostileServer(floods(OK + b"\r\n", b" " * 65536)) as hostile:
        error = await failure(
            settings.changed(search_service="searxng", search_url=hostile.url(), search_max_answer_bytes=200_000)
        )
        assert "PAGEMILL_SEARCH_MAX_ANSWER_BYTES" in error.message
        async with asyncio.timeout(5):
            await hostile.left.wait()


async def test_a_compressed_answer_is_not_unpacked(server, settings):
    body = gzip.compress(b'{"results": []}' + b" " * 10_000_000)
    server.response = Response(body, content_type=JSON, headers=(("Content-Encoding", "gzip"),))
    error = await failure(server.settings(settings, "searxng"))
    assert "compressed" in error.message


@pytest.mark.parametrize(
    "script",
    [
        drips(OK + b"Content-Length: 100000\r\n\r\n", b" ", 0.05),
        drips(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n", 0.05),
        drips(b"", b"", 0.05),
    ],
    ids=["body", "head", "silence"],
)
async def test_a_slow_answer_ends_in_time(settings, script):
    async with HostileServer(script) as hostile:
        error = await failure(settings.changed(search_service="searxng", search_url=hostile.url(), search_timeout=0.5))
        assert type(error) is SearchTimeoutError
        assert error.http_status == 504
        async with asyncio.timeout(5):
            await hostile.left.wait()


@pytest.mark.parametrize(
    "script",
    [
        sends(b"nonsense\r\n\r\n"),
        sends(b""),
        sends(OK + b"Content-Length: 100\r\n\r\n{"),
        sends(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
        sends(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n"),
        resets(OK),
    ],
    ids=["no HTTP", "nothing", "cut off", "chunks", "headers", "reset"],
)
async def test_a_broken_answer_is_said(settings, script):
    async with HostileServer(script) as hostile:
        error = await failure(settings.changed(search_service="searxng", search_url=hostile.url()))
    assert error.code == "search_failed"


async def test_where_nobody_listens_it_is_said(server, settings):
    async with SearchServer() as gone:
        nowhere = gone.settings(settings, "searxng")
    assert (await failure(nowhere)).code == "search_failed"


async def test_searches_wait_for_their_turn(server, settings):
    server.gate = asyncio.Event()
    async with searching(server.settings(settings, "serper", search_concurrency=2)) as searcher:
        tasks = [asyncio.create_task(searcher.search("mills", 3, f"key {number}")) for number in range(6)]
        async with asyncio.timeout(5):
            while server.at_once < 2:
                await asyncio.sleep(0.01)
        server.gate.set()
        await asyncio.gather(*tasks)
    assert server.most_at_once == 2
    assert len(server.asked) == 6


async def test_a_search_that_waits_too_long_for_its_turn_ends(server, settings):
    server.gate = asyncio.Event()
    async with searching(server.settings(settings, "serper", search_concurrency=1, search_timeout=0.5)) as searcher:
        searches = (searcher.search("mills", 3, "key") for _ in range(3))
        ends = await asyncio.gather(*searches, return_exceptions=True)
        assert [type(end) for end in ends] == [SearchTimeoutError] * 3
        server.gate.set()
        assert await searcher.search("mills", 3, "key")


async def test_neither_the_key_nor_what_was_asked_is_logged(server, settings):
    async with SearchServer() as gone:
        nowhere = gone.url()
    with structlog.testing.capture_logs() as logs:
        for service in SERVICES:
            async with searching(server.settings(settings, service)) as searcher:
                await searcher.search("windmills of old", 3, "key")
        server.response = Response(KEY.encode(), 500)
        await failure(server.settings(settings, "brave"))
        await failure(settings.changed(search_service="searxng", search_url=nowhere))
    assert [line["event"] for line in logs] == ["searched"] * 4 + ["search failed"] * 2
    assert KEY not in str(logs)
    assert "windmills" not in str(logs)
