"""The API on a real socket with a real database. The tests simulate the worker."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import structlog

from pagemill import bodies
from pagemill.api.server import ApiServer
from pagemill.jobs.keys.keys import Keys
from pagemill.jobs.queue.claims import Queue
from pagemill.jobs.queue.notifications import DELIVERIES, QUEUE, Notifications
from pagemill.jobs.webhooks.deliverer import Deliverer
from pagemill.model import Failure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from pagemill.jobs.database.pool import Database
    from pagemill.settings import Settings

CONTENT = {"html": "<p>Ünï</p>", "cleanedHtml": "<p>Ünï</p>", "markdown": "Ünï\n"}


@dataclass(frozen=True, slots=True)
class Api:
    """A running API. `client` sends the key `secret`, whose id is `key_id`."""

    url: str
    client: httpx.AsyncClient
    key_id: str
    secret: str
    server: ApiServer

    async def submit(self, *urls: str, **fields: Any) -> str:
        """Submit one URL, or several as a batch, and return the job's id."""
        path, body = ("/v1/url-scraper", {"url": urls[0]})
        if len(urls) > 1:
            path, body = "/v1/url-scraper/batch", {"urls": list(urls)}  # type: ignore[dict-item]
        answer = await self.client.post(path, json={**body, **fields})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    async def job(self, job_id: str, **parameters: Any) -> dict[str, Any]:
        """Return a job as the API shows it."""
        answer = await self.client.get(f"/v1/url-scraper/{job_id}", params=parameters)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


class SimulatedWorker:
    """Ends pages as a worker does."""

    def __init__(self, database: Database) -> None:
        self._queue = Queue(database, "simulated")

    async def heartbeat(self) -> None:
        await self._queue.heartbeat()

    async def start_all(self) -> list[Any]:
        """Take every waiting page and return them in their order."""
        await self._queue.heartbeat()
        return sorted(await self._queue.claim(1000), key=lambda page: page.id)

    async def start_next(self) -> Any:
        """Wait for a page, take it and return it."""
        async with asyncio.timeout(60):
            while True:
                if pages := await self.start_all():
                    return pages[0]
                await asyncio.sleep(0.02)

    async def complete(self, page: Any, content: dict[str, Any] | None = None) -> None:
        packed = {name: bodies.pack(value) for name, value in (CONTENT if content is None else content).items()}
        assert await self._queue.complete(page, final_url=page.url, status_code=200, bodies=packed)

    async def fail(self, page: Any, code: str = "connection_refused", message: str = "The host refused.") -> None:
        assert await self._queue.fail(page, Failure(code, message))

    async def complete_all(self, content: dict[str, Any] | None = None) -> None:
        for page in await self.start_all():
            await self.complete(page, content)


@pytest.fixture(scope="session", autouse=True)
def _plain_logs() -> None:
    """Without this, structlog draws each traceback with the values of all variables, for seconds."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(),
        ]
    )


@pytest.fixture
def worker(database: Database) -> SimulatedWorker:
    return SimulatedWorker(database)


@pytest.fixture
async def key(database: Database) -> tuple[str, str]:
    """An API key: its id and its secret."""
    return await Keys(database).create("test")


@contextlib.asynccontextmanager
async def serving(settings: Settings, key: tuple[str, str]) -> AsyncIterator[Api]:
    """Run the API in this loop, on a socket of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = ApiServer(settings)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not task.done():
        await asyncio.sleep(0.005)
    try:
        async with httpx.AsyncClient(base_url=url, headers={"X-API-Key": key[1]}, timeout=30, verify=False) as client:
            yield Api(url, client, *key, server)
    finally:
        server.stop()
        await task


@pytest.fixture
async def api(settings: Settings, key: tuple[str, str]) -> AsyncIterator[Api]:
    async with serving(settings, key) as running:
        yield running


@pytest.fixture
async def deliverer(settings: Settings, database: Database) -> AsyncIterator[None]:
    """Delivers webhooks as a worker does."""
    deliverer = Deliverer(settings, database, "deliverer")
    async with Notifications(database, QUEUE) as notices, notices.subscribed(DELIVERIES) as queued, deliverer:
        task = asyncio.create_task(deliverer.run(queued))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def unused_port() -> Iterator[int]:
    """A port that is bound, and refuses connections, as nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]
