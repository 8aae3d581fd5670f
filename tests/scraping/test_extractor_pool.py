from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time

import psutil
import pytest
from structlog.testing import capture_logs
from tests.forking.processes import command_line, left_of

from pagemill import bodies
from pagemill.errors import ExtractionCrashedError, ExtractionTimeoutError
from pagemill.fair_semaphore import current_key
from pagemill.model import FetchedPage
from pagemill.scraping.extractor_pool import ExtractorPool, _Process
from pagemill.scraping.processes.extraction_starter import TITLE
from pagemill.settings import Settings

FORMATS = ("html", "cleanedHtml", "markdown")
ARTICLE = b"<html><body><article><h1>Title</h1><p>" + b"Some words of an article, enough of them. " * 20


def page(body=ARTICLE, content_type="text/html; charset=utf-8"):
    return FetchedPage("http://example.com/", "http://example.com/", 200, content_type, body)


def extraction_processes():
    return [child for child in psutil.Process().children(recursive=True) if command_line(child) == TITLE]


@pytest.fixture
async def pool():
    async with ExtractorPool(Settings(extraction_timeout=20, extraction_processes=2)) as pool:
        yield pool
    assert extraction_processes() == []


async def test_a_page_becomes_its_formats(pool):
    values = (await pool.extract(page(), FORMATS)).bodies
    assert set(values) == {*FORMATS, "metadata"}
    assert bodies.unpack(values["html"]) == ARTICLE.decode()
    assert "Some words of an article" in bodies.unpack(values["markdown"])


async def test_text_and_json_come_through(pool):
    values = (await pool.extract(page(b'{"a": [1, 2]}', "application/json"), ("markdown",))).bodies
    assert '"a"' in bodies.unpack(values["markdown"])
    values = (await pool.extract(page("plain wörds".encode(), "text/plain; charset=utf-8"), ("markdown",))).bodies
    assert "plain wörds" in bodies.unpack(values["markdown"])


async def test_a_body_whose_type_is_not_told_is_read_for_what_it_is(pool):
    for content_type in ("", "application/octet-stream"):
        values = (await pool.extract(page(b'{"a": [1, 2]}', content_type), ("markdown",))).bodies
        assert bodies.unpack(values["markdown"]).startswith("```json")
        values = (await pool.extract(page(ARTICLE, content_type), ("markdown",))).bodies
        assert "Some words of an article" in bodies.unpack(values["markdown"])


async def test_a_process_that_hangs_is_replaced_and_its_neighbours_notice_nothing():
    async with ExtractorPool(Settings(extraction_timeout=5, extraction_processes=2)) as pool:
        [process] = extraction_processes()
        process.suspend()
        hanging = asyncio.create_task(pool.extract(page(), FORMATS))
        await asyncio.sleep(0.05)
        for _ in range(5):
            assert (await pool.extract(page(), FORMATS)).bodies
        assert not hanging.done()
        with pytest.raises(ExtractionTimeoutError):
            await hanging
        assert not process.is_running()
        assert (await pool.extract(page(), FORMATS)).bodies


async def kill_while_it_reads(process, number=signal.SIGKILL):
    """Kill a process that was suspended, so that the page in it does not end before."""
    await asyncio.sleep(0.05)
    os.kill(process.pid, number)
    with contextlib.suppress(psutil.NoSuchProcess):
        process.resume()  # what is suspended heeds nothing but SIGKILL


async def suspended_successor(*known):
    """The process that takes the place of these, suspended as soon as it is there."""
    async with asyncio.timeout(60):
        while True:
            for process in extraction_processes():
                if process.pid not in {one.pid for one in known}:
                    process.suspend()
                    return process
            await asyncio.sleep(0.001)


async def test_a_page_whose_process_is_killed_is_tried_again_in_another(pool):
    [process] = extraction_processes()
    process.suspend()
    extraction = asyncio.create_task(pool.extract(page(), FORMATS))
    await kill_while_it_reads(process)
    assert "Some words of an article" in bodies.unpack((await extraction).bodies["markdown"])


