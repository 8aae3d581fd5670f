"""The fork server, with real processes."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import signal
import socket
from pathlib import Path

import psutil
import pytest

from pagemill.forking.fork_server import ForkServer, can_fork

pytestmark = pytest.mark.skipif(not can_fork(), reason="needs Linux and pidfds")
PROGRAMS = "tests.forking.programs"


@contextlib.asynccontextmanager
async def fork_server(*modules, together=True):
    server = await ForkServer.start("pagemill test-fork-server", modules or [PROGRAMS], together=together)
    try:
        yield server
    finally:
        await server.end()


async def fork(server, name, *arguments, descriptors=None, **options):
    return await server.fork(f"{PROGRAMS}:{name}", arguments, f"pagemill {name}", descriptors or {2: 2}, **options)


@pytest.fixture(autouse=True)
def path(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))


async def test_it_tells_how_each_process_ended(capfd):
    async with fork_server() as server:
        ends = await asyncio.gather(*(fork(server, "leave", code) for code in "073"), fork(server, "fail"))
        assert [await process.wait() for process in ends] == [0, 7, 3, 1]
        for number in (signal.SIGTERM, signal.SIGKILL):
            process = await fork(server, "sleep")
            assert process.runs
            assert process.returncode is None
            process.terminate() if number == signal.SIGTERM else process.kill()
            assert await process.wait() == -number
            assert not process.runs
            process.kill()  # of what has ended: nothing happens
    assert "on purpose" in capfd.readouterr().err


async def described(server, **options):
    ours, its = socket.socketpair()
    extra = os.open("/dev/null", os.O_RDONLY)
    with ours, its:
        process = await fork(
            server, "describe", descriptors={0: its.fileno(), 1: its.fileno(), 2: 2, 9: extra}, **options
        )
        os.close(extra)
        its.close()
        answer = json.loads(await asyncio.to_thread(ours.recv, 65536))
        title = " ".join(psutil.Process(process.pid).cmdline()).strip()
    assert await process.wait() == 0
    return {**answer, "pid": process.pid, "title": title}


async def test_a_process_has_what_it_was_given_and_nothing_else(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "s3cret")
    held = [os.open("/dev/null", os.O_RDONLY) for _ in range(20)]
    for descriptor in held:
        os.set_inheritable(descriptor, True)
    async with fork_server() as server:
        sleeping = await fork(server, "sleep")
        found = await described(server)
        assert found["descriptors"] == [0, 1, 2, 9]
        assert "s3cret" not in found["environment"].values()
        assert found["blocked"] == []
        assert found["threads"] == 1
        assert found["title"] == "pagemill describe"
        assert found["group"] != found["pid"]
        led = await described(server, own_group=True)
        assert led["group"] == led["pid"]
        assert sleeping.runs
    for descriptor in held:
        os.close(descriptor)


async def killed(server):
    os.kill(server.pid, signal.SIGKILL)
    async with asyncio.timeout(60):
        while server.alive:
            await asyncio.sleep(0.01)


async def test_what_was_forked_together_ends_with_its_fork_server_however_that_ended():
    async with fork_server() as server:
        process = await fork(server, "sleep")
        await killed(server)
        async with asyncio.timeout(60):
            assert await process.wait() in (-signal.SIGKILL, 1), "1 where it saw that by itself, before it had begun"
        with pytest.raises(ConnectionError):
            await fork(server, "sleep")
    async with fork_server() as server:
        process = await fork(server, "sleep")
    async with asyncio.timeout(60):
        await process.wait()


async def test_what_was_forked_apart_outlives_its_fork_server_and_can_be_ended():
    async with fork_server(together=False) as server:
        process = await fork(server, "sleep")
        await killed(server)
        await asyncio.sleep(0.2)
        assert process.runs
        process.kill()
        async with asyncio.timeout(60):
            assert await process.wait() == -signal.SIGKILL


async def test_one_that_is_retired_tells_of_its_processes_and_ends_with_the_last():
    async with fork_server(together=False) as server:
        process = await fork(server, "sleep")
        server.retire()
        with pytest.raises(ConnectionError):
            await fork(server, "sleep")
        await asyncio.sleep(0.1)
        running = psutil.Process(server.pid)
        assert running.is_running()
        process.terminate()
        assert await process.wait() == -signal.SIGTERM
        await asyncio.to_thread(psutil.wait_procs, [running], 10)
        assert not running.is_running()


async def test_a_process_that_nobody_waits_for_any_more_is_ended():
    async with fork_server() as server:
        asked = asyncio.create_task(fork(server, "sleep"))
        await asyncio.sleep(0)
        asked.cancel()
        assert await (await fork(server, "leave", "0")).wait() == 0
        async with asyncio.timeout(60):
            while psutil.Process(server.pid).children():
                await asyncio.sleep(0.01)


async def test_a_request_in_hand_fails_with_the_fork_server():
    async with fork_server() as server:
        psutil.Process(server.pid).suspend()
        asked = asyncio.create_task(fork(server, "sleep"))
        await asyncio.sleep(0.1)
        assert not asked.done()
        os.kill(server.pid, signal.SIGKILL)
        with pytest.raises(ConnectionError):
            await asked


async def test_a_process_with_threads_is_not_forked():
    async with fork_server("tests.forking.threaded", PROGRAMS) as server:
        with pytest.raises(OSError, match=os.strerror(errno.ENOTSUP)):
            await fork(server, "sleep")


async def test_signals_to_end_are_for_what_it_forked():
    """A service manager may send them to every process of a service at once."""
    async with fork_server() as server:
        process = await fork(server, "sleep")
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(server.pid, number)
        assert await (await fork(server, "leave", "0")).wait() == 0
        assert process.runs
