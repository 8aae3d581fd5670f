"""The steps of pages, told while someone watches them.

Who watches a job says so to all workers, again and again for as long as it does. The worker that has a page of it in
hand tells all the steps that there are, and then each change. Without watchers nothing is sent, and a page costs a few
entries in a list. Nothing depends on what is told: who misses it sees the end of the page in its row all the same.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import orjson

from pagemill.errors import UnavailableError
from pagemill.jobs.queue.notifications import ENDED, QUEUE, STEPS, WATCH
from pagemill.jobs.queue.steps_statements import NOTIFY
from pagemill.observability.steps import Steps, current_steps

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from pagemill.jobs.database.pool import Database
    from pagemill.jobs.queue.claims import ClaimedPage
    from pagemill.jobs.queue.notifications import Notifications

WATCH_INTERVAL = 10.0
"""Seconds after which a watcher says again that it watches."""
_WATCHED_FOR = 2.5 * WATCH_INTERVAL
_MAX_WATCHED = 1000
_TELL_INTERVAL = 0.1
_PATIENCE = 2.0


@dataclass(slots=True)
class _PageInHand:
    job_id: str
    position: int
    steps: Steps


class StepTeller:
    """Tells the steps of a worker's pages to those who watch. At most ten times a second, all changes together."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._in_hand: dict[int, _PageInHand] = {}
        self._watched: dict[str, float] = {}
        self._changed: set[int] = set()
        self._wake = asyncio.Event()

    def watch(self, job_id: str) -> None:
        """Tell the steps of a job's pages from now on, for a while."""
        self._watched.pop(job_id, None)
        if len(self._watched) >= _MAX_WATCHED:
            del self._watched[next(iter(self._watched))]
        self._watched[job_id] = asyncio.get_running_loop().time() + _WATCHED_FOR
        for page_id, page in self._in_hand.items():
            if page.job_id == job_id:
                self._change(page_id, job_id)

    @contextlib.contextmanager
    def steps_of(self, page: ClaimedPage) -> Iterator[None]:
        """Note the steps of a page that is worked on in this block."""
        steps = Steps(lambda: self._change(page.id, page.job_id))
        self._in_hand[page.id] = _PageInHand(page.job_id, page.position, steps)
        token = current_steps.set(steps)
        try:
            yield
        finally:
            current_steps.reset(token)
            self._in_hand.pop(page.id, None)
            self._changed.discard(page.id)

    async def run(self) -> None:
        """Send what changes, until this is cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            for page_id in tuple(self._changed):
                self._changed.discard(page_id)
                page = self._in_hand.get(page_id)
                if page is not None:
                    await self._tell(page)
            await asyncio.sleep(_TELL_INTERVAL)

    def _change(self, page_id: int, job_id: str) -> None:
        until = self._watched.get(job_id)
        if until is None:
            return
        if asyncio.get_running_loop().time() > until:
            del self._watched[job_id]
            return
        self._changed.add(page_id)
        self._wake.set()

    async def _tell(self, page: _PageInHand) -> None:
        told = {"job": page.job_id, "page": page.position, "steps": [asdict(step) for step in page.steps.list]}
        with contextlib.suppress(UnavailableError):
            await self._database.rows(
                NOTIFY, ENDED, f"{STEPS} {orjson.dumps(told).decode()}", wait=_PATIENCE, timeout=_PATIENCE
            )


class StepWatching:
    """Hears the steps of pages, for those who watch."""

    def __init__(self, database: Database, notices: Notifications) -> None:
        self._database = database
        self._watchers: dict[str, set[StepWatcher]] = {}
        notices.handle(STEPS, self._hear)

    @contextlib.asynccontextmanager
    async def watching(self, job_id: str) -> AsyncIterator[StepWatcher]:
        """Ask for the steps of a job's pages within this block. `watcher.steps` has them by the pages' positions."""
        watcher = StepWatcher()
        self._watchers.setdefault(job_id, set()).add(watcher)
        asking = asyncio.create_task(self._ask(job_id), name=f"watch {job_id}")
        try:
            yield watcher
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            self._watchers[job_id].discard(watcher)
            if not self._watchers[job_id]:
                del self._watchers[job_id]

    async def _ask(self, job_id: str) -> None:
        while True:
            with contextlib.suppress(UnavailableError):
                await self._database.rows(NOTIFY, QUEUE, f"{WATCH} {job_id}", wait=_PATIENCE, timeout=_PATIENCE)
            await asyncio.sleep(WATCH_INTERVAL)

    def _hear(self, payload: str) -> None:
        told = orjson.loads(payload)
        for watcher in self._watchers.get(told["job"], ()):
            watcher.hear(told["page"], told["steps"])


class StepWatcher:
    """The steps that one watcher was told, by the position of the page, and an event that is set when they change."""

    def __init__(self) -> None:
        self.steps: dict[int, list[dict[str, object]]] = {}
        self.changed = asyncio.Event()

    def hear(self, position: int, steps: list[dict[str, object]]) -> None:
        """Take what was told of a page."""
        self.steps[position] = steps
        self.changed.set()
