"""Starting, stopping, and what a second start finds."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import sys

import psutil
import pytest

from pagemill.settings import Settings
from tests.service.running import RunningService, ended
from tests.web.hostile import OK, HostileServer
from tests.web.http_server import HttpServer, Response

PAGE = Response(b"<html><title>T</title><body><article><h1>Title</h1><p>Words of a page.</p></article></body></html>")


@pytest.fixture
def data_dir(scratch, request):
    return scratch / f"life-{request.node.name}"


async def run_pagemill(*words, **settings):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pagemill", *words),
        env={**os.environ, **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    return process.returncode, output.decode(), errors.decode()


async def test_the_first_start_makes_a_key_and_the_second_keeps_it_and_is_small_and_stops_at_once(data_dir):
    async with RunningService(data_dir, workers=1, first_start=True) as service:
        key = service.key
        assert service.ready_line == (f"Pagemill is ready on {service.address} - your API key, shown this once: {key}")
        assert stat.S_IMODE((data_dir / "api-key").stat().st_mode) == 0o600
        await a_second_service_on_the_same_folder_says_so(data_dir)
    async with RunningService(data_dir, workers=2) as service:
        assert service.ready_line == f"Pagemill is ready on {service.address}"
        assert service.key == key
        assert key not in service.log.read_text()
        total = sum(process.memory_full_info().pss for process in service.processes())
        assert total < 320e6, "of an idle service: proportional memory of everything, in MB of 10^6 bytes"
        assert await service.stop() < 5, "an idle service stops at once"


async def a_second_service_on_the_same_folder_says_so(data_dir):
    code, output, errors = await run_pagemill("serve", "--port", "0", "--data-dir", str(data_dir))
    assert (code, output) == (1, "")
    assert "Another `pagemill serve` runs on the data folder" in errors
    assert "Traceback" not in errors


async def test_a_port_in_use_says_so(data_dir):
    async with HttpServer() as other:
        port = other.url("/").rsplit(":", 1)[1].strip("/")
        code, _, errors = await run_pagemill("serve", "--port", port, "--data-dir", str(data_dir))
        assert code == 1
        assert f"127.0.0.1:{port} cannot be listened on: Address already in use. Choose" in errors
        assert "--port" in errors


async def test_a_wrong_setting_says_which(data_dir):
    code, _, errors = await run_pagemill("serve", "--data-dir", str(data_dir), PAGEMILL_JOB_DEADLINE="soon")
    assert code == 2
    assert "PAGEMILL_JOB_DEADLINE" in errors


async def test_a_database_that_does_not_answer_is_waited_for_so_long(data_dir):
    away = {"PAGEMILL_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "PAGEMILL_DATABASE_START_TIMEOUT": "0.5"}
    async with asyncio.timeout(20):
        code, _, errors = await run_pagemill("serve", "--port", "0", "--data-dir", str(data_dir), **away)
    assert code == 1
    assert "The database cannot be reached" in errors


async def test_open_access_is_for_loopback_alone(data_dir):
    code, _, errors = await run_pagemill("serve", "--no-auth", "--host", "0.0.0.0", "--data-dir", str(data_dir))
    assert code == 1
    assert "Without authentication" in errors


async def test_without_authentication_no_key_is_needed_and_ctrl_c_stops_it_too(data_dir):
    async with RunningService(data_dir, workers=1, PAGEMILL_AUTH="false") as service:
        async with service.client() as client:
            del client.headers["X-API-Key"]
            answer = await client.post("/v1/url-scraper", json={"url": "http://127.0.0.1:1/"})
            assert answer.status_code == 202
        processes = service.processes()
        service.process.send_signal(signal.SIGINT)
        assert await service.process.wait() == 0
        assert not any(process.is_running() for process in processes)


async def test_a_running_page_may_end_and_the_rest_goes_back(data_dir):
    """Stopped in the middle: what ends within the grace period is kept, the others are done after the next start."""
    release = asyncio.Event()

    async def slow(_request):
        await release.wait()
        return PAGE

    async def quick(_request):
        await asyncio.sleep(0.5)
        return PAGE

    async with HttpServer({"/slow": slow, "/quick": quick}) as web:
        service = RunningService(data_dir, workers=1, PAGEMILL_GRACE_PERIOD="2")
        async with service, service.client() as client:
            jobs = {}
            for path in ("/slow", "/quick"):
                jobs[path] = (await client.post("/v1/url-scraper", json={"url": web.url(path)})).json()["id"]
            while len(web.requests) < 2:
                await asyncio.sleep(0.02)
            assert await service.stop() < 2 + 5
            release.set()
            await service.start()
            for job_id in jobs.values():
                assert (await ended(client, job_id, 20))["status"] == "completed"
        paths = [request.path for request in web.requests]
        assert (paths.count("/quick"), paths.count("/slow")) == (1, 2)


async def test_fifty_megabytes_of_text_fail_by_the_limit_and_the_next_page_is_served(data_dir):
    paragraph = b"<p>" + b"Ordinary words of a very long page, one line after another. " * 1000 + b"</p>\n"
    sent = 0

    async def script(writer):
        nonlocal sent
        writer.write(OK + b"Connection: close\r\n\r\n<html><title>Long</title><body>")
        while sent < 50_000_000:
            writer.write(paragraph)
            await writer.drain()
            sent += len(paragraph)

    async with (
        HostileServer(script) as long,
        HttpServer({"/": PAGE}) as web,
        RunningService(data_dir, workers=1) as service,
        service.client() as client,
    ):
        failed = (await client.post("/v1/scrape", json={"url": long.url("/")})).json()
        assert failed["status"] == "failed"
        assert failed["error"].endswith("(body_too_large)")
        assert str(Settings().fetching.max_body_bytes) in failed["error"]
        assert sent < 50_000_000, "no more is read than the limit"
        worker = service.of("worker")
        assert (await client.post("/v1/scrape", json={"url": web.url("/")})).json()["status"] == "completed"
        assert service.of("worker") == worker


async def test_nothing_outlives_a_supervisor_that_was_killed(data_dir):
    service = RunningService(data_dir, workers=1, PAGEMILL_GRACE_PERIOD="2")
    await service.start()
    processes = service.processes()
    service.process.kill()
    await service.process.wait()
    _, left = await asyncio.to_thread(psutil.wait_procs, processes[1:], 20)
    assert left == []
    async with RunningService(data_dir, workers=1) as again:
        assert "ready" in again.ready_line


async def test_a_second_signal_ends_everything_at_once(data_dir):
    async with HttpServer() as web:
        web.routes["/never"] = never
        async with RunningService(data_dir, workers=1, PAGEMILL_GRACE_PERIOD="300") as service:
            async with service.client() as client:
                await client.post("/v1/url-scraper", json={"url": web.url("/never")})
            while not web.requests:
                await asyncio.sleep(0.05)
            service.process.send_signal(signal.SIGINT)
            while "a second Ctrl-C ends everything now" not in service.log.read_text():
                await asyncio.sleep(0.05)
            service.process.send_signal(signal.SIGINT)
            async with asyncio.timeout(60):
                await service.process.wait()


async def never(_request):
    await asyncio.sleep(600)
    return Response()
