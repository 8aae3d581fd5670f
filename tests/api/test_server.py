"""The API as a process: it takes a socket that others hold, and stops in good order."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pagemill.jobs.database.pool import Database
    from pagemill.settings import Settings

URL = "https://example.com/"


PATIENCE = 60.0  # seconds for what takes two on a machine that does nothing else


@contextlib.contextmanager
def api_process(
    settings: Settings, *words: str, grace_period: float = 2.0, **options: object
) -> Iterator[subprocess.Popen[bytes]]:
    environment = {
        **os.environ,
        "PAGEMILL_DATABASE_URL": settings.database.database_url or "",
        "PAGEMILL_GRACE_PERIOD": str(grace_period),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "pagemill", "api", *words],
        env=environment,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,  # type: ignore[call-overload]
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


async def healthy(url: str) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE) as client:
        assert (await client.get("/health")).status_code == 200


async def test_a_restart_refuses_no_connection(settings: Settings, listener: socket.socket) -> None:
    words = ("--fd", str(listener.fileno()), "--supervised")
    for _ in range(2):
        with api_process(settings, *words, pass_fds=(listener.fileno(),)) as process:
            await healthy(address(listener))  # the connection waits in the socket's queue until the process is up
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, PATIENCE) == 0


async def test_requests_that_wait_are_answered_when_it_stops(
    settings: Settings, listener: socket.socket, key: tuple[str, str]
) -> None:
    descriptor = listener.fileno()
    with api_process(settings, "--fd", str(descriptor), grace_period=600, pass_fds=(descriptor,)) as process:
        async with httpx.AsyncClient(
            base_url=address(listener), headers={"X-API-Key": key[1]}, timeout=PATIENCE
        ) as client:
            job_id = (await client.post("/v1/url-scraper", json={"url": URL})).json()["id"]
            polling = asyncio.create_task(client.get(f"/v1/url-scraper/{job_id}?wait=60"))
            scraping = asyncio.create_task(client.post("/v1/scrape", json={"url": URL}))
            await asyncio.sleep(0.5)
            process.send_signal(signal.SIGINT)
            async with asyncio.timeout(30):  # less than the poll would wait, and than the grace period
                assert (await polling).json()["status"] == "pending"
                assert (await scraping).status_code == 202
                assert await asyncio.to_thread(process.wait, PATIENCE) == 0


async def test_a_request_that_outlasts_the_grace_period_is_told_to_come_again(
    settings: Settings, listener: socket.socket, key: tuple[str, str], database: Database
) -> None:
    holding = await database.connect()
    with api_process(settings, "--fd", str(listener.fileno()), pass_fds=(listener.fileno(),)) as process:
        async with httpx.AsyncClient(
            base_url=address(listener), headers={"X-API-Key": key[1]}, timeout=PATIENCE
        ) as client:
            assert (await client.get("/v1/jobs")).status_code == 200
            async with holding.transaction():
                await holding.execute("LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE")
                submitting = asyncio.create_task(client.post("/v1/url-scraper", json={"url": URL}))
                await asyncio.sleep(0.5)
                process.send_signal(signal.SIGTERM)
                answer = await submitting
    await holding.close()
    assert answer.status_code == 503
    assert answer.json()["code"] == "unavailable"
    assert "Retry-After" in answer.headers


async def test_it_stops_when_its_supervisor_is_gone(settings: Settings, listener: socket.socket) -> None:
    words = ("--fd", str(listener.fileno()), "--supervised")
    with api_process(settings, *words, pass_fds=(listener.fileno(),)) as process:
        await healthy(address(listener))
        assert process.stdin
        process.stdin.close()
        assert await asyncio.to_thread(process.wait, PATIENCE) == 0
        process.stdin = None


def test_an_address_in_use_is_said_so(settings: Settings, listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    with api_process(settings, "--port", str(port)) as process:
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert f"127.0.0.1:{port}".encode() in said
    assert b"Traceback" not in said


async def test_its_answers_do_not_name_the_server(settings: Settings, listener: socket.socket) -> None:
    with api_process(settings, "--fd", str(listener.fileno()), pass_fds=(listener.fileno(),)):
        async with httpx.AsyncClient(base_url=address(listener), timeout=PATIENCE) as client:
            assert "Server" not in (await client.get("/health")).headers
