"""Delivers webhooks: takes what is due from the database, sends it, and writes down how that went.

At least once: a worker that dies while it sends leaves the delivery to others when its lease ends, so a receiver may
get the same message again, which the `id` in it tells.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from pagemill import __version__
from pagemill.errors import BlockedAddressError, FetchError, UnfetchableUrlError
from pagemill.fetching.http.poster import Poster
from pagemill.jobs.batches.store import BatchStore
from pagemill.jobs.monitors.runs import changes_of_run
from pagemill.jobs.queue.store import JobStore
from pagemill.jobs.webhooks import statements
from pagemill.jobs.webhooks.delivery_queue import ClaimedDelivery, DeliveryQueue
from pagemill.jobs.webhooks.endpoints import DeliveryStatus, Event, Webhooks
from pagemill.jobs.webhooks.firecrawl_payload import document_of, firecrawl_payload
from pagemill.jobs.webhooks.monitor_payload import CHANGES_TOLD, monitor_payload
from pagemill.jobs.webhooks.payload import batch_payload, job_payload, trial_payload
from pagemill.jobs.webhooks.signing import Headers, SealedSecret, SigningKey, signature
from pagemill.model import JobKind
from pagemill.observability.metrics import WEBHOOK_ATTEMPTS, WEBHOOK_DURATION
from pagemill.observability.stages import request_attributes
from pagemill.observability.tracing import Kind, Span

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Self

    from pagemill.jobs.database.pool import Database
    from pagemill.jobs.objects.object_storage import ObjectStorage
    from pagemill.model import Job, Page
    from pagemill.settings import Settings

log = structlog.get_logger(__name__)

_LEASE_TIMEOUTS = 3
_BATCHING_DELAY = 0.02
_CLOCK_CHECK_INTERVAL = 15.0
"""Seconds between two looks for deliveries that wait because the clock was set back."""
_PERMANENT_ERRORS = (BlockedAddressError, UnfetchableUrlError)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """How an attempt ended. `permanent`: another would end the same way."""

    http_status: int | None = None
    error: str | None = None
    permanent: bool = False


class Deliverer:
    """One worker's deliveries. Without a signing key it does nothing but say so."""

    def __init__(
        self, settings: Settings, database: Database, worker_id: str, objects: ObjectStorage | None = None
    ) -> None:
        self._settings = settings
        self._database = database
        self._key = SigningKey.of(settings)
        self._jobs = JobStore(database, objects=objects)
        self._batches = BatchStore(database, self._jobs, settings)
        self._poster = Poster(settings)
        self._queue = DeliveryQueue(database, worker_id)
        self._running: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self._poster.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._poster.close()

    async def release(self) -> None:
        """Stop sending and put back what is in hand, for others to send at once."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._queue.release()

    async def reconcile(self) -> int:
        """Make due again what the database gave to this worker and it does not hold, and return how many."""
        return await self._queue.reconcile()

    async def run(self, queue_changed: asyncio.Event) -> None:
        """Deliver until cancelled. `queue_changed` is set when deliveries were queued."""
        if self._key is None:
            log.warning("webhooks are not delivered by this worker: it has no PAGEMILL_SECRET_KEY")
            return
        webhooks = Webhooks(self._database, self._key)
        checked_at = -math.inf
        while True:
            queue_changed.clear()
            if time.monotonic() >= checked_at + _CLOCK_CHECK_INTERVAL:
                checked_at = time.monotonic()
                await self._bring_forward()
            for delivery in await self._claim():
                task = self._start(delivery, webhooks, self._key)
                task.add_done_callback(lambda _: queue_changed.set())  # its receiver's place is free
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._settings.jobs.poll_interval):
                    await queue_changed.wait()
                await asyncio.sleep(_BATCHING_DELAY)

    def _start(self, delivery: ClaimedDelivery, webhooks: Webhooks, key: SigningKey) -> asyncio.Task[None]:
        task = asyncio.create_task(self._deliver(delivery, webhooks, key), name=f"delivery {delivery.id}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(lambda _: self._queue.forget(delivery))
        return task

    async def _claim(self) -> list[ClaimedDelivery]:
        free = self._settings.webhooks.webhook_concurrency - len(self._running)
        if free <= 0:
            return []
        return await self._queue.claim(free, self._settings.webhooks.webhook_receiver_concurrency, self._lease)

    async def _bring_forward(self) -> None:
        longest_delay = timedelta(seconds=max(self._settings.webhooks.webhook_retry_delays, default=0.0))
        if deliveries := await self._queue.bring_forward(self._lease, longest_delay):
            log.warning("the clock was set back; deliveries wait no longer for it", deliveries=deliveries)

    @property
    def _lease(self) -> timedelta:
        return timedelta(seconds=_LEASE_TIMEOUTS * self._settings.webhooks.webhook_timeout)

    async def _deliver(self, delivery: ClaimedDelivery, webhooks: Webhooks, key: SigningKey) -> None:
        started = time.perf_counter()
        try:
            with _span(delivery) as span:
                outcome = await self._attempt(delivery, webhooks, key)
                span.set(http__response__status_code=outcome.http_status)
                if outcome.error is not None:
                    span.fail(str(outcome.http_status or "error"))
        except Exception:
            log.exception("delivery failed by a fault of ours", delivery=delivery.id)
            outcome = _Outcome(error="A fault in the service. (internal_error)")
        status, delay = self._next_state(delivery, outcome)
        WEBHOOK_DURATION.observe(time.perf_counter() - started)
        WEBHOOK_ATTEMPTS.add(status.value)
        await self._queue.end_attempt(delivery, status, outcome.http_status, outcome.error, delay)
        log.info("webhook", delivery=delivery.id, job=delivery.job_id, status=status.value, error=outcome.error)

    async def _attempt(self, delivery: ClaimedDelivery, webhooks: Webhooks, key: SigningKey) -> _Outcome:
        secret = await self._secret(delivery, webhooks, key)
        if isinstance(secret, _Outcome):
            return secret
        body = delivery.body or await self._make_body(delivery)
        if body is None:
            return _Outcome(error="What there was to tell of was deleted before. (not_found)", permanent=True)
        own = await self._own_headers(delivery, key)
        if own is None:
            # As with a secret of another key: the operator may bring it back.
            return _Outcome(error="The service's key is not the one that the headers were kept with. (internal_error)")
        headers = {
            **own,
            "Content-Type": "application/json",
            "X-Anakin-Signature": signature(secret, body),
            "X-Anakin-Timestamp": str(int(time.time())),
        }
        if delivery.firecrawl:
            headers["X-Firecrawl-Signature"] = headers["X-Anakin-Signature"]
        try:
            status = await self._poster.post(
                delivery.url, body, headers, seconds=self._settings.webhooks.webhook_timeout
            )
        except FetchError as error:
            return _Outcome(
                error=_storable(f"{error.message} ({error.code})"), permanent=isinstance(error, _PERMANENT_ERRORS)
            )
        if 200 <= status < 300:
            return _Outcome(http_status=status)
        return _Outcome(status, f"The receiver answered with HTTP status {status}. (http_error)")

    @staticmethod
    async def _own_headers(delivery: ClaimedDelivery, key: SigningKey) -> dict[str, str] | None:
        """Return the headers of the request's own beside the user agent, or None where they cannot be read."""
        own: Headers | None = ()
        if delivery.sealed_headers is not None:
            own = await asyncio.to_thread(key.open_headers, delivery.sealed_headers, delivery.key_id)
        if own is None:
            return None
        headers = dict(own)
        if not any(name.lower() == "user-agent" for name in headers):
            headers["User-Agent"] = f"Pagemill/{__version__}"
        return headers

    async def _secret(self, delivery: ClaimedDelivery, webhooks: Webhooks, key: SigningKey) -> str | _Outcome:
        if delivery.endpoint_id is None:
            return await webhooks.account_secret(delivery.key_id)
        row = await self._database.row(statements.GET_ENDPOINT_SECRET, delivery.endpoint_id)
        if row is None or (not row["is_active"] and delivery.event is not Event.TEST):
            return _Outcome(error="The endpoint is not active. (endpoint_inactive)", permanent=True)
        secret = key.open(SealedSecret(row["secret_salt"], row["secret_hash"]))
        if secret is None:
            # Signed with another key it would be refused; the operator may still bring the right one back.
            return _Outcome(error="The service's key is not the one that the secret was made with. (internal_error)")
        return secret

    async def _make_body(self, delivery: ClaimedDelivery) -> bytes | None:
        """Make the body and store it, and return what is stored: the same for every attempt."""
        if delivery.job_id is None:
            body = trial_payload(delivery.id, delivery.created_at)
        elif delivery.event is Event.MONITOR_CHANGED:
            found, count, url = await changes_of_run(self._database, delivery.key_id, delivery.job_id, CHANGES_TOLD)
            if not found:
                return None
            body = monitor_payload(delivery.id, delivery.created_at, found, count, url, self._public_url)
        else:
            job = await self._jobs.get(delivery.job_id, delivery.key_id)
            if job is not None and job.kind is JobKind.BULK:
                return await self._store_body(delivery, await self._batch_body(delivery))
            pages = await self._pages(delivery.job_id, delivery.page_position) if job else []
            if job is None or not pages:
                return None
            body = await self._job_body(delivery, job, pages)
        return await self._store_body(delivery, body)

    async def _store_body(self, delivery: ClaimedDelivery, body: bytes | None) -> bytes | None:
        if body is None:
            return None
        row = await self._database.row(statements.STORE_BODY, delivery.id, body)
        return row["body"] if row else None

    async def _batch_body(self, delivery: ClaimedDelivery) -> bytes | None:
        found = await self._batches.get(delivery.job_id or "", delivery.key_id)
        return batch_payload(delivery.id, delivery.event, *found, self._public_url) if found else None

    async def _job_body(self, delivery: ClaimedDelivery, job: Job, pages: Sequence[Page]) -> bytes:
        if job.webhook is None or not delivery.firecrawl:
            return job_payload(delivery.id, delivery.event, job, pages, self._public_url)
        documents = []
        if delivery.event is Event.PAGE_COMPLETED:
            most = self._settings.webhooks.webhook_max_page_bytes
            documents = [await document_of(self._jobs, job, page, most) for page in pages]
        return firecrawl_payload(delivery.id, delivery.event, job, job.webhook, pages, documents)

    async def _pages(self, job_id: str, position: int | None) -> list[Page]:
        if position is None:
            return await self._jobs.pages(job_id)
        page = await self._jobs.page(job_id, position)
        return [page] if page else []

    @property
    def _public_url(self) -> str:
        return (
            self._settings.service.public_url or f"http://{self._settings.service.host}:{self._settings.service.port}"
        )

    def _next_state(self, delivery: ClaimedDelivery, outcome: _Outcome) -> tuple[DeliveryStatus, timedelta | None]:
        """Return where the delivery stands after an attempt, and how long until the next."""
        if outcome.error is None:
            return DeliveryStatus.SUCCESS, None
        delays: tuple[float, ...] = () if delivery.event is Event.TEST else self._settings.webhooks.webhook_retry_delays
        if outcome.permanent or delivery.attempts >= len(delays):
            return DeliveryStatus.EXHAUSTED, None
        return DeliveryStatus.FAILED, timedelta(seconds=delays[delivery.attempts])


def _span(delivery: ClaimedDelivery) -> Span:
    attributes = request_attributes(
        "POST", delivery.url, **{"pagemill.job.id": delivery.job_id, "pagemill.webhook.event": delivery.event.value}
    )
    return Span("POST webhook", Kind.CLIENT, attributes, delivery.trace_context)


def _storable(text: str) -> str:
    """The same without NUL, which PostgreSQL's text does not hold: a message may quote what a host sent."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")