async def test_a_page_that_ends_two_processes_fails_alone(pool):
    [first] = extraction_processes()
    first.suspend()
    extraction = asyncio.create_task(pool.extract(page(), FORMATS))
    await kill_while_it_reads(first, signal.SIGSEGV)
    second = await suspended_successor(first)
    await kill_while_it_reads(second, signal.SIGSEGV)
    with pytest.raises(ExtractionCrashedError):
        await extraction
    assert (await pool.extract(page(), FORMATS)).bodies


@pytest.mark.parametrize(("most", "fails"), [(2, False), (1, True)])
async def test_a_page_whose_processes_are_killed_from_outside_is_tried_more_often(most, fails):
    async with ExtractorPool(Settings(extraction_processes=1, extraction_kills=most)) as pool:
        [first] = extraction_processes()
        first.suspend()
        extraction = asyncio.create_task(pool.extract(page(), FORMATS))
        await kill_while_it_reads(first)
        await kill_while_it_reads(await suspended_successor(first))
        with pytest.raises(ExtractionCrashedError) if fails else contextlib.nullcontext():
            assert (await extraction).bodies


def kill_at_once(process):
    os.kill(process.pid, signal.SIGKILL)
    with contextlib.suppress(psutil.NoSuchProcess):
        while process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.001)


async def test_no_dead_process_is_handed_a_page(pool):
    await asyncio.gather(*(pool.extract(page(), FORMATS) for _ in range(2)))
    idle = extraction_processes()
    assert len(idle) == 2
    for process in idle:  # the event loop has no chance to notice before the next page comes
        kill_at_once(process)
    with capture_logs() as logs:
        assert (await pool.extract(page(), FORMATS)).bodies
    assert logs == []


