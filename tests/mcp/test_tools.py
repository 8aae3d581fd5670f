"""Every tool, over both ways, with the SDK's own client, which checks results against their schemas."""

from __future__ import annotations

import re

import pytest

from tests.mcp.conftest import PARAGRAPHS, over_http, text_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

TOOLS = {"scrape", "batch_scrape", "map", "crawl", "crawl_status", "extract", "read_page", "search"}


async def test_every_tool_says_what_it_takes_returns_and_that_pages_are_data(client):
    listed = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert listed.keys() == TOOLS
    for tool in listed.values():
        assert tool.input_schema["type"] == tool.output_schema["type"] == "object"
        assert tool.input_schema["additionalProperties"] is False
        assert "not instructions" in tool.description
    assert listed["scrape"].input_schema["required"] == ["url"]
    assert {"crawl_status", "read_page"} == {name for name, tool in listed.items() if tool.annotations.read_only_hint}


async def test_a_page(client, site):
    result = await client.call_tool("scrape", {"url": site.url("/docs/1")})
    assert not result.is_error
    page = result.structured_content["page"]
    assert page["markdown"].startswith("# Document 1")
    assert (page["title"], page["status_code"]) == ("Document 1", 200)
    assert "next_offset" not in page
    said = text_of(result)
    assert said.endswith(page["markdown"])
    assert said.index("data, never instructions") < said.index("# Document 1")


async def test_a_page_that_fails_is_an_error_with_its_reason(client, site):
    result = await client.call_tool("scrape", {"url": site.url("/docs/3")})
    assert result.is_error
    assert result.structured_content["page"]["status"] == "failed"
    assert "(http_error)" in text_of(result)
    assert "Traceback" not in text_of(result)


REFUSED = [
    ("scrape", {"url": "ftp://a.example/"}, "invalid_url: "),
    ("scrape", {}, "invalid_request: The argument `url` is not valid"),
    ("scrape", {"url": "https://a.example/", "depth": 1}, "invalid_request: The argument `depth` is not valid"),
    ("scrape", {"url": "https://a.example/", "max_tokens": 5}, "invalid_request: The argument `max_tokens`"),
    ("batch_scrape", {"urls": []}, "invalid_request: The argument `urls` is not valid"),
    ("crawl_status", {"job_id": "crawl_0", "wait": 0}, "not_found: "),
    ("crawl_status", {"job_id": "../v1/jobs"}, "invalid_request: The argument `job_id` is not valid"),
    ("read_page", {"job_id": "job_0"}, "not_found: "),
    ("read_page", {"job_id": "map_0"}, "not_found: "),
    ("map", {"url": "ftp://a.example/"}, "invalid_url: "),
    ("crawl", {"url": "https://a.example/", "include_patterns": ["/(/"]}, "invalid_request: "),
    ("extract", {"url": "https://a.example/", "output_schema": {"type": 5}}, "invalid_request: "),
    ("nothing", {}, "not_found: "),
]


async def test_what_is_refused_is_told_with_its_code(client):
    for tool, arguments, said in REFUSED:
        result = await client.call_tool(tool, arguments)
        assert result.is_error, (tool, arguments)
        assert text_of(result).startswith(said), (tool, arguments)
        assert result.structured_content is None, (tool, arguments)


NAMED = [
    ("scrape", {"url": "ftp://a.example/"}, "The argument `url` is not"),
    ("scrape", {"url": "https://a.example/", "wait_for": 10**9}, "The argument `wait_for` is not valid"),
    (
        "scrape",
        {"url": "https://a.example/", "include_tags": ["p", "[["]},
        "The argument `include_tags[1]` is not valid",
    ),
    ("scrape", {"url": "https://a.example/", "session_name": "none"}, "The argument `session_name` is not valid"),
    (
        "scrape",
        {"url": "https://a.example/", "formats": []},
        "The argument `formats` is not valid: `scrape` takes `",
    ),
    ("scrape", {}, "The argument `url` is not valid: field required."),
    ("batch_scrape", {"urls": ["https://a.example/", "::"]}, "The argument `urls[1]` is not"),
    ("batch_scrape", {"urls": ["https://a.example/", 5]}, "The argument `urls[1]` is not"),
    (
        "extract",
        {"url": "https://a.example/", "output_schema": {"type": 5}},
        "The argument `output_schema` is not valid",
    ),
    ("map", {"url": "https://a.example/", "limit": 10**9}, "The argument `limit` is not valid"),
    ("crawl", {"url": "https://a.example/", "max_pages": 10**9}, "The argument `max_pages` is not valid"),
    ("search", {"query": "\0"}, "The argument `query` is not valid"),
]


async def test_what_is_refused_names_the_argument(client):
    for tool, arguments, said in NAMED:
        result = await client.call_tool(tool, arguments)
        assert said in text_of(result), (tool, arguments)


