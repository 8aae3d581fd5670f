"""The resources of the endpoints: opened when the API starts, closed when it stops."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Request

from pagemill.api.downloads import Downloads
from pagemill.jobs.crawls.store import CrawlStore
from pagemill.jobs.database.pool import Database
from pagemill.jobs.keys.keys import Keys
from pagemill.jobs.keys.limits import Limits
from pagemill.jobs.keys.sign_ins import SignIns
from pagemill.jobs.keys.usage import KeyUsages
from pagemill.jobs.listing.job_lists import JobLists
from pagemill.jobs.memory.known_hosts import KnownHosts
from pagemill.jobs.memory.proxy_scores import DatabaseProxyScores
from pagemill.jobs.metrics_history.history import MetricsHistory
from pagemill.jobs.metrics_history.recorder import HistoryRecorder, counts_for_itself
from pagemill.jobs.monitors.history import MonitorHistory
from pagemill.jobs.monitors.runs import MonitorRuns
from pagemill.jobs.monitors.store import MonitorStore
from pagemill.jobs.objects.object_storage import ObjectStorage
from pagemill.jobs.queue.notifications import ENDED, Notifications
from pagemill.jobs.queue.queue_state import QueueStates
from pagemill.jobs.queue.store import JobStore, QueueLimits
from pagemill.jobs.sessions.store import SessionStore
from pagemill.jobs.webhooks.endpoints import Webhooks
from pagemill.jobs.webhooks.signing import SigningKey
from pagemill.searching.searcher import Searcher
from pagemill.structuring.schemas.checker import SchemaChecker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pagemill.settings import Settings


@dataclass(frozen=True, slots=True)
class Resources:
    """The database and the stores on it. `stopping` is set when the API begins to stop, which ends all waits."""

    settings: Settings
    database: Database
    jobs: JobStore
    job_lists: JobLists
    crawls: CrawlStore
    monitors: MonitorStore
    monitor_runs: MonitorRuns
    monitor_history: MonitorHistory
    keys: Keys
    key_usages: KeyUsages
    sign_ins: SignIns
    ended: Notifications
    limits: Limits
    downloads: Downloads
    streams: Downloads
    """Of crawls: open for as long as those run."""
    streamed_pages: Downloads
    """Pages that these send. Clients that read a stream slowly, as they work on its pages, hold up no download."""
    proxy_scores: DatabaseProxyScores
    known_hosts: KnownHosts
    metrics_history: MetricsHistory
    webhooks: Webhooks | None
    """None if this process has no secret key to derive secrets from."""
    sessions: SessionStore
    schemas: SchemaChecker
    queue: QueueStates
    searcher: Searcher
    stopping: asyncio.Event = field(default_factory=asyncio.Event)


@contextlib.asynccontextmanager
async def open_resources(settings: Settings) -> AsyncIterator[Resources]:
    """Open everything. Queries nothing yet: the API starts without the database and answers 503."""
    signing_key = SigningKey.of(settings)
    database = Database(
        settings.database.database_url or "",
        connections=settings.database.database_connections,
        wait=settings.database.database_wait,
        connect_timeout=settings.database.database_connect_timeout,
        statement_timeout=settings.database.database_statement_timeout,
        idle_time=settings.database.database_idle_time,
        name="pagemill api",
    )
    schemas, searcher = SchemaChecker(settings), Searcher(settings)
    closed = contextlib.aclosing(schemas), contextlib.aclosing(searcher)
    history = HistoryRecorder(database, settings)
    async with database, Notifications(database, ENDED) as ended, closed[0], closed[1], _recording(history):
        yield Resources(
            settings=settings,
            database=database,
            jobs=JobStore(
                database,
                QueueLimits(settings.limits.queued_pages_per_key or None, settings.limits.queued_pages or None),
                ObjectStorage(settings, database),
            ),
            job_lists=JobLists(database, settings.lists.list_search_jobs),
            crawls=CrawlStore(database),
            monitors=MonitorStore(database),
            monitor_runs=MonitorRuns(database, settings),
            monitor_history=MonitorHistory(database),
            keys=Keys(database),
            key_usages=KeyUsages(database),
            sign_ins=SignIns(database, settings),
            ended=ended,
            limits=Limits(database, settings),
            downloads=Downloads(settings.limits.max_downloads),
            streams=Downloads(settings.limits.max_streams),
            streamed_pages=Downloads(settings.limits.max_downloads),
            proxy_scores=DatabaseProxyScores(database, settings),
            known_hosts=KnownHosts(database),
            metrics_history=MetricsHistory(database, settings.observability.metrics_history_interval),
            webhooks=Webhooks(database, signing_key) if signing_key else None,
            sessions=SessionStore(database, settings),
            schemas=schemas,
            queue=QueueStates(database, settings),
            searcher=searcher,
        )


@contextlib.asynccontextmanager
async def _recording(history: HistoryRecorder) -> AsyncIterator[None]:
    """Keep the history of what this process counts, where nobody else does."""
    task = asyncio.create_task(history.run(), name="keep the history of metrics") if counts_for_itself() else None
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
            await asyncio.wait((task,))


async def _of_application(request: Request) -> Resources:  # not async, it would go through a thread each time
    return cast("Resources", request.app.state.resources)


ApiResources = Annotated[Resources, Depends(_of_application)]
"""An endpoint's parameter of this type is the resources."""