@pytest.mark.parametrize("piece", [b"<p>word</p>", b"<b>x", b"<table><tr><td>", b"<a b=c>"])
async def test_memory_is_limited_and_neighbours_notice_nothing(piece):
    settings = Settings(extraction_memory=100 * 1024 * 1024, extraction_timeout=30, extraction_processes=2)
    async with ExtractorPool(settings) as pool:
        greedy = asyncio.create_task(pool.extract(page(piece * (15_000_000 // len(piece))), FORMATS))
        for _ in range(5):
            assert (await pool.extract(page(), FORMATS)).bodies
        with pytest.raises(ExtractionCrashedError, match="100 MB of memory"):
            await greedy
        assert (await pool.extract(page(), FORMATS)).bodies


async def test_an_idle_process_is_small_and_knows_no_training_library(pool):
    for _ in range(3):
        await pool.extract(page(), FORMATS)
    [process] = extraction_processes()
    assert process.memory_info().rss < 60 * 1024 * 1024
    libraries = ("lightgbm", "sklearn", "scipy", "pandas", "torch")
    assert not [
        mapped.path for mapped in process.memory_maps() if any(f"/{name}/" in mapped.path for name in libraries)
    ]


async def test_a_cancelled_page_leaves_a_working_pool(pool):
    for _ in range(3):
        task = asyncio.create_task(pool.extract(page(ARTICLE * 200), FORMATS))
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert (await pool.extract(page(), FORMATS)).bodies
    assert len(extraction_processes()) <= 2


async def test_many_pages_share_the_processes(pool):
    results = await asyncio.gather(*(pool.extract(page(), FORMATS) for _ in range(50)))
    assert len(results) == 50
    assert len(extraction_processes()) == 2


async def test_processes_end_when_their_parent_is_killed(tmp_path):
    program = (
        "import asyncio\n"
        "from pagemill.scraping.extractor_pool import ExtractorPool\n"
        "from pagemill.settings import Settings\n"
        "async def main():\n"
        "    async with ExtractorPool(Settings()) as pool:\n"
        "        print(pool._idle[0]._process.pid, flush=True)\n"
        "        await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    child = psutil.Process(int(await parent.stdout.readline()))
    parent.kill()
    await parent.wait()
    assert not await left_of([child])


async def test_processes_end_when_they_idle_and_one_is_prepared_for_the_next_page():
    async with ExtractorPool(Settings(extraction_processes=2, extraction_idle_time=2.0)) as pool:
        await asyncio.gather(*(pool.extract(page(), FORMATS) for _ in range(2)))
        assert len(extraction_processes()) == 2
        async with asyncio.timeout(60):
            while extraction_processes():
                await asyncio.sleep(0.05)
        assert (await pool.extract(page(), FORMATS)).bodies
        async with asyncio.timeout(60):
            while extraction_processes():
                await asyncio.sleep(0.05)
        pool.prepare()
        pool.prepare()
        assert (await pool.extract(page(), FORMATS)).bodies
        assert len(extraction_processes()) == 1
    assert not extraction_processes()


async def test_one_page_does_not_wait_for_the_queue_of_another_key():
    ended = []

    async def extract(pool, key):
        current_key.set(key)
        await pool.extract(page(), ("markdown",))
        ended.append(key)

    async with ExtractorPool(Settings(extraction_processes=2)) as pool:
        hostile = [asyncio.create_task(extract(pool, "hostile")) for _ in range(5000)]
        await asyncio.sleep(0)
        await asyncio.create_task(extract(pool, "friendly"))
        for task in hostile:
            task.cancel()
        await asyncio.gather(*hostile, return_exceptions=True)
    assert ended.index("friendly") < 1000


TABLES = {
    "one row": b"<tr>" + b"<td>x" * 200_000,
    "a square": (b"<tr>" + b"<td>x" * 450) * 450,
    "a wide row above many": b"<tr>" + (b"<td>" + b"x" * 1000) * 300 + b"<tr><td>y" * 2000,
}


@pytest.mark.parametrize("name", TABLES)
async def test_a_large_table_is_read_to_its_end(name):
    """Aligned as text, each would take more memory than the process has."""
    settings = Settings(extraction_memory=288 * 1024 * 1024, extraction_timeout=120.0)
    async with ExtractorPool(settings) as pool:
        values = (await pool.extract(page(ARTICLE + b"<table>" + TABLES[name]), FORMATS)).bodies
    text = bodies.unpack(values["markdown"])
    assert "Some words of an article" in text
    assert text.rstrip()[-20:].strip("| \n").endswith(("x", "y"))


async def test_a_page_takes_the_first_process_that_is_free_while_another_is_started(monkeypatch):
    """Starting one takes seconds where the machine is busy, since another key has much to do."""
    never = asyncio.Event()
    started = []
    ready = _Process.ready

    async def slow(process):
        if process not in started:
            started.append(process)
        if process is not started[0]:
            await never.wait()
        await ready(process)

    monkeypatch.setattr(_Process, "ready", slow)

    async def extract(pool, key):
        current_key.set(key)
        await pool.extract(page(), ("markdown",))

    async def work_on(pool):
        while True:
            await extract(pool, "busy")

    async with ExtractorPool(Settings(extraction_processes=1, extraction_spare_processes=1)) as pool:
        await extract(pool, "busy")
        busy = [asyncio.create_task(work_on(pool)) for _ in range(4)]
        await asyncio.sleep(0)
        for _ in range(3):
            async with asyncio.timeout(20):
                await asyncio.create_task(extract(pool, "friendly"))
        assert len(started) == 2
        never.set()
        for task in busy:
            task.cancel()
        await asyncio.gather(*busy, return_exceptions=True)
        assert (await pool.extract(page(), FORMATS)).bodies
    assert extraction_processes() == []


async def test_a_page_that_is_cancelled_while_it_waits_leaves_its_process_to_the_next():
    async with ExtractorPool(Settings(extraction_processes=2)) as pool:
        first, second = (asyncio.create_task(pool.extract(page(), FORMATS)) for _ in range(2))
        while not pool._waiting:
            await asyncio.sleep(0)
        second.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
        for _ in range(3):
            assert (await pool.extract(page(), FORMATS)).bodies
