"""A service whose processes are forked: what they hold, and what happens when their fork servers are killed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal

import psutil
import pytest
import pytest_asyncio
from tests.forking.memory import holds
from tests.forking.processes import command_line
from tests.service.running import RunningService
from tests.web.http_server import HttpServer, Response

from pagemill.forking.fork_server import can_fork

pytestmark = [
    pytest.mark.skipif(not can_fork(), reason="needs Linux and pidfds"),
    pytest.mark.asyncio(loop_scope="module"),
]
PAGE = Response(b"<html><title>T</title><body><article><h1>Title</h1><p>Words of a page.</p></article></body></html>")
SECRET = secrets.token_hex(20)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(scratch):
    async with RunningService(scratch / "forked", workers=1, PAGEMILL_BLOCKED_WORD=SECRET) as service:
        yield service


def status(process):
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.status()
    return None


def titled(service, wanted):
    return [process for process in service.processes() if command_line(process).startswith(wanted)]


async def scrape(service, web):
    async with service.client() as client:
        answer = await client.post("/v1/scrape", json={"url": web.url(f"/?{secrets.token_hex(4)}")})
        assert answer.json()["status"] == "completed", answer.text


async def changed(service, wanted, before):
    async with asyncio.timeout(90):
        while not (found := titled(service, wanted)) or set(found) & set(before):
            await asyncio.sleep(0.1)
    return found


async def test_secrets_are_where_they_are_needed_alone(service):
    """The processes that read hostile pages share their memory's beginning with those that hold secrets."""
    async with HttpServer({"/": PAGE}) as web:
        await scrape(service, web)
    found = {}
    for process in service.processes():
        if command_line(process).startswith("pagemill "):
            found[command_line(process)] = await asyncio.to_thread(holds, process.pid, SECRET.encode())
    extraction, forking = "pagemill extraction", ("pagemill fork-server", "pagemill extraction-fork-server")
    assert found == {
        "pagemill api": True,
        "pagemill worker 1": True,
        extraction: False,
        **dict.fromkeys(forking, False),
    }


async def test_descriptors_of_others_are_not_held(service):
    for process in titled(service, "pagemill extraction"):
        assert all(os.readlink(f"/proc/{process.pid}/fd/{number}") for number in (0, 1, 2))  # noqa: PTH115
        assert process.net_connections("inet") == []


async def test_the_fork_server_may_be_killed_and_nobody_notices(service):
    before = {name: titled(service, f"pagemill {name}") for name in ("fork-server", "api", "worker")}
    [server] = before["fork-server"]
    server.kill()
    async with HttpServer({"/": PAGE}) as web:
        await scrape(service, web)
        assert titled(service, "pagemill api") == before["api"]
        assert titled(service, "pagemill worker") == before["worker"], "they are the supervisor's now"
        os.kill(before["worker"][0].pid, signal.SIGKILL)
        [worker] = await changed(service, "pagemill worker", before["worker"])
        assert [worker.parent()] == titled(service, "pagemill fork-server")
        await scrape(service, web)


async def test_a_worker_loses_the_fork_server_of_its_extraction_and_goes_on(service):
    async with HttpServer({"/": PAGE}) as web:
        await scrape(service, web)
        worker = titled(service, "pagemill worker")
        for _ in range(2):
            ended = titled(service, "pagemill extraction")
            [server] = titled(service, "pagemill extraction-fork-server")
            server.kill()
            async with asyncio.timeout(20):
                while not {status(process) for process in ended} <= {None, psutil.STATUS_ZOMBIE}:
                    await asyncio.sleep(0.01)
            await scrape(service, web)
        assert titled(service, "pagemill worker") == worker


async def test_a_rolling_restart_runs_on_a_new_fork_server(service):
    before = {name: titled(service, f"pagemill {name}") for name in ("fork-server", "api", "worker")}
    os.kill(service.process.pid, signal.SIGHUP)
    [server] = await changed(service, "pagemill fork-server", before["fork-server"])
    for name in ("api", "worker"):
        [process] = await changed(service, f"pagemill {name}", before[name])
        assert process.parent() == server
    await asyncio.to_thread(psutil.wait_procs, before["fork-server"], 20)
    assert titled(service, "pagemill fork-server") == [server], "the old one ends with its last process"
    async with HttpServer({"/": PAGE}) as web:
        await scrape(service, web)


async def test_a_worker_that_is_killed_leaves_none_of_its_extraction_behind(service):
    async with HttpServer({"/": PAGE}) as web:
        await scrape(service, web)
        extraction = titled(service, "pagemill extraction")
        assert len(extraction) == 2
        [worker] = titled(service, "pagemill worker")
        worker.kill()
        await asyncio.to_thread(psutil.wait_procs, extraction, 20)
        assert {status(process) for process in extraction} <= {None, psutil.STATUS_ZOMBIE}
        await changed(service, "pagemill worker", [worker])
        await scrape(service, web)
    async with asyncio.timeout(60):  # nor their entries in the list of processes
        while psutil.STATUS_ZOMBIE in map(status, service.processes()):
            await asyncio.sleep(0.2)
