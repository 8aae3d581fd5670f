"""How extraction processes come to be: forked, with nothing in them that is not theirs, whatever is killed."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from pathlib import Path

import psutil
import pytest
from tests.forking.memory import holds
from tests.forking.processes import command_line

from pagemill.forking.fork_server import ForkServer, can_fork
from pagemill.model import FetchedPage
from pagemill.scraping.extraction_messages import MODULE
from pagemill.scraping.extractor_pool import ExtractorPool
from pagemill.scraping.processes.extraction_starter import SERVER_TITLE, TITLE
from pagemill.settings import Settings

pytestmark = pytest.mark.skipif(not can_fork(), reason="needs Linux and pidfds")
MEGABYTE = 1024 * 1024
PAGE = FetchedPage("http://example.com/", "http://example.com/", 200, "text/html", b"<h1>Title</h1><p>Some words.")


def titled(title):
    return [child for child in psutil.Process().children(recursive=True) if command_line(child) == title]


async def extract(pool):
    assert (await pool.extract(PAGE, ("markdown",))).bodies["markdown"]


async def test_neither_the_fork_server_nor_what_it_forks_holds_a_secret(monkeypatch):
    secret = secrets.token_hex(20)
    monkeypatch.setenv("PAGEMILL_SECRET_KEY", secret)
    async with ExtractorPool(Settings()) as pool:
        await extract(pool)
        [server], [process] = titled(SERVER_TITLE), titled(TITLE)
        assert await asyncio.to_thread(holds, os.getpid(), secret.encode())
        for each in (server, process):
            assert not await asyncio.to_thread(holds, each.pid, secret.encode())


async def test_a_process_has_its_channel_and_standard_error_and_no_other_descriptor():
    held = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(held, True)
    async with ExtractorPool(Settings(extraction_processes=2)) as pool:
        await asyncio.gather(extract(pool), extract(pool))
        channels = set()
        for process in titled(TITLE):
            found = {int(entry.name): entry.readlink() for entry in Path(f"/proc/{process.pid}/fd").iterdir()}
            assert len(set(found.values())) == 2
            assert found[0] == found[3] == found[4] != found[2]
            channels.add(found[0])
        assert len(channels) == 2
    os.close(held)


async def test_an_idle_pool_loses_its_fork_server_and_reads_the_next_page():
    async with ExtractorPool(Settings()) as pool:
        await extract(pool)
        [server], [process] = titled(SERVER_TITLE), titled(TITLE)
        server.kill()
        await asyncio.to_thread(psutil.wait_procs, [process], 10)
        assert not process.is_running(), "it ends with its fork server"
        await extract(pool)
        assert titled(SERVER_TITLE) != [server]


async def test_a_page_in_hand_outlives_the_fork_server():
    async with ExtractorPool(Settings()) as pool:
        await extract(pool)
        [server], [process] = titled(SERVER_TITLE), titled(TITLE)
        process.suspend()
        extraction = asyncio.create_task(extract(pool))
        await asyncio.sleep(0.1)
        os.kill(server.pid, signal.SIGKILL)
        await extraction


async def test_pages_outlive_fork_servers_that_are_killed_all_the_time():
    async with ExtractorPool(Settings(extraction_processes=2, extraction_kills=50)) as pool:

        async def kill():
            while True:
                for server in titled(SERVER_TITLE):
                    os.kill(server.pid, signal.SIGKILL)
                await asyncio.sleep(0.4)

        killing = asyncio.create_task(kill())
        for _ in range(10):
            await asyncio.gather(*(extract(pool) for _ in range(4)))
        killing.cancel()
    assert not titled(TITLE)
    assert not titled(SERVER_TITLE)


async def test_a_fork_server_that_hangs_is_replaced():
    async with ExtractorPool(Settings(extraction_processes=2, extraction_timeout=3.0)) as pool:
        await extract(pool)
        [server], [process] = titled(SERVER_TITLE), titled(TITLE)
        server.suspend()
        process.kill()
        await asyncio.gather(extract(pool), extract(pool))
        assert not server.is_running()


async def test_a_process_that_is_no_fork_works_as_well(monkeypatch):
    monkeypatch.setattr("pagemill.scraping.processes.extraction_starter.can_fork", lambda: False)
    async with ExtractorPool(Settings()) as pool:
        await extract(pool)
        assert not titled(SERVER_TITLE)


async def test_an_idle_pool_ends_its_fork_server_too():
    async with ExtractorPool(Settings(extraction_idle_time=1.0)) as pool:
        await extract(pool)
        async with asyncio.timeout(20):
            while titled(SERVER_TITLE):
                await asyncio.sleep(0.1)
        await extract(pool)


async def room(*modules):
    """How many bytes an extraction process may use beside what it has from its start, forked by such a server."""
    server = await ForkServer.start("pagemill test-fork-server", modules, together=True)
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as replies:
        process = await server.fork(f"{MODULE}:main", [str(300 * MEGABYTE)], TITLE, {0: 0, 1: writing, 2: 2})
        os.close(writing)
        assert await asyncio.to_thread(replies.read, 5) == b"ready"
        limits = Path(f"/proc/{process.pid}/limits").read_text().splitlines()
        [limit] = [int(line.split()[3]) for line in limits if line.startswith("Max data size")]
        status = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        [used] = [int(line.split()[1]) * 1024 for line in status if line.startswith("VmData")]
        await server.end()
    return limit - used


async def test_what_others_import_does_not_count_under_the_limit_of_memory():
    alone = await room(MODULE)
    assert abs(await room(MODULE, "pagemill.api.server") - alone) < 3 * MEGABYTE
    assert 200 * MEGABYTE < alone < 300 * MEGABYTE
