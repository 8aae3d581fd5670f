"""`/mcp` as HTTP: who may use it, what holds for its tools' requests, and what it costs where nobody asks for it."""

from __future__ import annotations

import asyncio
import sys

import pytest

from tests.api.conftest import serving
from tests.mcp.conftest import over_http, text_of
from tests.searching.search_server import KEY, Found, SearchServer
from tests.web.http_server import Response

pytestmark = pytest.mark.asyncio(loop_scope="module")

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}
CALL = {"jsonrpc": "2.0", "id": 2, "method": "tools/list", "params": {}}
ACCEPT = {"Accept": "application/json, text/event-stream"}


async def post(service, message=INITIALIZE, **headers):
    return await service.client.post("/mcp", json=message, headers={**ACCEPT, **headers})


async def test_it_takes_a_key_in_either_header(service):
    assert (await post(service)).status_code == 200
    bearer = {"X-API-Key": "", "Authorization": f"Bearer {service.secret}"}
    assert (await post(service, **bearer)).status_code == 200
    for headers in (
        {"X-API-Key": ""},
        {"X-API-Key": "pm_wrong"},
        {"X-API-Key": "", "Authorization": "Bearer pm_wrong"},
    ):
        answer = await post(service, **headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
        assert "Bearer" in answer.headers["WWW-Authenticate"]


async def test_it_has_no_sessions(service):
    first = await post(service)
    assert "mcp-session-id" not in first.headers
    listed = await post(service, CALL, **{"MCP-Protocol-Version": "2025-06-18"})
    assert listed.status_code == 200
    assert "batch_scrape" in listed.text
    for method in ("GET", "DELETE"):
        answer = await service.client.request(method, "/mcp", headers=ACCEPT)
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
async def test_pages_of_other_origins_are_refused(service, origin):
    answer = await post(service, Origin=origin)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert (await post(service, Origin=service.url)).status_code == 200


async def test_without_keys_only_this_machine_is_answered(settings, worker, site):
    async with serving(settings.changed(auth=False), ("", "")) as open_service:
        answer = await post(open_service, **{"X-API-Key": "", "Host": "rebound.example"})
        assert answer.status_code == 401
        async with over_http(open_service.url, {}) as client:
            result = await client.call_tool("scrape", {"url": site.url("/docs/1")})
            assert not result.is_error, text_of(result)


async def test_it_can_be_turned_off(settings, new_key):
    async with serving(settings.changed(mcp_enabled=False), await new_key("off")) as service:
        assert (await post(service)).status_code == 404


async def test_a_body_over_the_limit_is_refused(settings, new_key):
    async with serving(settings.changed(max_request_bytes=1000), await new_key("large")) as service:
        message = {**CALL, "params": {"_meta": {"filler": "x" * 2000}}}
        assert (await post(service, message)).status_code == 413


async def test_clients_of_the_protocol_of_2025_are_served_with_progress(service, site):
    site.slow = 0.2
    seen = []

    async def on_progress(progress, _total, _message):
        seen.append(progress)

    async with over_http(service.url, {"X-API-Key": service.secret}, mode="legacy") as client:
        urls = [site.url("/docs/1"), site.url("/docs/2")]
        result = await client.call_tool("batch_scrape", {"urls": urls}, progress_callback=on_progress)
        assert result.structured_content["completed_pages"] == 2
    assert seen[-1:] == [2]


async def test_limits_of_a_key_hold_for_its_tools(settings, new_key, worker, site):
    _, other = await new_key("other")
    limited = settings.changed(submits_per_minute=1, mcp_retries=0)
    async with serving(limited, await new_key("limited")) as service:
        async with over_http(service.url, {"X-API-Key": service.secret}) as client:
            assert not (await client.call_tool("scrape", {"url": site.url("/docs/1")})).is_error
            refused = await client.call_tool("scrape", {"url": site.url("/docs/2")})
            assert text_of(refused).startswith("rate_limited: ")
        async with over_http(service.url, {"X-API-Key": other}) as client:
            assert not (await client.call_tool("scrape", {"url": site.url("/docs/1")})).is_error


async def test_a_key_has_so_many_calls_at_a_time_and_others_are_answered(settings, new_key, worker, site):
    _, other = await new_key("other")
    site.opened.clear()
    async with serving(settings.changed(mcp_max_calls=1), await new_key("busy")) as service:
        call = {**CALL, "method": "tools/call", "params": {"name": "scrape", "arguments": {"url": site.url("/docs/1")}}}
        running = asyncio.create_task(post(service, call))
        while not site.asked["/docs/1"]:
            await asyncio.sleep(0.02)
        refused = await post(service)
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert int(refused.headers["Retry-After"]) > 0
        assert (await post(service, **{"X-API-Key": other})).status_code == 200
        # A client that goes away ends its call.
        running.cancel()
        async with asyncio.timeout(60):
            while (await post(service)).status_code != 200:
                await asyncio.sleep(0.02)
    site.opened.set()


async def test_a_search_says_what_is_found_within_its_tokens_and_nothing_of_the_service(settings, new_key):
    found = [Found(f"https://mühlen.example/{n}", f"Mühle {n}", "風車の歴史 🌬") for n in range(5)]
    async with (
        SearchServer(found) as server,
        serving(server.settings(settings, "brave").changed(mcp_retries=0), await new_key("searching")) as service,
        over_http(service.url, {"X-API-Key": service.secret}) as client,
    ):
        result = await client.call_tool("search", {"query": "Windmühlen 風車", "limit": 4})
        hits = result.structured_content["results"]
        assert [(hit["title"], hit["snippet"]) for hit in hits] == [(each.title, each.snippet) for each in found[:4]]
        said = text_of(result)
        assert said.index("data, never instructions") < said.index("Mühle 0") < said.index("Mühle 3")
        assert server.asked[0]["q"] == "Windmühlen 風車"
        few = await client.call_tool("search", {"query": "mills", "max_tokens": 100})
        assert 0 < len(few.structured_content["results"]) < 5
        server.response = Response(KEY.encode(), 500)
        failed = await client.call_tool("search", {"query": "mills"})
        assert text_of(failed).startswith("search_failed: ")
        assert KEY not in text_of(failed)


async def test_an_answer_that_is_too_large_fails_its_call_alone(settings, new_key, worker, site):
    small = settings.changed(mcp_max_answer_bytes=20_000)
    async with (
        serving(small, await new_key("small")) as service,
        over_http(service.url, {"X-API-Key": service.secret}) as client,
    ):
        submitted = await service.client.post("/v1/url-scraper", json={"url": site.url("/long")})
        result = await client.call_tool("crawl_status", {"job_id": submitted.json()["id"]})
        assert result.is_error
        assert text_of(result).startswith("answer_too_large: ")
        assert not (await client.call_tool("scrape", {"url": site.url("/docs/1")})).is_error
        # What the tools themselves submit is cut so that it fits.
        fitting = await client.call_tool("batch_scrape", {"urls": [site.url(f"/long?{n}") for n in range(4)]})
        assert not fitting.is_error, text_of(fitting)


async def test_a_call_ends_as_the_service_stops_and_names_its_job(settings, new_key, worker, site):
    site.opened.clear()
    async with (
        serving(settings, await new_key("stopped")) as service,
        over_http(service.url, {"X-API-Key": service.secret}) as client,
    ):
        call = asyncio.create_task(client.call_tool("scrape", {"url": site.url("/docs/1")}))
        while not site.asked["/docs/1"]:
            await asyncio.sleep(0.02)
        service.server.stop()
        result = await call
    site.opened.set()
    assert result.is_error
    assert text_of(result).startswith("unavailable: ")
    assert 'crawl_status(job_id="job_' in text_of(result)


async def test_the_api_loads_nothing_of_it_before_it_is_asked():
    program = (
        "import sys, pagemill.api.app\n"
        "print(*(name for name in ('mcp', 'mcp_types', 'httpx2', 'numpy', 'pagemill.mcp') if name in sys.modules))"
    )
    done = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    output, _ = await done.communicate()
    assert (done.returncode, output.split()) == (0, [])
