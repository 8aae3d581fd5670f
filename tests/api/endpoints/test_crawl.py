from __future__ import annotations

import asyncio
import json
import random
from typing import TYPE_CHECKING

import pytest
from tests.api.conftest import serving
from tests.api.endpoints.test_map import working
from tests.api.test_http_protocol import connected
from tests.web.generated_site import GeneratedSite
from tests.web.http_server import HttpServer, Response

if TYPE_CHECKING:
    from tests.api.conftest import Api


async def submit(api, url, **fields):
    answer = await api.client.post("/v1/crawl", json={"url": url, "formats": ["markdown"], **fields})
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]


async def read(api, crawl_id, **parameters):
    answer = await api.client.get(f"/v1/crawl/{crawl_id}", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_crawl(api: Api, settings) -> None:
    async with GeneratedSite(pages=30) as site, working(settings):
        crawl_id = await submit(api, site.url(), maxPages=8)
        found = await read(api, crawl_id, wait=30)
    assert (found["id"], found["status"], found["url"], found["jobType"]) == (
        crawl_id,
        "completed",
        site.url(),
        "crawl",
    )
    assert (found["totalPages"], found["completedPages"], found["failedPages"]) == (8, 8, 0)
    assert found["durationMs"] >= 0
    assert found["error"] is None
    assert found["pages"] == found["results"]
    first = found["pages"][0]
    assert (first["url"], first["number"], first["depth"], first["status"]) == (site.url(), 1, 0, "completed")
    assert first["markdown"].startswith("# Start")
    assert first["html"] is None
    assert {page["parent"] for page in found["pages"][1:]} == {site.url()}
    assert "links" not in first


async def test_a_crawl_of_what_changed(api: Api, settings) -> None:
    made = await api.client.post("/v1/monitors", json={"url": "https://example.com/", "intervalMinutes": 60})
    html = {"url": "https://example.com/", "intervalMinutes": 60, "watchFormat": "html"}
    other = await api.client.post("/v1/monitors", json=html)
    for field, value in (("since", "soon"), ("monitorId", "mon_1"), ("monitorId", other.json()["id"])):
        answer = await api.client.post("/v1/crawl", json={"url": "https://example.com/", field: value})
        assert (answer.status_code, f"`{field}`" in answer.json()["message"]) == (400, True)
    page = Response(b"<title>T</title><meta property='article:modified_time' content='2020-01-01'><p>Some words of it.")
    async with HttpServer({"/": page}) as web, working(settings):
        crawl_id = await submit(api, web.url("/"), since="2026-03-02", monitorId=made.json()["id"])
        found = await read(api, crawl_id, wait=30)
    assert found["status"] == "completed"
    [only] = found["pages"]
    assert (only["unchanged"], only["status"], only["markdown"]) == (True, "completed", None)
    assert only["metadata"]["modified"]


async def test_a_crawl_is_read_page_by_page(api: Api, settings) -> None:
    async with GeneratedSite(pages=30) as site, working(settings):
        crawl_id = await submit(api, site.url(), maxPages=8)
        await read(api, crawl_id, wait=30)
        numbers: list[int] = []
        part = {"next": 0}
        while "next" in part:
            part = await read(api, crawl_id, after=part["next"], limit=3)
            numbers += [page["number"] for page in part["pages"]]
    assert numbers == list(range(1, 9))


async def test_a_crawl_that_runs_shows_contents_only_where_asked(api: Api, settings) -> None:
    async with GeneratedSite(pages=200, slow=0.05) as site, working(settings):
        crawl_id = await submit(api, site.url(), maxPages=200, depth=3)
        async with asyncio.timeout(20):
            while not (part := await read(api, crawl_id, after=0))["pages"]:
                await asyncio.sleep(0.02)
        assert part["status"] == "processing"
        assert part["pages"][0]["markdown"]
        assert not any(page["markdown"] for page in (await read(api, crawl_id))["pages"])
        stopped = await api.client.delete(f"/v1/crawl/{crawl_id}")
        assert stopped.status_code == 200
        assert (await read(api, crawl_id, wait=30))["status"] == "completed"


async def test_a_stream_of_events_goes_on_where_it_was_left(api: Api, settings) -> None:
    async with GeneratedSite(pages=30) as site, working(settings):
        crawl_id = await submit(api, site.url(), maxPages=8)
        events = await read_events(api, crawl_id)
        assert [event["id"] for event in events[:-1]] == [str(number) for number in range(1, 9)]
        assert {event["event"] for event in events[:-1]} == {"page"}
        assert json.loads(events[0]["data"])["markdown"].startswith("# Start")
        last = json.loads(events[-1]["data"])
        assert (events[-1]["event"], last["status"], last["completedPages"]) == ("end", "completed", 8)
        rest = await read_events(api, crawl_id, {"Last-Event-ID": "5"})
        assert rest == events[5:]


async def read_events(api, crawl_id, headers=None):
    async with api.client.stream("GET", f"/v1/crawl/{crawl_id}/stream", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        text = "".join([part async for part in answer.aiter_text()])
    blocks = [block for block in text.split("\n\n") if block and not block.startswith(":")]
    return [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]


async def test_a_stream_of_lines(api: Api, settings) -> None:
    async with GeneratedSite(pages=30) as site, working(settings):
        crawl_id = await submit(api, site.url(), maxPages=5)
        headers = {"Accept": "application/x-ndjson"}
        async with api.client.stream("GET", f"/v1/crawl/{crawl_id}/stream?after=2", headers=headers) as answer:
            lines = [json.loads(line) async for line in answer.aiter_lines() if line]
    assert [line.get("number") for line in lines] == [3, 4, 5, None]
    assert lines[-1]["status"] == "completed"


async def test_a_crawl_whose_first_page_fails_says_why(api: Api, settings) -> None:
    async with GeneratedSite(pages=1) as site, working(settings):
        found = await read(api, await submit(api, site.url("/missing")), wait=30)
    assert found["status"] == "failed"
    assert "http_error" in found["error"]
    assert found["pages"][0]["error"] == found["error"]


async def test_crawls_are_listed(api: Api) -> None:
    ids = [await submit(api, f"https://example.com/{n}") for n in range(3)]
    first = (await api.client.get("/v1/crawls", params={"limit": 2})).json()
    assert [crawl["id"] for crawl in first["crawls"]] == ids[:0:-1]
    rest = (await api.client.get("/v1/crawls", params={"before": first["next"]})).json()
    assert [(crawl["id"], crawl["url"], crawl["totalPages"]) for crawl in rest["crawls"]] == [
        (ids[0], "https://example.com/0", 1)
    ]


async def test_a_crawl_that_was_not_begun_is_stopped(api: Api) -> None:
    crawl_id = await submit(api, "https://example.com")
    stopped = (await api.client.delete(f"/v1/crawl/{crawl_id}")).json()
    assert stopped == {"id": crawl_id, "jobId": crawl_id, "status": "failed", "cancelled": 1}
    assert (await api.client.delete(f"/v1/crawl/{crawl_id}")).json() == stopped
    found = await read(api, crawl_id)
    assert "cancelled" in found["error"]
    assert found["cancelledAt"] <= found["completedAt"]
    [listed] = (await api.client.get("/v1/crawls")).json()["crawls"]
    assert listed["cancelledAt"] == found["cancelledAt"]


@pytest.mark.parametrize(
    ("fields", "code", "named"),
    [
        ({"maxPages": 10_001}, "invalid_request", "maxPages"),
        ({"depth": 21}, "invalid_request", "depth"),
        ({"includePatterns": ["/a/*", "/(/"]}, "invalid_request", "includePatterns[1]"),
        ({"excludePatterns": [r"/(?<=a)b+/"]}, "invalid_request", "excludePatterns[0]"),
        ({"sameDomain": False}, "not_supported", "sameDomain"),
        ({"ignoreRobots": True}, "not_supported", "ignoreRobots"),
        ({"formats": ["pdf"]}, "invalid_request", "formats"),
    ],
)
async def test_a_crawl_that_cannot_be_made_is_refused(api: Api, fields, code, named) -> None:
    answer = await api.client.post("/v1/crawl", json={"url": "https://example.com", **fields})
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert named in answer.json()["message"]


async def test_no_such_crawl(api: Api) -> None:
    for path in ("/v1/crawl/crawl_0", "/v1/crawl/job_0", "/v1/crawl/crawl_0/stream"):
        assert (await api.client.get(path)).status_code == 404
    assert (await api.client.delete("/v1/crawl/crawl_0")).status_code == 404
    assert (await api.client.get("/v1/crawls", params={"before": "crawl_0"})).status_code == 400


async def test_a_number_that_no_page_can_have_is_refused_or_passed_over(api: Api) -> None:
    crawl_id = await submit(api, "http://example.com/")
    answer = await api.client.get(f"/v1/crawl/{crawl_id}", params={"after": 3_000_000_000})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    await api.client.delete(f"/v1/crawl/{crawl_id}")
    for last_event_id in ("9" * 10, "9" * 5_000):
        answer = await api.client.get(f"/v1/crawl/{crawl_id}/stream", headers={"Last-Event-ID": last_event_id})
        assert answer.status_code == 200


async def test_streams_that_wait_for_pages_hold_up_no_download(settings, key, worker) -> None:
    async with serving(settings.changed(max_downloads=1), key) as api:
        job_id = await api.submit("https://example.com/")
        await worker.complete_all({"markdown": "m"})
        crawl_id = await submit(api, "https://example.com/site")
        async with api.client.stream("GET", f"/v1/crawl/{crawl_id}/stream") as waiting:
            assert waiting.status_code == 200
            await asyncio.sleep(0.3)
            async with asyncio.timeout(60):
                assert (await api.client.get(f"/v1/url-scraper/{job_id}")).json()["markdown"] == "m"


async def test_streams_that_nobody_reads_hold_up_no_download(settings, key) -> None:
    # Letters in a row would fit into the buffers of a connection, compressed or not.
    large = "".join(random.Random(1).choices("abcdefghijklmnop ", k=8_000_000))
    page = f"<h1>Letters</h1><p>{'Some words of an ordinary page. ' * 40}</p><!-- {large} -->"
    web = HttpServer({"/": Response(page.encode())})
    async with web as site, working(settings), serving(settings.changed(max_downloads=1), key) as api:
        crawl_id = await submit(api, site.url(), maxPages=1, formats=["html"])
        assert (await read(api, crawl_id, wait=30, limit=1))["status"] == "completed"
        async with connected(api, 4096) as stuck:
            path = f"/v1/crawl/{crawl_id}/stream"
            stuck.send(f"GET {path} HTTP/1.1\r\nHost: a\r\nX-API-Key: {api.secret}\r\n\r\n".encode())
            await stuck.reader.readuntil(b"event: page")
            async with asyncio.timeout(20):
                assert large in (await read(api, crawl_id, limit=1))["pages"][0]["html"]


async def test_more_streams_than_the_limit_wait_for_their_turn(settings, key) -> None:
    async with serving(settings.changed(max_streams=1), key) as api:
        crawl_id = await submit(api, "https://example.com/site")
        first, second = (asyncio.create_task(read_events(api, crawl_id)) for _ in range(2))
        await asyncio.sleep(0.3)
        assert not first.done()
        await api.client.delete(f"/v1/crawl/{crawl_id}")
        async with asyncio.timeout(20):
            assert (await first)[-1]["event"] == (await second)[-1]["event"] == "end"
