"""The pipeline as a library: in a running event loop, and in processes of its own."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import textwrap
import threading

import psutil
import pytest
from tests.web.http_server import HttpServer, Response

import pagemill
from pagemill.client import ApiError, Page, PageFailedError

PAGE = Response(
    b"<html><head><title>T</title></head><body><nav><a href='/x'>Home</a></nav>"
    b"<article><h1>Title</h1><p>Words of a page, enough of them to be its content.</p>"
    b"<p>And <a href='/more'>more words</a> of it in another paragraph.</p></article></body></html>"
)
ENVIRONMENT = {"PAGEMILL_ALLOWED_NETWORKS": "127.0.0.0/8", "PAGEMILL_RETRY_DELAY": "0.01"}


@pytest.fixture(autouse=True)
def open_loopback(monkeypatch):
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
async def web():
    async with HttpServer({"/": PAGE}) as web:
        web.fallback = lambda request: PAGE if "missing" not in request.path else Response(b"", 404)
        yield web


def children():
    return {child.pid for child in psutil.Process().children(recursive=True)}


async def test_in_a_running_event_loop(web):
    before = children()
    page = await pagemill.scrape_async(web.url("/"), formats=["markdown", "links"], front_matter=True)
    assert isinstance(page, Page)
    assert page.is_completed
    assert page.markdown.startswith("---\ntitle:")
    assert "# Title" in page.markdown
    assert {"href": web.url("/more"), "text": "more words"} in page.links
    assert (page.html, page.status_code, page.final_url) == (None, 200, web.url("/"))
    assert page.metadata["title"] == "T"
    assert page.duration_ms >= 0
    assert children() == before


async def test_pages_at_the_same_time_share_processes(web):
    before = children()
    most = 0

    async def watch():
        nonlocal most
        while True:
            most = max(most, len(children() - before))
            await asyncio.sleep(0.01)

    watching = asyncio.create_task(watch())
    pages = await asyncio.gather(*(pagemill.scrape_async(web.url(f"/{number}")) for number in range(30)))
    watching.cancel()
    assert [page.url for page in pages] == [web.url(f"/{number}") for number in range(30)]
    assert 1 <= most <= 3
    assert children() == before


async def test_a_page_that_fails_raises_what_is_known_of_it(web):
    with pytest.raises(PageFailedError) as caught:
        await pagemill.scrape_async(web.url("/missing"))
    assert "(http_error)" in caught.value.page.error
    assert caught.value.page.status == "failed"
    with pytest.raises(PageFailedError, match="blocked_address"):
        await pagemill.scrape_async("http://10.1.2.3/")


@pytest.mark.parametrize(
    ("url", "options", "code"),
    [
        ("ftp://a.example/", {}, "invalid_url"),
        ("https://a.example/", {"formats": ["pdf"]}, "invalid_request"),
        ("https://a.example/", {"max_tokens": 1}, "invalid_request"),
        ("https://a.example/", {"country": "zz"}, "invalid_request"),
        ("https://a.example/", {"output_schema": {"type": "nothing"}}, "invalid_request"),
    ],
)
async def test_what_a_service_would_refuse_raises_its_code(url, options, code):
    before = children()
    with pytest.raises(ApiError) as caught:
        await pagemill.scrape_async(url, **options)
    assert (caught.value.status, caught.value.code) == (400, code)
    assert children() == before


@pytest.mark.parametrize("name", ["webhook_url", "frmats", "session_id", "session_name", "save_session", "formats_"])
async def test_an_option_that_there_is_not_is_named(name):
    with pytest.raises(TypeError, match=name):
        await pagemill.scrape_async("https://a.example/", **{name: "x"})


async def test_a_caller_that_gives_up_leaves_nothing_behind(web):
    before = children()

    async def never(_request):
        await asyncio.sleep(60)
        return PAGE

    web.routes["/never"] = never
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await pagemill.scrape_async(web.url("/never"))
    task = asyncio.create_task(pagemill.scrape_async(web.url("/never")))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(60):
        while children() != before:
            await asyncio.sleep(0.02)


def own_threads():
    """The threads but for those of asyncio itself, of `to_thread` and of child processes."""
    return {thread for thread in threading.enumerate() if not thread.name.startswith("asyncio")}


async def test_without_an_event_loop_in_threads(web):
    await asyncio.to_thread(pagemill.scrape, web.url("/first"))  # libraries start threads of their own once
    before = children()
    threads_before = own_threads()
    pages = await asyncio.gather(*(asyncio.to_thread(pagemill.scrape, web.url(f"/{number}")) for number in range(4)))
    assert all("# Title" in page.markdown for page in pages)
    assert children() == before
    assert own_threads() == threads_before
    with pytest.raises(RuntimeError, match="scrape_async"):
        pagemill.scrape(web.url("/"))


async def test_settings_are_read_anew_once_nobody_scrapes(web, monkeypatch):
    await pagemill.scrape_async(web.url("/"))
    monkeypatch.setenv("PAGEMILL_ALLOWED_NETWORKS", "")
    with pytest.raises(PageFailedError, match="blocked_address"):
        await pagemill.scrape_async(web.url("/"))


async def run_program(program, tmp_path, *words):
    """Run a program of a user's, and return what it prints."""
    (tmp_path / "temporary").mkdir()
    (tmp_path / "work").mkdir()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-c", textwrap.dedent(program), *words),
        env={**os.environ, "TMPDIR": str(tmp_path / "temporary"), "HOME": str(tmp_path / "work")},
        cwd=tmp_path / "work",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    return process.returncode, output.decode(), errors.decode()


