"""How Chromium is started: its environment, its user, its limits, and what it does on the network by itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import shutil
from pathlib import Path

import psutil
import pytest
from tests.fetching.leftovers import chromium_processes, nothing_left
from tests.web.http_server import Response
from tests.web.site import WORDS, Site

from pagemill.child_environment import child_environment
from pagemill.errors import BrowserCrashedError, BrowserError
from pagemill.fetching.browser.browser import Browser
from pagemill.fetching.browser.chromium import find_chromium
from pagemill.fetching.browser.launching.account import NODE, chromium_account, driver_programs
from pagemill.fetching.browser.launching.driver import _environment
from pagemill.fetching.egress.guard import EgressGuard
from pagemill.model import Action, ActionType, Format, ScrapeOptions

IS_ROOT = os.geteuid() == 0
ACTIONS = (Action(ActionType.WAIT, milliseconds=1),)
"""With an action, Playwright drives the browser."""


@pytest.fixture
async def site():
    async with Site("127.0.0.2") as site:
        yield site


@pytest.fixture
async def make_browser(browser_settings):
    guards = []

    def make(**changes):
        settings = browser_settings.changed(**changes)
        guards.append(EgressGuard(settings))
        return Browser(settings, guards[-1])

    yield make
    for guard in guards:
        await guard.close()
    await nothing_left()


async def html(browser, site, path, **options):
    rendered = await browser.render(
        site.url(path), ScrapeOptions(formats=(Format.HTML,), **options), asyncio.get_running_loop().time() + 20
    )
    return rendered.page.body.decode()


@pytest.mark.parametrize("actions", [(), ACTIONS], ids=["spoken to", "driven"])
async def test_nothing_of_the_services_environment_is_handed_down(make_browser, site, monkeypatch, actions):
    for name in ("PAGEMILL_SECRET_KEY", "PAGEMILL_DATABASE_URL", "HTTPS_PROXY", "AWS_SECRET_ACCESS_KEY", "SOME_TOKEN"):
        monkeypatch.setenv(name, "s3cret-value")
    async with make_browser() as browser:
        await html(browser, site, "/article", actions=actions)
        environments = []
        for process in chromium_processes():
            with contextlib.suppress(OSError):  # a renderer that has just ended
                environments.append(Path(f"/proc/{process.pid}/environ").read_bytes())
        assert len(environments) > 2
        assert [environment for environment in environments if b"s3cret" in environment] == []
        assert os.environ["SOME_TOKEN"] == "s3cret-value"


async def test_while_a_driver_starts_other_children_get_the_services_environment(monkeypatch):
    monkeypatch.setenv("TMPDIR", "/tmp")
    before = child_environment(), driver_programs()
    with _environment({NODE: "/a/launcher", "TMPDIR": "/a"}):
        assert os.environ[NODE] == "/a/launcher"
        assert (child_environment(), driver_programs()) == before


async def test_event_loops_of_several_threads_start_browsers_at_the_same_time(browser_settings):
    async def scrape():
        async with (
            Site("127.0.0.2") as site,
            EgressGuard(browser_settings) as guard,
            Browser(browser_settings, guard) as browser,
        ):
            return await html(browser, site, "/article")

    pages = await asyncio.gather(*(asyncio.to_thread(asyncio.run, scrape()) for _ in range(3)))
    assert all(WORDS in page for page in pages)
    await nothing_left()


async def test_a_driver_that_ends_as_it_starts_fails_the_page_alone(make_browser, site, monkeypatch):
    async with make_browser() as browser:
        with monkeypatch.context() as changed:
            changed.setenv(NODE, shutil.which("false"))
            with pytest.raises(BrowserError) as failure:
                await html(browser, site, "/article", actions=ACTIONS)
        assert failure.value.code == "browser_error"
        assert WORDS in await html(browser, site, "/article", actions=ACTIONS)


@pytest.mark.skipif(not IS_ROOT, reason="only root has another user to run as")
async def test_as_root_chromium_runs_as_another_user(make_browser, site):
    async with make_browser() as browser:
        await html(browser, site, "/article")
        users, words = set(), set()
        for process in chromium_processes():
            with contextlib.suppress(psutil.Error):  # one that has just ended
                words |= set(process.cmdline())
                users.add(process.username())
        assert users <= {"pagemill-browser", "nobody"}
        account = await chromium_account(browser._settings, find_chromium(browser._settings))
        assert ("--no-sandbox" in words) is not account.sandbox


@pytest.mark.skipif(not IS_ROOT, reason="only root has another user to run as")
async def test_as_root_without_another_user_there_is_a_warning(browser_settings):
    executable = find_chromium(browser_settings)
    account = await chromium_account(browser_settings.changed(browser_user="root"), executable)
    assert (account.name, account.sandbox) == (None, False)
    assert "root" in account.warning
    account = await chromium_account(browser_settings.changed(browser_user="no-such-user"), executable)
    assert "root" in account.warning
    account = await chromium_account(browser_settings, Path("/root/there/is/no/such/program"))
    assert account.name is None
    account = await chromium_account(browser_settings.changed(browser_user="nobody"), executable)
    assert account.uid == pwd.getpwnam("nobody").pw_uid


GROW = "const kept = []; const grow = () => { %s; setTimeout(grow, 1); }; grow();"
GROWING = {
    "arrays": "for (let i = 0; i < 20; i++) kept.push(new Array(1e6).fill(Math.random()))",
    "buffers": "kept.push(new Uint8Array(5e7).fill(7))",
    "text": "document.body.append('x'.repeat(1e6) + Math.random())",
}


@pytest.mark.parametrize("name", GROWING)
async def test_a_tab_that_allocates_is_ended_while_it_grows(make_browser, site, name):
    site.routes["/grows"] = Response(f"<body><p>{WORDS}</p><script>{GROW % GROWING[name]}</script>".encode())
    limit = 600 * 2**20
    async with make_browser(browser_tab_memory=limit) as browser:
        await html(browser, site, "/article")
        [process] = browser.processes
        largest = 0
        page = asyncio.create_task(html(browser, site, "/grows", wait_for=15_000))
        while not page.done():
            largest = max(largest, await process.measure_memory())
            await asyncio.sleep(0.05)
        with contextlib.suppress(BrowserCrashedError):  # a buffer that cannot be had is an exception in the page first
            await page
        assert largest < limit + 400 * 2**20
        assert browser.processes == [process]
        assert "A served article" in await html(browser, site, "/article")


async def test_the_largest_process_is_ended_where_the_browser_grows_too_large(make_browser, site):
    site.routes["/grows"] = Response(f"<body><p>{WORDS}</p><script>{GROW % GROWING['buffers']}</script>".encode())
    limit = 900 * 2**20
    async with make_browser(browser_max_memory=limit, browser_tab_memory=2**40) as browser:
        await html(browser, site, "/article")
        [process] = browser.processes
        with pytest.raises(BrowserCrashedError):
            await html(browser, site, "/grows", wait_for=15_000)
        assert browser.processes == [process]


MDNS_GROUP = "FB0000E0"
CANDIDATE = """<body><script>const c = new RTCPeerConnection(); c.createDataChannel("d");
c.createOffer().then(async (offer) => { await c.setLocalDescription(offer);
  const answer = offer.sdp.replace("a=setup:actpass", "a=setup:active");
  await c.setRemoteDescription({type: "answer", sdp: answer});
  await c.addIceCandidate({candidate:
    "candidate:1 1 udp 2122260223 0f3b4f6e-aaaa-bbbb-cccc-1234567890ab.local 9999 typ host",
    sdpMid: "0"}); document.body.append("added"); });
c.onicecandidate = (event) => document.body.append(event.candidate ? "candidate " + event.candidate.candidate : "");
</script>"""


async def test_a_webrtc_candidate_makes_nobody_join_multicast_dns(make_browser, site):
    groups = Path("/proc/net/igmp")
    if not groups.exists() or MDNS_GROUP in groups.read_text():
        pytest.skip("needs Linux, and a machine where nobody is in the multicast group already")
    site.routes["/rtc"] = Response(CANDIDATE.encode())
    options = ScrapeOptions(formats=(Format.HTML,), wait_for=1000)
    async with make_browser() as browser:
        page = asyncio.create_task(browser.render(site.url("/rtc"), options, asyncio.get_running_loop().time() + 20))
        while not page.done():
            assert MDNS_GROUP not in groups.read_text()
            await asyncio.sleep(0.02)
        body = (await page).page.body.partition(b"</script>")[2]
        assert b"added" in body
        assert b"candidate" not in body  # no address of this machine is told either