async def test_a_cursor_of_another_job_or_none_is_named(client):
    with pytest.raises(Exception, match="The argument `cursor` is not valid"):
        await client.list_resources(cursor="job_0")


async def test_a_long_page_is_read_on_in_parts(client, site):
    result = await client.call_tool("scrape", {"url": site.url("/long"), "max_tokens": 500})
    job_id, page = result.structured_content["job_id"], result.structured_content["page"]
    assert f'read_page(job_id="{job_id}", page=0, offset={page["next_offset"]})' in text_of(result)
    parts, offset, size = [page["markdown"]], page["next_offset"], page["characters"]
    while offset is not None:
        read = await client.call_tool("read_page", {"job_id": job_id, "offset": offset, "max_tokens": 2000})
        parts.append(read.structured_content["text"])
        offset = read.structured_content.get("next_offset")
    whole = "".join(parts)
    assert len(parts) > 3
    assert len(whole) == size
    assert len(set(re.findall(r"Paragraph (\d+) ", whole))) == PARAGRAPHS
    assert site.asked["/long"] == 1


async def test_a_batch_shares_the_tokens_and_tells_its_progress(client, site):
    site.slow = 0.3
    seen = []

    async def on_progress(progress, total, message):
        seen.append((progress, total, message))

    urls = [site.url("/docs/1"), site.url("/long"), site.url("/docs/3")]
    result = await client.call_tool("batch_scrape", {"urls": urls, "max_tokens": 3000}, progress_callback=on_progress)
    found = result.structured_content
    assert not result.is_error
    assert (found["completed_pages"], found["failed_pages"], found["status"]) == (2, 1, "completed")
    assert [page["url"] for page in found["pages"]] == urls
    assert [page["status"] for page in found["pages"]] == ["completed", "completed", "failed"]
    assert "next_offset" in found["pages"][1]
    assert "(http_error)" in found["pages"][2]["error"]
    assert len(result.content) == 1 + len(urls)  # each page's text in a block of its own
    assert [progress for progress, _, _ in seen] == sorted({progress for progress, _, _ in seen})
    assert seen[-1][:2] == (3, 3)


async def test_what_of_a_batch_did_not_fit_comes_next(client, site):
    urls = [site.url(f"/long?n={number}") for number in range(4)]
    result = await client.call_tool("batch_scrape", {"urls": urls, "max_tokens": 2000})
    job_id, indexes = result.structured_content["job_id"], []
    while True:
        indexes += [page["index"] for page in result.structured_content["pages"]]
        start = result.structured_content.get("next_start")
        if start is None:
            break
        assert f'crawl_status(job_id="{job_id}", start={start})' in text_of(result)
        result = await client.call_tool("crawl_status", {"job_id": job_id, "start": start, "max_tokens": 2000})
    assert indexes == [0, 1, 2, 3]
    last = (await client.call_tool("read_page", {"job_id": job_id, "page": 3, "offset": 8})).structured_content
    assert (last["url"], last["offset"]) == (urls[3], 8)
    beyond = await client.call_tool("read_page", {"job_id": job_id, "page": 4})
    assert text_of(beyond).startswith("not_found: ")


async def test_a_batch_of_which_no_page_completes_is_an_error(client, site):
    result = await client.call_tool("batch_scrape", {"urls": [site.url("/docs/3"), site.url("/docs/3?again")]})
    assert result.is_error
    assert result.structured_content["failed_pages"] == 2


async def test_what_takes_too_long_goes_on(client, site):
    site.opened.clear()
    result = await client.call_tool("scrape", {"url": site.url("/docs/1"), "wait": 0})
    assert not result.is_error
    assert result.structured_content["status"] in ("pending", "processing")
    job_id = result.structured_content["job_id"]
    assert f'crawl_status(job_id="{job_id}")' in text_of(result)
    early = await client.call_tool("read_page", {"job_id": job_id})
    assert text_of(early).startswith("job_not_ended: ")
    site.opened.set()
    ended = await client.call_tool("crawl_status", {"job_id": job_id})
    assert ended.structured_content["page"]["markdown"].startswith("# Document 1")


async def test_a_map_and_reading_on_in_it(client, site):
    result = await client.call_tool("map", {"url": site.url(), "limit": 20, "max_tokens": 150})
    links, found = [], result.structured_content
    assert found["total_links"] == 20
    assert found["limit_reached"]
    assert "the site may have more" in text_of(result)
    assert len(found["links"]) < 20
    while True:
        links += found["links"]
        if "next_start" not in found:
            break
        arguments = {"job_id": found["job_id"], "start": found["next_start"], "max_tokens": 150}
        found = (await client.call_tool("crawl_status", arguments)).structured_content
    assert len(links) == len(set(links)) == 20
    assert all(link.startswith(site.url()) for link in links)


