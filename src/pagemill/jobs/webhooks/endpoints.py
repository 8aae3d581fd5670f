"""Webhooks as clients see them: endpoints, secrets, and the log of deliveries."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pagemill.jobs.webhooks import statements
from pagemill.jobs.webhooks.signing import SealedSecret

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from pagemill.jobs.database.pool import Database
    from pagemill.jobs.webhooks.signing import SigningKey
    from pagemill.model import JobWebhook


class Event(StrEnum):
    """What is told; the values are those of the wire. A batch ends with the same event however it went."""

    JOB_STARTED = "job.started"
    """Told as Firecrawl's API has it alone: endpoints are not."""
    JOB_COMPLETED = "job.completed"
    JOB_FAILED = "job.failed"
    BATCH_COMPLETED = "batch.completed"
    MAP_COMPLETED = "map.completed"
    MAP_FAILED = "map.failed"
    CRAWL_COMPLETED = "crawl.completed"
    CRAWL_FAILED = "crawl.failed"
    PAGE_COMPLETED = "page.completed"
    MONITOR_CHANGED = "monitor.changed"
    TEST = "webhook.test"


ENDPOINT_EVENTS = tuple(event for event in Event if event is not Event.JOB_STARTED)
"""What an endpoint can be told of."""
JOB_EVENTS = (Event.JOB_COMPLETED, Event.JOB_FAILED, Event.BATCH_COMPLETED)
"""What an endpoint is told of that names no events."""


class DeliveryStatus(StrEnum):
    """Where a delivery stands: not tried yet, arrived, tried in vain and to be tried again, or given up."""

    PENDING = "pending"
    SUCCESS = "success"
    FAILED = "failed"
    EXHAUSTED = "exhausted"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A URL that wants to hear of some events of its key's jobs."""

    id: str
    url: str
    description: str | None
    events: tuple[Event, ...]
    is_active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one receiver."""

    id: str
    endpoint_id: str | None
    """None: the request's own `webhook_url`."""
    job_id: str | None
    """None: a test."""
    event: Event
    url: str
    status: DeliveryStatus
    http_status: int | None
    attempts: int
    error: str | None
    next_attempt_at: datetime | None
    created_at: datetime
    monitor_id: str | None = None
    """Of the monitor whose alert it is."""


