"""Jobs that need the browser, from the request to the answer: the API and a worker, in one loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.api.ui.playground.event_stream import watching
from tests.api.ui.signed_in import signed_in
from tests.web.http_server import Response
from tests.web.pictures import size_of
from tests.web.site import WORDS, Site

from pagemill.errors import BrowserUnavailableError
from pagemill.fetching.browser.chromium import find_chromium
from pagemill.jobs.worker import Worker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.api.conftest import Api

    from pagemill.settings import Settings


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with Site() as site:
        yield site


async def ended(api: Api, url: str, **fields: object) -> dict[str, object]:
    """A job once a worker has ended it."""
    job_id = await api.submit(url, **fields)
    answer = await api.client.get(f"/v1/url-scraper/{job_id}?wait=30")
    return dict(answer.json())


@pytest.fixture
async def working(settings: Settings) -> AsyncIterator[None]:
    try:
        find_chromium(settings)
    except BrowserUnavailableError as error:
        pytest.skip(error.message)
    stop = asyncio.Event()
    worker = asyncio.create_task(Worker(settings.changed(ready_timeout=3.0), "w").run(stop))
    yield
    stop.set()
    await worker


@pytest.mark.usefixtures("working")
async def test_jobs_through_the_browser(api: Api, site: Site) -> None:
    shell_page, is_watched, told = site.routes["/shell"], asyncio.Event(), []

    async def shell_once_watched(_request: object) -> Response:
        await is_watched.wait()
        assert isinstance(shell_page, Response)
        return shell_page

    site.routes["/shell"] = shell_once_watched
    job_id = await api.submit(site.url("/shell"), formats=["html"])
    async with signed_in(api) as visitor, watching(visitor, job_id) as states:
        async for state in states:
            told.append(state)
            is_watched.set()
    stages = [step["stage"] for step in told[-2]["steps"]]
    assert "browser" in stages, "who watches sees that it escalates"
    shell = await api.job(job_id)
    assert (shell["status"], shell["fetchedWith"], shell["statusCode"]) == ("completed", "browser", 200)
    assert "Rendered" in str(shell["html"])
    steps = shell["attempts"]
    assert isinstance(steps, list)
    assert [(step["fetchedWith"], step["outcome"]) for step in steps] == [
        ("http", "javascript_shell"),
        ("browser", "ok"),
    ]

    actions = [
        {"type": "wait_for", "selector": "#name"},
        {"type": "click", "selector": "#name"},
        {"type": "write", "text": "alice"},
        {"type": "press", "key": "Tab"},
        {"type": "write", "text": "secret & more"},
        {"type": "click", "selector": "#go"},
        {"type": "wait_for", "selector": "h1", "milliseconds": 5000},
    ]
    login = await ended(api, site.url("/login"), formats=["html", "screenshot"], actions=actions)
    assert login["finalUrl"] == site.url("/welcome")
    assert "Welcome, Alice" in str(login["html"])
    picture = await api.client.get(str(login["screenshotUrl"]))
    assert size_of(picture.content) == (1280, 800)

    failing = [{"type": "scroll"}, {"type": "wait_for", "selector": "#no", "milliseconds": 200}]
    failed = await ended(api, site.url("/article"), actions=failing)
    assert failed["status"] == "failed"
    assert "Action 1" in str(failed["error"])
    assert str(failed["error"]).endswith("(action_failed)")

    scrolled = [{"type": "scroll"}] * 3
    lazy = await ended(api, site.url("/lazy"), formats=["html"], actions=scrolled, useBrowser=True)
    assert "Entry number 0<" in str(lazy["html"])
    assert "Entry number 50<" in str(lazy["html"])

    blocked = await ended(api, site.url("/blocked"))
    assert str(blocked["error"]).endswith("(blocked)")
    assert "Imperva" in str(blocked["error"])
    assert blocked["statusCode"] == 403


async def test_without_chromium_the_job_says_what_to_do(
    api: Api, settings: Settings, site: Site, tmp_path: Path
) -> None:
    stop = asyncio.Event()
    missing = settings.changed(chromium=tmp_path / "none")
    worker = asyncio.create_task(Worker(missing, "w").run(stop))
    job = await ended(api, site.url("/article"), useBrowser=True)
    assert job["status"] == "failed"
    assert str(job["error"]).endswith("(browser_unavailable)")
    served = await ended(api, site.url("/article"), formats=["markdown"])
    assert WORDS.strip()[:50] in str(served["markdown"])
    stop.set()
    await worker
