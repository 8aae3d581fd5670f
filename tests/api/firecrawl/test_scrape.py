from __future__ import annotations

import asyncio
import base64
import re

import httpx
import pytest
from tests.api.conftest import serving

from pagemill.jobs.sessions.store import SessionStore

LINKS = [
    {"href": "https://example.com/", "text": 'home "sweet"'},
    {"href": "https://example.com/b", "text": "b"},
    {"href": "https://example.com/", "text": "again"},
]
CONTENT = {
    "markdown": "Ünï\n",
    "cleanedHtml": "<p>Ünï</p>",
    "html": "<nav>x</nav><p>Ünï</p>",
    "links": LINKS,
    "images": [{"src": "https://example.com/a.png", "alt": ""}],
    "summary": "Short.",
    "json": {"status": "success", "data": {"name": "Mill"}, "evidence": {}},
    "metadata": {
        "title": "A mill",
        "language": "en",
        "published": "2026-01-02",
        "open_graph": {"image": "https://example.com/o.png", "site_name": "Mills", "locale:alternate": "de_DE"},
    },
}
URL = "https://example.com/a"


async def scrape(api, worker, content=CONTENT, *, fail=None, **fields):
    """Ask for a page, end it as a worker does, and return the answer and the page that the worker got."""
    task = asyncio.create_task(api.client.post("/v2/scrape", json={"url": URL, **fields}))
    page = await worker.start_next()
    await (worker.fail(page, *fail) if fail else worker.complete(page, content))
    return await task, page


async def refused(api, **fields):
    """The answer to a request that must submit nothing."""
    answer = await api.client.post("/v2/scrape", json={"url": URL, **fields})
    assert answer.status_code == 400, answer.text
    assert (await api.client.get("/v1/jobs")).json()["jobs"] == []
    return answer.json()


async def test_markdown_is_what_a_page_is_without_formats(api, worker):
    answer, page = await scrape(api, worker)
    assert answer.status_code == 200
    assert page.options.formats == ("markdown",)
    assert answer.json() == {
        "success": True,
        "data": {
            "markdown": "Ünï\n",
            "metadata": {
                "title": "A mill",
                "language": "en",
                "publishedTime": "2026-01-02",
                "ogImage": "https://example.com/o.png",
                "ogSiteName": "Mills",
                "ogLocaleAlternate": ["de_DE"],
                "sourceURL": URL,
                "url": URL,
                "statusCode": 200,
                "cacheState": "miss",
            },
        },
    }


@pytest.mark.parametrize("encoding", ["identity", "gzip", "zstd"])
async def test_every_format_that_is_served(api, worker, encoding):
    formats = ["markdown", "html", {"type": "rawHtml"}, "links", "images", "summary", {"type": "json", "prompt": "p"}]
    api.client.headers["Accept-Encoding"] = encoding
    answer, _ = await scrape(api, worker, formats=formats)
    data = answer.json()["data"]
    del data["metadata"]
    assert data == {
        "markdown": "Ünï\n",
        "html": "<p>Ünï</p>",
        "rawHtml": "<nav>x</nav><p>Ünï</p>",
        "links": ["https://example.com/", "https://example.com/b"],
        "images": ["https://example.com/a.png"],
        "summary": "Short.",
        "json": {"name": "Mill"},
    }


async def test_json_that_could_not_be_made_is_a_warning(api, worker):
    made = {"status": "failed", "error": "No answer. (model_timeout)", "data": {}}
    answer, _ = await scrape(api, worker, {"json": made}, formats=[{"type": "json", "schema": {"type": "object"}}])
    data = answer.json()["data"]
    assert (data["json"], data["warning"]) == ({}, "No answer. (model_timeout)")


async def test_a_screenshot_is_a_data_url(api, worker, database):
    picture = b"\x89PNG" + bytes(range(256)) * 3000
    formats = [{"type": "screenshot", "fullPage": True}]
    task = asyncio.create_task(api.client.post("/v2/scrape", json={"url": URL, "formats": formats}))
    page = await worker.start_next()
    assert page.options.formats == ("screenshotFullPage",)
    bodies = {"screenshotFullPage": picture}
    assert await worker._queue.complete(page, final_url=URL, status_code=200, bodies=bodies)
    screenshot = (await task).json()["data"]["screenshot"]
    assert base64.b64decode(screenshot.removeprefix("data:image/png;base64,"), validate=True) == picture


