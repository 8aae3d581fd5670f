from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys

import psutil
import pytest
from tests.fetching.leftovers import chromium_processes, nothing_left
from tests.forking.processes import command_line, left_of, runs
from tests.web.http_server import Response
from tests.web.site import Site

from pagemill.errors import BrowserUnavailableError
from pagemill.fetching.browser.browser import Browser
from pagemill.fetching.browser.tab import PREOPENED_TABS
from pagemill.fetching.egress.guard import EgressGuard
from pagemill.model import Format, ScrapeOptions

OPTIONS = ScrapeOptions(formats=(Format.HTML,))


def soon(seconds=20.0):
    return asyncio.get_running_loop().time() + seconds


@pytest.fixture
async def site():
    async with Site("127.0.0.2") as site:
        yield site


@pytest.fixture
async def one_shot(browser_settings):
    """Makes browsers with settings of their own, of which nothing may be left."""

    def make(**changes):
        settings = browser_settings.changed(**changes)
        guard = EgressGuard(settings)
        guards.append(guard)
        return Browser(settings, guard)

    guards: list[EgressGuard] = []
    yield make
    for guard in guards:
        await guard.close()
    await nothing_left()


async def html(browser, site, path, **options):
    rendered = await browser.render(site.url(path), ScrapeOptions(formats=(Format.HTML,), **options), soon())
    return rendered.page.body.decode()


async def no_contexts(browser):
    """No context is open any more, soon."""
    async with asyncio.timeout(60):
        while any(process.contexts for process in browser.processes):
            await asyncio.sleep(0.02)


def is_main(process):
    try:
        words = process.cmdline()
    except psutil.Error:
        return False
    return "--remote-debugging-pipe" in words and not any(word.startswith("--type=") for word in words)


def is_main_chromium(process):
    """The same, of Chromium alone, and of a process that may end while it is looked at."""
    try:
        return process.name() != "node" and is_main(process)
    except psutil.NoSuchProcess:
        return False


async def test_without_chromium_the_error_names_the_remedy(one_shot, tmp_path):
    async with one_shot(chromium=tmp_path / "none") as browser:
        with pytest.raises(BrowserUnavailableError):
            await browser.render("http://127.0.0.2/", OPTIONS, soon())