@dataclass(frozen=True, slots=True)
class EndpointChanges:
    """What is to change of an endpoint; None leaves it as it is."""

    url: str | None = None
    description: str | None = None
    events: tuple[Event, ...] | None = None
    is_active: bool | None = None


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries; None means any."""

    endpoint_id: str | None = None
    event: Event | None = None
    status: DeliveryStatus | None = None
    job_id: str | None = None


class Webhooks:
    """The endpoints, secrets and deliveries in the database, each seen by its own key alone."""

    def __init__(self, database: Database, signing_key: SigningKey) -> None:
        self._database = database
        self._signing_key = signing_key

    async def create(
        self, key_id: str, url: str, description: str | None, events: Sequence[Event], *, is_active: bool = True
    ) -> tuple[Endpoint, str]:
        """Register an endpoint and return it with its secret, which is not kept."""
        endpoint_id = f"whe_{secrets.token_hex(12)}"
        secret, sealed = self._signing_key.new_secret()
        row = await self._database.row(
            statements.INSERT_ENDPOINT,
            *(endpoint_id, key_id, url, description, list(events), sealed.salt, sealed.hash, is_active),
        )
        return _endpoint(row), secret

    async def seal(self, key_id: str, webhook: JobWebhook | None) -> JobWebhook | None:
        """Return how a job's webhook is told as it is kept: with its headers encrypted."""
        if webhook is None or not webhook.headers:
            return webhook
        sealed = await asyncio.to_thread(self._signing_key.seal_headers, webhook.headers, key_id)
        return replace(webhook, headers=(), sealed_headers=sealed)

    async def endpoints(self, key_id: str) -> list[Endpoint]:
        """Return the endpoints of a key, oldest first."""
        return [_endpoint(row) for row in await self._database.rows(statements.LIST_ENDPOINTS, key_id)]

    async def update(self, key_id: str, endpoint_id: str, changes: EndpointChanges) -> Endpoint | None:
        """Change an endpoint and return it, or None where there is none."""
        row = await self._database.row(
            statements.UPDATE_ENDPOINT,
            *(endpoint_id, key_id, changes.url, changes.description),
            *(None if changes.events is None else list(changes.events), changes.is_active),
        )
        return _endpoint(row) if row else None

    async def delete(self, key_id: str, endpoint_id: str) -> bool:
        """Delete an endpoint with its deliveries, sent or not. Returns whether there was one."""
        if await self._database.row(statements.GET_ENDPOINT, endpoint_id, key_id) is None:
            return False
        await self._database.rows(statements.DELETE_ENDPOINT, endpoint_id, key_id)
        return True

    async def test(self, key_id: str, endpoint_id: str) -> str | None:
        """Queue a `webhook.test` for an endpoint and return the delivery's id, or None where there is no endpoint."""
        delivery_id = f"whd_{secrets.token_hex(16)}"
        await self._database.rows(statements.INSERT_TEST_DELIVERY, delivery_id, endpoint_id, key_id, Event.TEST)
        return delivery_id if await self.delivery(key_id, delivery_id) else None

    async def deliveries(self, key_id: str, wanted: DeliveryFilter, limit: int) -> list[Delivery]:
        """Return deliveries, newest first."""
        rows = await self._database.rows(
            statements.LIST_DELIVERIES,
            *(key_id, wanted.endpoint_id, wanted.event, wanted.status, wanted.job_id, limit),
        )
        return [_delivery(row) for row in rows]

    async def test_alert(self, key_id: str, monitor_id: str, url: str) -> str:
        """Queue a `webhook.test` to where a monitor tells of changes, and return the delivery's id."""
        delivery_id = f"whd_{secrets.token_hex(16)}"
        await self._database.rows(statements.INSERT_TEST_ALERT, delivery_id, key_id, Event.TEST, url, monitor_id)
        return delivery_id

    async def alerts(self, key_id: str, monitor_id: str, before: str | None, limit: int) -> list[Delivery]:
        """Return a monitor's deliveries, newest first: those older than the one of the id `before`, if it is given."""
        rows = await self._database.rows(statements.LIST_ALERTS, key_id, monitor_id, before, limit)
        return [_delivery(row) for row in rows]

    async def delivery(self, key_id: str, delivery_id: str) -> Delivery | None:
        """Return one delivery, or None."""
        row = await self._database.row(statements.GET_DELIVERY, delivery_id, key_id)
        return _delivery(row) if row else None

    async def resend(self, key_id: str, delivery_id: str) -> Delivery | None:
        """Send a delivery again, now, whatever became of it, and return it, or None where there is none."""
        seen = await self._database.row(statements.GET_CLAIMS, delivery_id, key_id)
        if seen is None:
            return None
        row = await self._database.row(statements.RESEND_DELIVERY, delivery_id, key_id, seen["claims"])
        return _delivery(row) if row else None

    async def account_secret(self, key_id: str) -> str:
        """Return the secret for the `webhook_url` of a key's requests; made on first need.

        One that was made under another key of the service cannot be had any more, and is replaced.
        """
        _, fresh = self._signing_key.new_secret()
        row = await self._database.row(statements.ENSURE_ACCOUNT_SECRET, key_id, fresh.salt, fresh.hash)
        if row is None:
            raise RuntimeError("the database did not return a secret")
        found = self._signing_key.open(SealedSecret(row["secret_salt"], row["secret_hash"]))
        return found or await self.rotate_account_secret(key_id)

    async def rotate_account_secret(self, key_id: str) -> str:
        """Replace that secret and return the new one. What is sent from now on is signed with it."""
        secret, sealed = self._signing_key.new_secret()
        await self._database.rows(statements.REPLACE_ACCOUNT_SECRET, key_id, sealed.salt, sealed.hash)
        return secret


async def delete_old_deliveries(database: Database, older_than: timedelta, limit: int) -> int:
    """Delete at most `limit` deliveries made longer ago than this that are not to be sent any more."""
    row = await database.row(statements.DELETE_OLD_DELIVERIES, older_than, limit)
    return int(row["deliveries"]) if row else 0


def _endpoint(row: Any) -> Endpoint:
    return Endpoint(
        id=row["id"],
        url=row["url"],
        description=row["description"],
        events=tuple(Event(event) for event in row["events"]),
        is_active=row["is_active"],
        created_at=row["created_at"],
    )


def _delivery(row: Any) -> Delivery:
    status = DeliveryStatus(row["status"])
    return Delivery(
        id=row["id"],
        endpoint_id=row["endpoint_id"],
        job_id=row["job_id"],
        event=Event(row["event"]),
        url=row["url"],
        status=status,
        http_status=row["http_status"],
        attempts=row["attempts"],
        error=row["error"],
        next_attempt_at=row["next_attempt_at"],
        created_at=row["created_at"],
        monitor_id=row["monitor_id"],
    )
