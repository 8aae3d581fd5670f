"""The queue of webhook deliveries, for workers: claim, end an attempt, put back. `statements` has the invariants."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from pagemill.jobs.webhooks import statements
from pagemill.jobs.webhooks.endpoints import Event

if TYPE_CHECKING:
    from datetime import datetime

    from pagemill.jobs.database.pool import Database
    from pagemill.jobs.webhooks.endpoints import DeliveryStatus

_MARGIN = timedelta(seconds=1)
"""For what was written down while a statement is under way."""


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery that a worker claimed. `claims` is its fencing token: whoever claimed it last may end the attempt."""

    id: str
    key_id: str
    endpoint_id: str | None
    job_id: str | None
    event: Event
    url: str
    body: bytes | None
    attempts: int
    """Before this one."""
    claims: int
    created_at: datetime
    page_position: int | None = None
    """Of the page that it tells of."""
    trace_context: str | None = None
    """The span that submitted the job, as a `traceparent`."""
    firecrawl: bool = False
    """Whether it is told as Firecrawl's API has it."""
    sealed_headers: str | None = field(default=None, repr=False)
    """HTTP headers of the request's own, encrypted."""


class DeliveryQueue:
    """The deliveries as one worker sees them. It remembers which it gave to the worker, as `Queue` does with pages."""

    def __init__(self, database: Database, worker_id: str) -> None:
        self._database = database
        self._worker_id = worker_id
        self._held: dict[str, ClaimedDelivery] = {}
        self._claiming = asyncio.Lock()

    async def claim(self, limit: int, receiver_limit: int, lease: timedelta) -> list[ClaimedDelivery]:
        """Take up to `limit` that are due, for this long, and at most `receiver_limit` at a time for each receiver."""
        async with self._claiming:
            rows = await self._database.rows(statements.CLAIM_DELIVERIES, self._worker_id, limit, receiver_limit, lease)
            deliveries = [ClaimedDelivery(**{**row, "event": Event(row["event"])}) for row in rows]
            self._held |= {delivery.id: delivery for delivery in deliveries}
        return deliveries

    async def end_attempt(
        self,
        delivery: ClaimedDelivery,
        status: DeliveryStatus,
        http_status: int | None,
        error: str | None,
        delay: timedelta | None,
    ) -> None:
        """Write down how an attempt ended, with no effect where another worker took the delivery since."""
        await self._database.rows(
            statements.END_ATTEMPT,
            *(delivery.id, self._worker_id, delivery.claims, status, http_status, error, delay),
        )
        self.forget(delivery)

    def forget(self, delivery: ClaimedDelivery) -> None:
        """Hold a delivery no more. One whose attempt did not end is due again when this is reconciled."""
        if self._held.get(delivery.id) is delivery:
            del self._held[delivery.id]

    async def bring_forward(self, lease: timedelta, longest_delay: timedelta) -> int:
        """Make due what waits because the clock was set back, and return how many. None may wait for longer."""
        row = await self._database.row(statements.BRING_FORWARD_DELIVERIES, lease, max(lease, longest_delay) + _MARGIN)
        return int(row["deliveries"]) if row else 0

    async def reconcile(self) -> int:
        """Make due again what the database gave to this worker and it does not hold, and return how many."""
        async with self._claiming:
            return await self._put_back(list(self._held.values()))

    async def release(self) -> int:
        """Make due again all that this worker has, and return how many."""
        async with self._claiming:
            self._held.clear()
            return await self._put_back([])

    async def _put_back(self, held: list[ClaimedDelivery]) -> int:
        row = await self._database.row(
            statements.RECONCILE_DELIVERIES,
            *(self._worker_id, [delivery.id for delivery in held], [delivery.claims for delivery in held]),
        )
        return int(row["deliveries"]) if row else 0