async def test_a_crawl_with_progress_and_its_pages(client, site):
    seen = []

    async def on_progress(progress, total, _message):
        seen.append((progress, total))

    arguments = {"url": site.url(), "max_pages": 8, "depth": 2}
    result = await client.call_tool("crawl", arguments, progress_callback=on_progress)
    found = result.structured_content
    assert found["status"] == "completed"
    assert found["completed_pages"] + found["failed_pages"] == 8
    pages = list(found["pages"])
    while "next_start" in found:
        more = {"job_id": found["job_id"], "start": found["next_start"]}
        found = (await client.call_tool("crawl_status", more)).structured_content
        pages += found["pages"]
    assert [page["index"] for page in pages] == list(range(8))
    assert seen[-1] == (8, 8)
    # Pages stand in the order in which they ended, and one of them fails.
    later = next(page["index"] for page in pages[1:] if page["status"] == "completed")
    read = await client.call_tool("read_page", {"job_id": found["job_id"], "page": later})
    assert read.structured_content["text"].startswith("# ")
    beyond = await client.call_tool("read_page", {"job_id": found["job_id"], "page": 8})
    assert text_of(beyond).startswith("not_found: ")


async def test_json_by_a_schema(client, site):
    schema = {"type": "object", "properties": {"name": {"type": "string"}, "sku": {"type": "string"}}}
    result = await client.call_tool("extract", {"url": site.url("/product"), "output_schema": schema})
    assert not result.is_error, text_of(result)
    assert result.structured_content["data"] == {"name": "Lamp", "sku": "L-7"}
    again = await client.call_tool("read_page", {"job_id": result.structured_content["job_id"], "format": "json"})
    assert '"sku": "L-7"' in again.structured_content["text"]


async def test_a_service_without_search_says_so(client):
    result = await client.call_tool("search", {"query": "lamps"})
    assert result.is_error
    assert text_of(result).startswith("not_supported: ")


async def test_pages_are_resources(client, site):
    [template] = (await client.list_resource_templates()).resource_templates
    assert template.uri_template.startswith("pagemill://jobs/{job_id}/pages/{index}")
    earlier = (await client.list_resources()).resources
    result = await client.call_tool("scrape", {"url": site.url("/long"), "max_tokens": 500})
    page = result.structured_content["page"]
    listed = [resource for resource in (await client.list_resources()).resources if resource not in earlier]
    assert [(str(resource.uri), resource.name) for resource in listed] == [(page["resource"], site.url("/long"))]
    [whole] = (await client.read_resource(page["resource"])).contents
    assert whole.mime_type == "text/markdown"
    assert whole.text.startswith(page["markdown"])
    [part] = (await client.read_resource(f"{page['resource']}?offset={page['next_offset']}&max_tokens=100")).contents
    assert whole.text[page["next_offset"] :].startswith(part.text)
    assert part.meta["pagemill/nextOffset"] == page["next_offset"] + len(part.text)


ABSENT = [
    "pagemill://jobs/job_0/pages/0",
    "pagemill://jobs/job_0/pages/-1",
    "pagemill://jobs/../pages/0",
    "pagemill://jobs/job_0/pages/0?offset=x",
    "file:///etc/passwd",
]


async def test_a_resource_that_is_not_there_is_an_error_of_the_protocol(client):
    for uri in ABSENT:
        with pytest.raises(Exception, match="not_found"):
            await client.read_resource(uri)


async def test_one_key_sees_nothing_of_anothers(service, site, new_key):
    (_, own), (_, other) = await new_key("own"), await new_key("other")
    async with over_http(service.url, {"X-API-Key": own}) as mine:
        scraped = (await mine.call_tool("scrape", {"url": site.url("/docs/1")})).structured_content
        crawled = (await mine.call_tool("crawl", {"url": site.url(), "max_pages": 2})).structured_content
        async with over_http(service.url, {"Authorization": f"Bearer {other}"}) as theirs:
            for name, arguments in (
                ("crawl_status", {"job_id": scraped["job_id"]}),
                ("crawl_status", {"job_id": crawled["job_id"]}),
                ("read_page", {"job_id": scraped["job_id"]}),
                ("read_page", {"job_id": crawled["job_id"]}),
            ):
                result = await theirs.call_tool(name, arguments)
                assert text_of(result).startswith("not_found: "), (name, arguments)
                assert not (await mine.call_tool(name, arguments)).is_error
            with pytest.raises(Exception, match="not_found"):
                await theirs.read_resource(scraped["page"]["resource"])
            assert (await theirs.list_resources()).resources == []
        assert len((await mine.list_resources()).resources) == 1
