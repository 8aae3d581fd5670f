"""A running `pagemill serve`, with what a test needs to look into it and to hurt it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import sys
import time
from typing import TYPE_CHECKING, Any, Self

import httpx
import psutil

from tests.forking.processes import left_of
from tests.service import made_database

if TYPE_CHECKING:
    from pathlib import Path

ROLES = {"api": "pagemill api", "worker": "pagemill worker", "postgres": "/postgres -D"}


class RunningService:
    """Starts the service on a data folder and a free port; ends it, and whatever is left of it, afterwards.

    A folder that is not there yet gets a database made earlier; `first_start` leaves that to the service.
    """

    def __init__(
        self, data_dir: Path, *, workers: int = 2, port: int | None = None, first_start: bool = False, **settings: str
    ) -> None:
        self.data_dir = data_dir
        self.port = port or free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.ready_line = ""
        self.seconds_to_ready = 0.0
        self.start_timeout = 60.0
        self._first_start = first_start
        self._words = ("serve", "--port", str(self.port), "--workers", str(workers), "--data-dir", str(data_dir))
        self._settings = {"PAGEMILL_ALLOWED_NETWORKS": "127.0.0.0/8", "PAGEMILL_RETRY_DELAY": "0.05", **settings}
        self.log = data_dir.with_suffix(".log")

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        if not self._first_start and "PAGEMILL_DATABASE_URL" not in self._settings:
            await asyncio.to_thread(made_database.copy_to, self.data_dir)
        began = time.monotonic()
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "pagemill", *self._words),
                env={**os.environ, **self._settings},
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        assert self.process.stdout
        async with asyncio.timeout(self.start_timeout):
            self.ready_line = (await self.process.stdout.readline()).decode().strip()
        self.seconds_to_ready = time.monotonic() - began
        assert "ready" in self.ready_line, self.log.read_text()[-3000:]

    async def stop(self) -> float:
        """Stop as an operator would, and return how many seconds that took. Nothing may be left."""
        processes = self.processes()
        began = time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        await self.process.wait()
        took = time.monotonic() - began
        left = await left_of(processes)
        for process in left:
            process.kill()
        assert left == [], "processes were left behind"
        return took

    @property
    def key(self) -> str:
        return (self.data_dir / "api-key").read_text().strip()

    def client(self, **options: Any) -> httpx.AsyncClient:
        headers = {"X-API-Key": self.key}
        return httpx.AsyncClient(base_url=self.address, headers=headers, timeout=90, **options)

    def processes(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            root = psutil.Process(self.process.pid)
            return [root, *root.children(recursive=True)]
        return []

    def of(self, role: str) -> list[psutil.Process]:
        """The processes of a role: `api`, `worker` or `postgres` (the server itself, not what it forked)."""
        found = []
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                if ROLES[role] in " ".join(process.cmdline()):
                    found.append(process)
        return found


async def submit(client: httpx.AsyncClient, urls: list[str]) -> dict[str, Any]:
    """Submit a batch as clients do: again, under the same idempotency key, while the service is away."""
    key = f"{time.monotonic_ns()}"
    while True:
        with contextlib.suppress(httpx.TransportError):
            answer = await client.post("/v1/url-scraper/batch", json={"urls": urls}, headers={"Idempotency-Key": key})
            if answer.status_code == 202:
                job: dict[str, Any] = answer.json()
                return job
            assert answer.status_code == 503, answer.text
        await asyncio.sleep(0.1)


async def ended(client: httpx.AsyncClient, job_id: str, seconds: float = 120) -> dict[str, Any]:
    """Poll a job to its end, through whatever happens to the service."""
    async with asyncio.timeout(seconds):
        while True:
            with contextlib.suppress(httpx.TransportError):
                answer = await client.get(f"/v1/url-scraper/{job_id}", params={"wait": 5})
                job: dict[str, Any] = answer.json()
                if answer.status_code == 200 and job["status"] in ("completed", "failed"):
                    return job
                assert answer.status_code in (200, 503), answer.text
            await asyncio.sleep(0.1)


def free_port() -> int:
    """A port that nothing listens on, of those that the kernel gives to no connection: one could take it meanwhile."""
    while True:
        port = 10_000 + secrets.randbelow(20_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