async def test_fields_become_options(api, worker, database, settings):
    _, page = await scrape(
        api,
        worker,
        onlyMainContent=False,
        includeTags=["article"],
        excludeTags=[".ad"],
        maxAge=3_600_000,
        timeout=20_000,
        waitFor=500,
        headers={"X-A": "b"},
        location={"country": "DE", "languages": ["de", "en"]},
        actions=[
            {"type": "wait", "milliseconds": 100},
            {"type": "wait", "selector": "#a"},
            {"type": "click", "selector": "#b"},
            {"type": "write", "text": "x"},
            {"type": "press", "key": "Enter"},
            {"type": "scroll", "direction": "down"},
        ],
    )
    options = await SessionStore(database, settings).open_options(api.key_id, page.options)
    assert not options.only_main_content
    assert (options.include_tags, options.exclude_tags) == (("article",), (".ad",))
    assert (options.max_age, options.force_fresh, options.timeout, options.wait_for) == (3600, False, 20, 500)
    assert options.country == "de"
    assert dict(options.headers) == {"Accept-Language": "de,en;q=0.9", "X-A": "b"}
    assert [action.type for action in options.actions] == ["wait", "wait_for", "click", "write", "press", "scroll"]


async def test_a_page_that_must_be_new_is_fetched(api, worker):
    _, page = await scrape(api, worker, maxAge=0)
    assert page.options.force_fresh


async def test_a_prompt_is_part_of_the_schema(api, worker):
    schema = {"type": "object", "description": "A mill.", "properties": {"name": {"type": "string"}}}
    _, page = await scrape(api, worker, formats=[{"type": "json", "schema": schema, "prompt": "Only open ones."}])
    assert '"description":"A mill.\\n\\nOnly open ones."' in page.options.output_schema


async def test_what_is_ignored_is_named_in_a_warning(api, worker):
    answer, _ = await scrape(
        api, worker, mobile=True, storeInCache=False, origin="x", proxy="stealth", onlyMainContnt=1
    )
    warning = answer.json()["data"]["warning"]
    assert set(re.findall(r"field `(\w+)`", warning)) == {"mobile", "storeInCache", "onlyMainContnt"}


async def test_what_the_clients_send_without_being_asked_is_no_warning(api, worker):
    answer, _ = await scrape(
        api,
        worker,
        formats=["markdown", {"type": "json", "prompt": "p", "schema": None, "checkPromptInjection": None}],
        mobile=False,
        removeBase64Images=True,
        fastMode=False,
        skipTlsVerification=True,
        blockAds=True,
        storeInCache=True,
        maxAge=14_400_000,
        origin="python-sdk@4.53.2",
    )
    assert "warning" not in answer.json()["data"]


@pytest.mark.parametrize(
    ("fields", "code", "named"),
    [
        ({"formats": ["changeTracking"]}, "not_supported", "formats[0]"),
        ({"formats": ["markdown", {"type": "branding"}]}, "not_supported", "formats[1]"),
        ({"formats": ["pdf"]}, "invalid_request", "formats[0]"),
        ({"formats": [{"type": "json", "prompt": "a"}, {"type": "json", "prompt": "b"}]}, "not_supported", "[1]"),
        ({"formats": [{"type": "json", "schema": {"type": 7}}]}, "invalid_request", "formats"),
        ({"actions": [{"type": "executeJavascript", "script": "1"}]}, "not_supported", "actions[0]"),
        ({"actions": [{"type": "click", "selector": "a", "all": True}]}, "not_supported", "actions[0].all"),
        ({"actions": [{"type": "click"}]}, "invalid_request", "actions[0]"),
        ({"actions": [{"type": "dance"}]}, "invalid_request", "actions[0]"),
        ({"minAge": 1000}, "not_supported", "minAge"),
        ({"zeroDataRetention": True}, "not_supported", "zeroDataRetention"),
        ({"redactPII": True}, "not_supported", "redactPII"),
        ({"includeTags": ["<"]}, "invalid_request", "includeTags[0]"),
        ({"location": {"country": "XX"}}, "invalid_request", "location.country"),
        ({"location": {"languages": ["de\r\nX: y"]}}, "invalid_request", "location.languages[0]"),
        ({"waitFor": "long"}, "invalid_request", "waitFor"),
        ({"url": "ftp://example.com/"}, "invalid_url", "url"),
    ],
)
async def test_what_cannot_be_served_is_refused(api, fields, code, named):
    error = await refused(api, **fields)
    assert error.keys() == {"success", "error", "code"}
    assert (error["success"], error["code"]) == (False, code)
    assert named in error["error"]


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        ("timeout", 408, "SCRAPE_TIMEOUT"),
        ("dns_error", 422, "SCRAPE_DNS_RESOLUTION_ERROR"),
        ("tls_error", 422, "SCRAPE_SSL_ERROR"),
        ("blocked", 422, "blocked"),
    ],
)
async def test_a_page_that_fails_says_why(api, worker, failure, status, code):
    answer, _ = await scrape(api, worker, fail=(failure, "It did not work."))
    assert answer.status_code == status
    assert answer.json() == {"success": False, "error": "It did not work.", "code": code}