async def test_in_a_program_of_its_own_many_times(web, tmp_path):
    program = """
        import json, os, sys, time, pagemill

        def descriptors():
            return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0

        pagemill.scrape(sys.argv[1])
        before = descriptors()
        pages = [pagemill.scrape(sys.argv[1], formats=["markdown"]) for _ in range(5)]
        for _ in range(200):  # the resolver's own thread closes what it used
            if descriptors() <= before:
                break
            time.sleep(0.05)
        print(json.dumps([[page.markdown for page in pages], descriptors() - before]))
    """
    code, output, errors = await run_program(program, tmp_path, web.url("/"))
    assert (code, errors) == (0, "")
    texts, more_descriptors = json.loads(output)
    assert len(texts) == 5
    assert all("# Title" in text for text in texts)
    assert more_descriptors <= 0
    assert {*tmp_path.rglob("*")} == {tmp_path / "temporary", tmp_path / "work"}


async def test_failures_are_raised_and_nothing_is_printed(web, tmp_path):
    program = """
        import sys, pagemill
        from pagemill.client import PageFailedError

        try:
            pagemill.scrape(sys.argv[1])
        except PageFailedError as error:
            print(error.page.status_code)
    """
    code, output, errors = await run_program(program, tmp_path, web.url("/missing"))
    assert (code, output, errors) == (0, "404\n", "")


def test_nothing_of_it_is_loaded_before_it_is_called():
    program = "import sys, pagemill; pagemill.Client; print(*(name for name in sys.modules if 'pagemill' in name))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert [name for name in loaded if not name.startswith("pagemill.client")] == ["pagemill"]
    program = "import sys, pagemill; print(*({'asyncio', 'httpx2', 'pydantic', 'structlog'} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert loaded == []


def test_it_configures_no_log_that_is_not_its_own(tmp_path):
    program = """
        import logging, structlog, importlib
        structlog.configure(processors=[structlog.processors.JSONRenderer()])
        importlib.import_module("pagemill.in_process.scrape")
        assert logging.getLogger().handlers == []
        assert len(structlog.get_config()["processors"]) == 1
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True)


async def test_what_is_logged_goes_where_the_program_sends_it(tmp_path):
    program = """
        import importlib, logging
        importlib.import_module("pagemill.in_process.scrape")
        import structlog
        log = structlog.get_logger("pagemill.part")
        log.info("unseen")
        logging.basicConfig(level="INFO", format="%(levelname)s %(name)s %(message)s")
        log.info("seen", url="https://user:word@a.example/?q=1")
    """
    code, output, errors = await run_program(program, tmp_path)
    assert (code, output) == (0, "")
    assert errors == "INFO pagemill.part seen url=https://***@a.example/?***\n"
