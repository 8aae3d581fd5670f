"""PostgreSQL notifications (LISTEN and NOTIFY): pages were queued, jobs ended."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Self

import asyncpg
import structlog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from types import TracebackType

    from pagemill.jobs.database.pool import Database

log = structlog.get_logger(__name__)

QUEUE = "pagemill_queue"
"""Pages were put into the queue; with the payload DELIVERIES, CRAWLS or BATCHES: what these say."""
DELIVERIES = "deliveries"
"""Deliveries of webhooks were queued."""
CRAWLS = "crawls"
"""A crawl began, or a page waits for its host."""
BATCHES = "batches"
"""A batch was uploaded."""
WATCH = "watch"
"""The word before the id of a job whose steps someone watches, on the channel QUEUE."""
ENDED = "pagemill_ended"
"""A job ended, or a delivery was attempted; the payload is its id."""
STEPS = "steps"
"""The word before the steps of a page that someone watches, on the channel ENDED."""

_PROBE_INTERVAL = 10.0
_RECONNECT_DELAY = 0.2


class Notifications:
    """Listens to one channel on a connection of its own, which is opened again whenever it is lost.

    Notifications sent while it was lost are lost too: whoever waits for one also polls the database now and then.
    """

    def __init__(self, database: Database, channel: str) -> None:
        self._database = database
        self._channel = channel
        self._subscribers: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._handlers: dict[str, Callable[[str], None]] = {}
        self._task: asyncio.Task[None] | None = None

    def handle(self, word: str, handler: Callable[[str], None]) -> None:
        """Call `handler` with the rest of each notification that begins with this word and a space."""
        self._handlers[word] = handler

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._listen(), name=f"listen to {self._channel}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    @contextlib.asynccontextmanager
    async def subscribed(self, payload: str = "") -> AsyncIterator[asyncio.Event]:
        """Give an event that is set by each notification with this payload, and once more whenever some may be lost."""
        event = asyncio.Event()
        self._subscribers[payload].add(event)
        try:
            yield event
        finally:
            self._subscribers[payload].discard(event)
            if not self._subscribers[payload]:
                del self._subscribers[payload]

    async def _listen(self) -> None:
        while True:
            try:
                await self._listen_on_connection()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.debug("notifications interrupted", channel=self._channel, error=repr(error))
            self._notify_all()
            await asyncio.sleep(_RECONNECT_DELAY)

    async def _listen_on_connection(self) -> None:
        connection = await self._database.connect()
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            async with asyncio.timeout(_PROBE_INTERVAL):
                await connection.add_listener(self._channel, self._notify)
            self._notify_all()
            while not lost.is_set():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_PROBE_INTERVAL):
                        await lost.wait()
                if not lost.is_set():  # a peer that vanished without a word is found out by asking
                    await connection.execute("SELECT 1", timeout=_PROBE_INTERVAL)
        finally:
            connection.terminate()

    def _notify(self, _connection: Any, _pid: int, _channel: str, payload: str) -> None:
        word, space, rest = payload.partition(" ")
        if space and (handler := self._handlers.get(word)):
            handler(rest)
            return
        for event in self._subscribers.get(payload, ()):
            event.set()

    def _notify_all(self) -> None:
        for events in self._subscribers.values():
            for event in events:
                event.set()