async def test_nothing_is_found_where_nothing_is(one_shot, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    async with one_shot(chromium=None) as browser:
        with pytest.raises(BrowserUnavailableError, match="pagemill install-browser"):
            await browser.render("http://127.0.0.2/", OPTIONS, soon())


async def test_a_browser_that_dies_is_replaced_and_the_page_tried_again(one_shot, site):
    async with one_shot() as browser:
        await html(browser, site, "/article")
        page = asyncio.create_task(html(browser, site, "/shell"))
        while not site.asked("/api/article"):
            await asyncio.sleep(0.01)
        for process in filter(is_main, chromium_processes()):
            process.kill()
        assert "Rendered" in await page
        assert len(site.asked("/shell")) == 2


async def test_pages_under_which_a_browser_died_are_tried_again_one_by_one(one_shot, site):
    """One of them may be what ended it, and would end the others again."""
    asked, open_pages, most = 0, 0, 0

    async def slow(_request):
        nonlocal asked, open_pages, most
        asked += 1
        open_pages += 1
        most = max(most, open_pages)
        await asyncio.sleep(0.5)
        open_pages -= 1
        return Response(b"<p>Here</p>")

    for number in range(3):
        site.routes[f"/slow/{number}"] = slow
    async with one_shot() as browser:
        pages = [asyncio.create_task(html(browser, site, f"/slow/{number}")) for number in range(3)]
        while asked < 3:
            await asyncio.sleep(0.01)
        for process in filter(is_main, chromium_processes()):
            process.kill()
        while open_pages:  # what the killed browser asked for
            await asyncio.sleep(0.01)
        most = 0
        assert all("Here" in page for page in await asyncio.gather(*pages))
        assert (asked, most) == (6, 1)
        await html(browser, site, "/article")
        assert len(browser.processes) == 2, "pages side by side again, and one by one"


async def test_a_browser_that_does_not_answer_is_killed_and_the_page_tried_again(one_shot, site):
    async with one_shot(browser_answer_timeout=1.0, browser_idle_time=4.0) as browser:
        await html(browser, site, "/article")
        stopped = [process for process in chromium_processes() if "run-driver" not in command_line(process)]
        for process in stopped:
            with contextlib.suppress(psutil.NoSuchProcess):  # a renderer of the first page may end by itself
                process.suspend()
        assert "Rendered" in await html(browser, site, "/shell")
        assert not any(map(runs, stopped))


async def test_a_browser_that_is_killed_as_it_starts_is_tried_again_and_leaves_nothing(one_shot, site):
    async with one_shot() as browser:
        page = asyncio.create_task(html(browser, site, "/shell"))
        async with asyncio.timeout(20):
            while not (mains := [p for p in chromium_processes() if is_main_chromium(p)]):
                await asyncio.sleep(0.005)
        for process in mains:
            process.kill()
        assert "Rendered" in await page
    await nothing_left()


async def test_a_page_that_changes_its_address_without_end_does_not_end_the_browser(one_shot, site):
    script = "for (let i = 0; i < 100000; i++) history.pushState(0, '', '/p' + i)"
    site.routes["/flood"] = Response(f"<body><p>Words.<script>{script}</script>".encode())
    async with one_shot() as browser:
        assert "Served" in await html(browser, site, "/article")
        [process] = browser.processes
        await browser.render(site.url("/flood"), OPTIONS, soon())
        assert "Served" in await html(browser, site, "/article")
        assert browser.processes == [process]
        assert not process.disconnected.is_set()


async def test_a_browser_is_recycled_without_losing_work(one_shot, site):
    async with one_shot(browser_max_pages=3) as browser:
        pages = await asyncio.gather(*(html(browser, site, "/shell") for _ in range(8)))
        assert all("Rendered" in page for page in pages)
        assert len(browser.processes) == 1


async def test_under_load_tabs_are_opened_ahead_and_closed_with_the_last_page(one_shot, site):
    async with one_shot(browser_pages=2) as browser:
        pages = asyncio.gather(*(html(browser, site, "/shell") for _ in range(6)))
        most = 0
        while not pages.done():
            most = max([most, *(process.contexts for process in browser.processes)])
            await asyncio.sleep(0.01)
        assert all("Rendered" in page for page in await pages)
        assert most == 2 + PREOPENED_TABS
        assert [process.contexts for process in browser.processes] == [0]
        assert len(site.asked("/shell")) == 6


async def test_tabs_that_crashed_before_they_were_used_are_left_for_another(one_shot, site):
    async with one_shot(browser_pages=1) as browser:
        first = asyncio.create_task(html(browser, site, "/endless"))
        while not any(process.contexts == 1 + PREOPENED_TABS for process in browser.processes):
            await asyncio.sleep(0.01)
        [process] = browser.processes
        async with asyncio.timeout(20):
            while not all(process._contexts.values()):  # a context is there before its page
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
        for session in list(process._contexts.values()):
            tree = await session.send("Page.getFrameTree")
            if tree["frameTree"]["frame"]["url"] == "about:blank":
                crash = asyncio.ensure_future(session.send("Page.crash"))
                crash.add_done_callback(lambda done: done.cancelled() or done.exception())
        second = asyncio.create_task(html(browser, site, "/shell"))
        assert "Another line" in await first
        assert "Rendered" in await second
        assert browser.processes == [process]
        assert process.contexts == 0


async def test_a_browser_that_grew_is_recycled(one_shot, site):
    async with one_shot(browser_recycle_memory=1, browser_idle_time=2.0) as browser:
        await html(browser, site, "/article")
        [first] = browser.processes
        await asyncio.sleep(1.2)
        await html(browser, site, "/article")
        assert browser.processes != [first]


async def test_an_idle_browser_ends(one_shot, site):
    async with one_shot(browser_idle_time=0.5) as browser:
        await html(browser, site, "/article")
        await nothing_left()
        assert browser.processes == []
        assert "Rendered" in await html(browser, site, "/shell")


async def test_closing_leaves_nothing_of_a_page_that_is_cancelled(one_shot, site):
    async with one_shot() as browser:
        page = asyncio.create_task(html(browser, site, "/never"))
        while not site.asked("/never"):
            await asyncio.sleep(0.01)
        page.cancel()
        await asyncio.gather(page, return_exceptions=True)
        await no_contexts(browser)


async def test_cancelling_at_any_moment_leaves_nothing(one_shot, site):
    async with one_shot() as browser:
        await html(browser, site, "/article")
        for delay in (0.0, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16):
            page = asyncio.create_task(html(browser, site, "/article"))
            await asyncio.sleep(delay)
            page.cancel()
            await asyncio.gather(page, return_exceptions=True)
        await no_contexts(browser)
        assert "A served article" in await html(browser, site, "/article")


async def test_cancelling_while_it_starts_leaves_nothing(one_shot, site):
    for delay in (0.05, 0.3, 0.6):
        async with one_shot() as browser:
            page = asyncio.create_task(html(browser, site, "/article"))
            await asyncio.sleep(delay)
            page.cancel()
            await asyncio.gather(page, return_exceptions=True)
        await nothing_left()


async def test_a_worker_that_needs_no_browser_imports_and_starts_none(site):
    program = (
        "import asyncio, sys\n"
        "from ipaddress import ip_network\n"
        "import psutil\n"
        "import pagemill.jobs.worker\n"
        "from pagemill.model import Format, ScrapeOptions\n"
        "from pagemill.scraping.scraper import Scraper\n"
        "from pagemill.settings import Settings\n"
        "async def main():\n"
        "    async with Scraper(Settings(allowed_networks=(ip_network('127.0.0.2/32'),))) as scraper:\n"
        f"        page = await scraper.scrape('{site.url('/article')}', ScrapeOptions(formats=(Format.LINKS,)))\n"
        "        names = [child.name() for child in psutil.Process().children(recursive=True)]\n"
        "        started = [name for name in names if 'chrom' in name or 'headless' in name or name == 'node']\n"
        "        print(page.fetched_with.value, 'playwright' in sys.modules, started)\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    assert output.decode().strip().endswith("http False []")


@pytest.fixture
async def other_worker(site):
    """Another process with a browser that has rendered a page."""
    program = (
        "import asyncio, os\n"
        "from ipaddress import ip_network\n"
        "from pagemill.fetching.browser.browser import Browser\n"
        "from pagemill.fetching.egress.guard import EgressGuard\n"
        "from pagemill.model import ScrapeOptions\n"
        "from pagemill.settings import Settings\n"
        "async def main():\n"
        "    settings = Settings(allowed_networks=(ip_network('127.0.0.2/32'),))\n"
        "    async with EgressGuard(settings) as guard, Browser(settings, guard) as browser:\n"
        "        soon = asyncio.get_running_loop().time() + 20\n"
        f"        await browser.render('{site.url('/article')}', ScrapeOptions(), soon)\n"
        "        print('ready', flush=True)\n"
        "        await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    while b"ready" not in (line := await worker.stdout.readline()):
        assert line
    yield worker
    with contextlib.suppress(ProcessLookupError):
        worker.kill()
    await worker.wait()


def family_of(worker):
    """The browser of a worker."""
    family = psutil.Process(worker.pid).children(recursive=True)
    assert any("--remote-debugging-pipe" in command_line(process) for process in family)
    return family


async def still_there(processes):
    return await left_of(processes)


async def test_a_worker_that_is_killed_takes_its_browser_along(other_worker):
    family = family_of(other_worker)
    os.kill(other_worker.pid, signal.SIGKILL)
    await other_worker.wait()
    assert await still_there(family) == []


async def test_a_browser_that_hangs_as_its_worker_is_killed_ends_before_the_next_starts(one_shot, site, other_worker):
    family = family_of(other_worker)
    for process in family:
        process.suspend()
    os.kill(other_worker.pid, signal.SIGKILL)
    await other_worker.wait()
    async with one_shot() as browser:
        await html(browser, site, "/article")
        assert await still_there(family) == []
