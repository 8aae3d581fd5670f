from __future__ import annotations

import asyncio

import httpx
import pytest
from tests.api.conftest import serving

MARKDOWN = '# Ünï "quoted"\n\nA \\ backslash, a tab\there.\n' * 20_000


async def read(api, worker, path, *, content=None, fail=False, **headers):
    """Ask for a page, end it as a worker does, and return the page and the answer."""
    task = asyncio.create_task(api.client.get(path, headers=headers))
    page = await worker.start_next()
    await (worker.fail(page) if fail else worker.complete(page, content or {"markdown": MARKDOWN}))
    return page, await task


async def test_a_page_is_its_markdown(api, worker):
    page, answer = await read(api, worker, "/r/https://example.com/a/?b=c%20d&e")
    assert page.url == "https://example.com/a/?b=c%20d&e"
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer.text == MARKDOWN
    job = (await api.client.get(answer.headers["content-location"])).json()
    assert (job["url"], job["markdown"]) == (page.url, MARKDOWN)


async def test_json_is_the_job(api, worker):
    content = {"html": "<p>", "cleanedHtml": "<p>", "markdown": "text"}
    for accept in ("application/json", "application/json, text/plain, */*"):
        _, answer = await read(api, worker, f"/r/example.com/{len(accept)}", content=content, Accept=accept)
        assert (answer.json()["status"], answer.json()["markdown"], answer.json()["html"]) == (
            "completed",
            "text",
            "<p>",
        )
    _, answer = await read(api, worker, "/r/example.com/browser", Accept="text/html,application/json;q=0.9,*/*;q=0.8")
    assert answer.text == MARKDOWN


async def test_a_page_that_fails_says_why(api, worker):
    _, answer = await read(api, worker, "/r/example.com", fail=True)
    assert (answer.status_code, answer.json()["code"]) == (422, "connection_refused")
    _, answer = await read(api, worker, "/r/example.com/json", fail=True, Accept="application/json")
    assert (answer.status_code, answer.json()["status"]) == (200, "failed")


async def test_a_page_that_takes_long_is_answered_with_its_job(settings, key):
    async with serving(settings.changed(inline_wait=0.05), key) as api:
        for accept in ("*/*", "application/json"):
            answer = await api.client.get("/r/example.com", headers={"Accept": accept})
            assert (answer.status_code, answer.json()["status"]) == (202, "pending")
            assert (await api.job(answer.json()["id"]))["status"] == "pending"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/r", "invalid_request"),
        ("/r/", "invalid_request"),
        ("/r/ftp://a.example/", "invalid_url"),
        ("/r/:", "invalid_url"),
    ],
)
async def test_what_is_no_url_is_refused(api, path, code):
    answer = await api.client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_a_key_is_needed_unless_a_setting_opens_it_to_this_machine(settings, key, worker):
    async with serving(settings, key) as api, httpx.AsyncClient(base_url=api.url) as nobody:
        for path in ("/r", "/r/", "/r/example.com"):
            assert (await nobody.get(path)).status_code == 401
    async with serving(settings.changed(reader_auth=False), key) as api, httpx.AsyncClient(base_url=api.url) as nobody:
        task = asyncio.create_task(nobody.get("/r/example.com"))
        await worker.complete(await worker.start_next(), {"markdown": "text"})
        assert (await task).text == "text"
        assert (await nobody.get("/v1/jobs")).status_code == 401
        for headers in (
            {"Host": "pagemill.example.com"},
            {"Origin": "http://localhost:3000"},
            {"Sec-Fetch-Site": "cross-site"},
        ):
            assert (await nobody.get("/r/example.com", headers=headers)).status_code == 401


async def test_no_url_is_logged(api, worker, caplog, capsys):
    secrets = "user:hunter2@example.com/token-4711?key=hunter3"
    _, answer = await read(api, worker, f"/r/{secrets}")
    assert answer.status_code == 200
    logged = capsys.readouterr().out + caplog.text
    assert "path='/r/…'" in logged
    for secret in ("hunter2", "token-4711", "hunter3"):
        assert secret not in logged
