"""A worker: takes pages from the queue, scrapes them and writes down how each ended."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog

from pagemill.errors import BlockedError, HttpStatusError, InternalPageError, PageError
from pagemill.jobs.batches.feeder import BatchFeeder
from pagemill.jobs.corrections.store import CorrectionStore
from pagemill.jobs.crawls.page_turns import HostBusyError
from pagemill.jobs.crawls.site_worker import SiteWorker
from pagemill.jobs.database.pool import FOREVER, Database
from pagemill.jobs.keys.sign_ins import delete_expired_sign_ins
from pagemill.jobs.memory.browser_hosts import REFRESH_INTERVAL, DatabaseHostMemory
from pagemill.jobs.memory.learned_selectors import DatabaseSelectors
from pagemill.jobs.memory.page_cache import DatabasePageCache
from pagemill.jobs.memory.proxy_scores import DatabaseProxyScores
from pagemill.jobs.metrics_history.recorder import HistoryRecorder, counts_for_itself
from pagemill.jobs.monitors.monitor_worker import MonitorWorker
from pagemill.jobs.objects.deletion import ObjectDeletion
from pagemill.jobs.objects.object_storage import ObjectStorage
from pagemill.jobs.queue.claims import Queue, rescue
from pagemill.jobs.queue.dead_worker_detector import DeadWorkerDetector
from pagemill.jobs.queue.notifications import BATCHES, CRAWLS, DELIVERIES, QUEUE, WATCH, Notifications
from pagemill.jobs.queue.store import JobStore
from pagemill.jobs.queue.watched_steps import StepTeller
from pagemill.jobs.sessions.store import SessionStore
from pagemill.jobs.webhooks.deliverer import Deliverer
from pagemill.jobs.webhooks.endpoints import delete_old_deliveries
from pagemill.jobs.worker_slots import WorkerSlots
from pagemill.model import Failure, JobKind
from pagemill.observability.stages import Stage
from pagemill.observability.tracing import Kind
from pagemill.process_lifetime import first_completed, return_free_memory
from pagemill.redaction import redact_url
from pagemill.scraping.fail_safe import fail_safe
from pagemill.scraping.scraper import Scraper

if TYPE_CHECKING:
    from collections.abc import Callable

    from pagemill.jobs.queue.claims import ClaimedPage
    from pagemill.scraping.scraped_page import ScrapedPage
    from pagemill.settings import Settings

log = structlog.get_logger(__name__)

_SUSPECT_INTERVAL = 5.0
_RETENTION_INTERVAL = 60.0
_RETENTION_PAUSE = 0.2
_RETENTION_ROWS = 2000
"""Pages and lines of a batch that one deletion removes at once."""
_REFILL_DELAY = 0.02
_UNREGISTER_TIMEOUT = 2.0


@dataclass(frozen=True, slots=True)
class _Places:
    """How many more pages a worker takes."""

    free: int
    lent: bool = False
    """Whether these are places of pages that wait for the language model."""
    without: tuple[str, ...] = ()
    """API keys that get none of them."""


class Worker:
    """One worker process's life.

    A page that was in hand when `max_crashes` - 1 workers died is a suspect: it is worked on alone, so that no page
    fails for what a neighbour did.
    """

    def __init__(self, settings: Settings, worker_id: str) -> None:
        self._settings = settings
        self._ordinary_crashes = range(max(1, settings.jobs.max_crashes - 1))
        self._suspect_crashes = range(
            self._ordinary_crashes.stop, max(self._ordinary_crashes.stop + 1, settings.jobs.max_crashes)
        )
        self._database = Database(
            settings.database.database_url or "",
            connections=settings.database.database_connections,
            wait=FOREVER,
            connect_timeout=settings.database.database_connect_timeout,
            statement_timeout=settings.database.database_statement_timeout,
            idle_time=settings.database.database_idle_time,
            name="pagemill worker",
        )
        self._objects = ObjectStorage(settings, self._database)
        self._object_deletion = ObjectDeletion(settings, self._database, self._objects)
        self._queue = Queue(self._database, worker_id, settings.limits.pages_in_flight or None, self._objects)
        self._deliverer = Deliverer(settings, self._database, worker_id, self._objects)
        self._cache = DatabasePageCache(self._database, worker_id, settings, self._objects)
        self._proxy_scores = DatabaseProxyScores(self._database, settings)
        self._hosts = DatabaseHostMemory(self._database, settings)
        self._selectors = DatabaseSelectors(self._database, worker_id, settings)
        self._sessions = SessionStore(self._database, settings)
        self._corrections = CorrectionStore(self._database, settings)
        self._scraper = Scraper(
            settings,
            cache=self._cache,
            proxy_scores=self._proxy_scores,
            memory=self._hosts,
            selectors=self._selectors,
            sessions=self._sessions,
        )
        self._steps = StepTeller(self._database)
        self._slots = WorkerSlots(settings.jobs.worker_concurrency)
        self._sites = SiteWorker(settings, self._database, self._scraper, self._slots)
        self._batches = BatchFeeder(settings, self._database)
        self._monitors = MonitorWorker(settings, self._database, self._scraper, self._objects)

    async def run(self, stop: asyncio.Event, on_ready: Callable[[], None] | None = None) -> None:
        """Work until `stop` is set; then give running pages the grace period and put back what is left.

        `on_ready` is called when it begins to claim pages.
        Where the database is away by then, that is not waited for: others find the pages when this worker is silent.
        """
        work = asyncio.ensure_future(self._run(stop, on_ready))
        stopping = asyncio.ensure_future(stop.wait())
        await asyncio.wait((work, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        try:
            async with asyncio.timeout(self._settings.service.grace_period + _UNREGISTER_TIMEOUT):
                await work
        except TimeoutError:
            log.warning("stopped before the database answered")

    async def _run(self, stop: asyncio.Event, on_ready: Callable[[], None] | None) -> None:
        async with self._database, Notifications(self._database, QUEUE) as notices, self._scraper, self._deliverer:
            notices.handle(WATCH, self._steps.watch)
            await self._queue.heartbeat()
            async with (
                asyncio.TaskGroup() as group,
                notices.subscribed() as queue_changed,
                notices.subscribed(CRAWLS) as crawls_changed,
                notices.subscribed(BATCHES) as batches_changed,
                notices.subscribed(DELIVERIES) as deliveries_queued,
            ):
                history = HistoryRecorder(self._database, self._settings)
                background_tasks = [
                    group.create_task(task)
                    for task in (
                        *((history.run(),) if counts_for_itself() else ()),
                        self._send_heartbeats(),
                        self._reconcile(),
                        self._rescue(),
                        self._delete_old_jobs(),
                        self._object_deletion.run(_RETENTION_INTERVAL),
                        self._refresh_hosts(),
                        self._sites.release_pages(crawls_changed),
                        self._batches.run(batches_changed),
                        self._deliverer.run(deliveries_queued),
                        self._monitors.run(),
                        self._steps.run(),
                    )
                ]
                log.info("worker ready")
                if on_ready:
                    on_ready()
                await self._claim_pages(queue_changed, stop)
                await self._finish_running()
                for task in background_tasks:
                    task.cancel()
            await self._deliverer.release()
            await self._monitors.release()
            await self._queue.unregister()

    async def _claim_pages(self, queue_changed: asyncio.Event, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        suspects_at = loop.time()
        while not stop.is_set():
            queue_changed.clear()
            if loop.time() >= suspects_at:
                await self._process_suspect(stop)
                suspects_at = loop.time() + _SUSPECT_INTERVAL
            self._slots.lent.clear()
            places = self._places()
            pages = await self._claim(places)
            for page in pages:
                task = self._start(page)
                if self._settings.limits.pages_in_flight:  # a place of its key is free then, and a page may wait for it
                    task.add_done_callback(lambda _: queue_changed.set())
            interval = self._settings.jobs.poll_interval
            if len(pages) < places.free and (not places.lent or not self._slots.pages):
                await first_completed(queue_changed.wait(), stop.wait(), timeout=interval)
            else:
                # The queue is longer than our hands: several places are refilled at once, for one look at it. A page
                # that goes on to the language model leaves its place without notice: hence the interval.
                ended = asyncio.wait(self._slots.pages, return_when=asyncio.FIRST_COMPLETED)
                more = queue_changed.wait() if len(pages) < places.free else stop.wait()
                await first_completed(ended, more, self._slots.lent.wait(), stop.wait(), timeout=interval)
                await asyncio.sleep(_REFILL_DELAY)

    def _places(self) -> _Places:
        """How many pages may be claimed, and of which API keys.

        Pages that wait for the language model lend their places to keys that have none waiting for it: a model that is
        slow, or never answers, holds up nobody else.
        """
        free, at_model = self._slots.free, self._scraper.at_model
        if free or not at_model:
            return _Places(free)
        spare = min(at_model.total(), self._settings.jobs.worker_spare_pages)
        return _Places(self._slots.free_with(spare), lent=True, without=tuple(at_model))

    async def _claim(self, places: _Places) -> list[ClaimedPage]:
        return await self._queue.claim(places.free, self._ordinary_crashes, places.without) if places.free else []

    def _start(self, page: ClaimedPage) -> asyncio.Task[None]:
        task = asyncio.create_task(self._process_page(page), name=f"page {page.id}")
        self._slots.pages.add(task)
        task.add_done_callback(self._slots.pages.discard)
        task.add_done_callback(lambda _: self._queue.forget(page))
        return task

    async def _process_suspect(self, stop: asyncio.Event) -> None:
        for page in await self._queue.claim(1, self._suspect_crashes):
            log.warning("working alone on a page that was in hand as workers died", page=page.id, crashes=page.crashes)
            await self._wait_for_running(stop)
            if not stop.is_set():
                self._start(page)
                await self._wait_for_running(stop)

    async def _wait_for_running(self, stop: asyncio.Event) -> None:
        if self._slots.pages:
            await first_completed(asyncio.wait(self._slots.pages), stop.wait())

    async def _process_page(self, page: ClaimedPage) -> None:
        with structlog.contextvars.bound_contextvars(job=page.job_id, page=page.id):
            started = asyncio.get_running_loop().time()
            try:
                with _page_stage(page), self._steps.steps_of(page):
                    scraped = await self._scrape(page)
                await self._complete(page, scraped, started)
            except HostBusyError as error:
                await self._queue.defer(page, error.host)
            except PageError as error:
                await self._fail(page, error, started)
            except Exception:
                log.exception("page failed by a fault of ours", host=_host(page.url))
                fault = InternalPageError("The page failed because of a fault in the service.")
                await self._fail(page, fault, started)

    async def _scrape(self, page: ClaimedPage) -> ScrapedPage:
        if page.corrections_version is not None:
            found = await fail_safe(self._corrections.of_url(page.key_id, page.corrections_version, page.url), ())
            page = replace(page, options=replace(page.options, corrections=found))
        if page.kind in (JobKind.MAP, JobKind.CRAWL):
            return await self._sites.process(page)
        return await self._scraper.scrape(page.url, page.options, page.key_id)

    async def _complete(self, page: ClaimedPage, scraped: ScrapedPage, started: float) -> None:
        ours = await self._queue.complete(
            page,
            final_url=scraped.final_url,
            status_code=scraped.status_code,
            bodies=scraped.bodies,
            cached=scraped.cached,
            fetched_with=scraped.fetched_with,
            attempts=scraped.attempts,
        )
        log.info(
            "page completed" if ours else "page was given to another worker",
            host=_host(scraped.final_url),
            status=scraped.status_code,
            fetched_with="cache" if scraped.cached else scraped.fetched_with.value,
            seconds=round(asyncio.get_running_loop().time() - started, 3),
            quality=None if scraped.quality is None else round(scraped.quality, 2),
            stored_bytes=sum(map(len, scraped.bodies.values())),
        )

    async def _fail(self, page: ClaimedPage, error: PageError, started: float) -> None:
        status_code = error.status_code if isinstance(error, HttpStatusError | BlockedError) else None
        # PostgreSQL's text holds no NUL, and a message may quote what a host sent.
        failure = Failure(error.code, error.message.replace("\0", "\N{REPLACEMENT CHARACTER}"))
        ours = await self._queue.fail(page, failure, status_code, error.attempts)
        log.info(
            "page failed" if ours else "page was given to another worker",
            host=_host(page.url),
            status=status_code,
            fetched_with=error.attempts[-1].fetched_with.value if error.attempts else None,
            seconds=round(asyncio.get_running_loop().time() - started, 3),
            error=failure.code,
            message=failure.message,
        )

    async def _finish_running(self) -> None:
        if self._slots.pages:
            log.info("finishing pages", pages=len(self._slots.pages), seconds=self._settings.service.grace_period)
            await asyncio.wait(self._slots.pages, timeout=self._settings.service.grace_period)
        unfinished = list(self._slots.pages)
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)

    async def _send_heartbeats(self) -> None:
        while True:
            await self._queue.heartbeat()
            await asyncio.sleep(self._settings.jobs.worker_heartbeat)

    async def _reconcile(self) -> None:
        """Put back what a claim took whose answer was lost: this worker alone can tell."""
        while True:
            await asyncio.sleep(self._settings.jobs.worker_heartbeat)
            pages, deliveries = await self._queue.reconcile(), await self._deliverer.reconcile()
            if pages or deliveries:
                log.warning("put back what a lost answer had given to this worker", pages=pages, deliveries=deliveries)

    async def _rescue(self) -> None:
        interval = self._settings.jobs.worker_heartbeat
        workers = DeadWorkerDetector.after(
            self._database, seconds=self._settings.jobs.worker_timeout, interval=interval
        )
        while True:
            await asyncio.sleep(interval)
            rescued = await rescue(self._database, self._settings.jobs.max_crashes, silent=await workers.poll())
            if rescued.released or rescued.failed:
                log.warning("rescued the pages of a dead worker", released=rescued.released, failed=rescued.failed)

    async def _delete_old_jobs(self) -> None:
        store, age = JobStore(self._database), timedelta(days=self._settings.jobs.retention_days)
        while True:
            while deleted := await store.delete_ended(age, self._settings.jobs.retention_step):
                log.info("deleted old jobs", jobs=deleted)
                await asyncio.sleep(_RETENTION_PAUSE)
            while await self._batches.delete_old(age, _RETENTION_ROWS):  # noqa: ASYNC110 - nobody tells of rows that grow old
                await asyncio.sleep(_RETENTION_PAUSE)
            while deleted := await delete_old_deliveries(self._database, age, self._settings.jobs.retention_step):
                log.info("deleted old deliveries of webhooks", deliveries=deleted)
                await asyncio.sleep(_RETENTION_PAUSE)
            while deleted := await self._sessions.delete_unused(self._settings.jobs.retention_step):
                log.info("deleted unused sessions", sessions=deleted)
                await asyncio.sleep(_RETENTION_PAUSE)
            while deleted := await self._corrections.delete_of_revoked_keys(self._settings.jobs.retention_step):
                log.info("deleted corrections of revoked keys", rows=deleted)
                await asyncio.sleep(_RETENTION_PAUSE)
            while deleted := await delete_expired_sign_ins(self._database, self._settings.jobs.retention_step):
                log.info("deleted sign-ins that ended", sign_ins=deleted)
                await asyncio.sleep(_RETENTION_PAUSE)
            await self._delete_old_pages()
            await asyncio.to_thread(return_free_memory)
            await asyncio.sleep(_RETENTION_INTERVAL)

    async def _refresh_hosts(self) -> None:
        while True:
            await self._hosts.refresh()
            await asyncio.sleep(REFRESH_INTERVAL)

    async def _delete_old_pages(self) -> None:
        """Delete from the cache, and of what is known of proxies and templates, in small steps."""
        age, step = timedelta(days=self._settings.cache.cache_retention_days), self._settings.jobs.retention_step
        while deleted := await self._cache.delete_old(age, step):
            log.info("deleted old pages from the cache", pages=deleted)
            await asyncio.sleep(_RETENTION_PAUSE)
        while await self._sites.delete_old(step):  # noqa: ASYNC110 - nobody tells of rows that grow old
            await asyncio.sleep(_RETENTION_PAUSE)
        while await self._selectors.delete_old(step):  # noqa: ASYNC110 - nobody tells of rows that grow old
            await asyncio.sleep(_RETENTION_PAUSE)
        while await self._proxy_scores.delete_faded(step):  # noqa: ASYNC110 - nobody tells of rows that fade
            await asyncio.sleep(_RETENTION_PAUSE)


def _page_stage(page: ClaimedPage) -> Stage:
    attributes = {"pagemill.job.id": page.job_id, "pagemill.page.id": page.id, "url.full": redact_url(page.url)}
    return Stage("page", "scrape", Kind.CONSUMER, attributes, page.trace_context)


def _host(url: str) -> str | None:
    """The host of a URL. The rest stays out of the log: it may hold passwords."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