async def test_a_request_that_is_sent_again_gets_the_job_that_still_runs(settings, key, worker):
    quick = settings.changed(inline_wait=0.2, repeat_window=5)
    async with serving(quick, key) as api:
        first = await api.client.post("/v2/scrape", json={"url": URL})
        assert (first.status_code, first.json()["code"]) == (408, "SCRAPE_TIMEOUT")
        assert first.json()["details"]["state"] == "processing_continues"
        assert int(first.headers["Retry-After"]) == first.json()["details"]["retryAfterSeconds"]
        await worker.complete_all(CONTENT)
        again = await api.client.post("/v2/scrape", json={"url": URL})
        assert again.json()["data"]["markdown"] == "Ünï\n"
        assert len((await api.client.get("/v1/jobs")).json()["jobs"]) == 1


async def test_no_promise_to_join_where_requests_are_never_joined(settings, key):
    async with serving(settings.changed(inline_wait=0.05), key) as api:
        answer = await api.client.post("/v2/scrape", json={"url": URL})
        assert answer.status_code == 408
        assert "details" not in answer.json()


async def test_an_idempotency_key(api, worker):
    headers = {"x-idempotency-key": "one"}
    task = asyncio.create_task(api.client.post("/v2/scrape", json={"url": URL}, headers=headers))
    await worker.complete(await worker.start_next(), CONTENT)
    first = await task
    assert (await api.client.post("/v2/scrape", json={"url": URL}, headers=headers)).json() == first.json()
    other = await api.client.post("/v2/scrape", json={"url": f"{URL}b"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "conflict")


async def test_every_error_has_the_shape_that_the_clients_read(settings, key):
    async with serving(settings.changed(submits_per_minute=1, max_request_bytes=2000), key) as api:
        answers = [
            await api.client.post("/v2/scrape", json={}),
            await api.client.post("/v2/scrape", content="{", headers={"Content-Type": "application/json"}),
            await api.client.post("/v2/scrape", json={"url": "x" * 3000}),
            await api.client.get("/v2/scrape"),
            await api.client.get("/v2/nothing"),
            await api.client.get("/v2/crawl/crawl_0"),
            await api.client.get("/v2/batch/scrape/batch_0?skip=x"),
            await api.client.post("/v2/batch/scrape", json={"urls": [URL]}),
            await api.client.post("/v2/batch/scrape", json={"urls": [f"{URL}b"]}),
        ]
        async with httpx.AsyncClient(base_url=api.url) as nobody:
            answers += [
                await nobody.post("/v2/scrape", json={"url": URL}),
                await nobody.get("/v2", headers={"Authorization": "Bearer wrong"}),
            ]
            bearer = {"Authorization": f"Bearer {api.secret}"}
            assert (await nobody.get("/v2/crawl/active", headers=bearer)).json() == {"success": True, "crawls": []}
    assert [answer.status_code for answer in answers] == [400, 400, 413, 405, 404, 404, 400, 200, 429, 401, 401]
    for answer in answers:
        if answer.status_code != 200:
            assert answer.json().keys() == {"success", "error", "code"}
            assert answer.json()["success"] is False
            assert answer.json()["error"].endswith(".")
    assert "Retry-After" in answers[8].headers
    assert "WWW-Authenticate" in answers[9].headers
