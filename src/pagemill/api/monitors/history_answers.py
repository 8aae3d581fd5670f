"""The answers about what monitors found before, and about their alerts: their types, and how they are made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from pagemill import bodies
from pagemill.api.monitors.answers import JobId, MonitorId
from pagemill.api.wire import webhook_answers
from pagemill.api.wire.answer_shapes import Time
from pagemill.api.wire.answers import time_text
from pagemill.api.wire.webhook_answers import WebhookDelivery
from pagemill.jobs.queue.failures import failure_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.jobs.monitors.history import EndedRun, KnownPage, Snapshot
    from pagemill.jobs.webhooks.endpoints import Delivery
    from pagemill.model import JsonObject

Next = Annotated[str, Field(description="There are more: ask again with `before` set to this.")]
ContentHash = Annotated[
    str, Field(description="SHA-256 of the text in UTF-8; of the structured JSON where only that is compared.")
]


class SnapshotFields(TypedDict):
    """A content that a page was found to have."""

    id: Annotated[str, Field(examples=["snap_0123456789abcdef01234567"])]
    monitorId: MonitorId
    jobId: JobId
    url: str
    statusCode: NotRequired[Annotated[int, Field(description="What the page's server answered with.")]]
    contentHash: ContentHash
    capturedAt: Time
    createdAt: Time


class SnapshotContent(SnapshotFields):
    """A snapshot with its contents."""

    available: Literal[True]
    content: Annotated[str, Field(description="The text that is compared; empty where only structured JSON is.")]
    extractedData: NotRequired[Annotated[Any, Field(description="The structured JSON, where it could be made.")]]


class SnapshotList(TypedDict):
    """Snapshots, newest first."""

    snapshots: list[SnapshotFields]
    next: NotRequired[Next]


class RunFields(TypedDict):
    """A run that ended."""

    jobId: JobId
    startedAt: Time
    endedAt: Time
    outcome: Annotated[
        Literal["baseline", "changed", "unchanged", "failed"],
        Field(description="`baseline`: it gave what later runs are compared with."),
    ]
    pages: Annotated[int, Field(ge=0, description="How many pages it had.")]
    failedPages: Annotated[int, Field(ge=0, description="How many of these failed, or were gone.")]
    changes: Annotated[int, Field(ge=0)]
    error: NotRequired[Annotated[str, Field(description="Why it failed, or a page of it, with a code.")]]


class RunList(TypedDict):
    """Runs, newest first."""

    runs: list[RunFields]
    next: NotRequired[Next]


class PageFields(TypedDict):
    """A page as it is known now."""

    id: Annotated[str, Field(description="SHA-256 of what is the same in all spellings of its URL.")]
    url: str
    capturedAt: Annotated[Time, Field(description="When its content was found to be what it is.")]
    lastSeenAt: Time
    snapshotId: NotRequired[str]
    contentHash: NotRequired[ContentHash]


class PageList(TypedDict):
    """Pages, by URL."""

    pages: list[PageFields]
    next: NotRequired[Annotated[str, Field(description="There are more: ask again with `after` set to this.")]]


class AlertTest(TypedDict):
    """What came of a test."""

    success: bool
    deliveryId: Annotated[str, Field(examples=["whd_0123456789abcdef0123456789abcdef"])]
    status: NotRequired[
        Annotated[int, Field(description="The HTTP status that the receiver answered with, if it did.")]
    ]
    message: str


class DeliveryList(TypedDict):
    """Deliveries, newest first."""

    deliveries: list[WebhookDelivery]
    next: NotRequired[Next]


def snapshot_list(found: Sequence[Snapshot], *, more: bool) -> JsonObject:
    """Return the fields of `SnapshotList`."""
    listed: JsonObject = {"snapshots": [_snapshot(snapshot) for snapshot in found]}
    return listed | ({"next": found[-1].id} if more else {})


def snapshot_content(found: Snapshot) -> JsonObject:
    """Return the fields of `SnapshotContent`. It takes time where the content is long."""
    fields = _snapshot(found) | {"available": True}
    fields["content"] = "" if found.content is None else bodies.unpack(found.content)
    if found.data is not None:
        fields["extractedData"] = bodies.unpack(found.data).get("data")
    return fields


def run_list(found: Sequence[EndedRun], *, more: bool) -> JsonObject:
    """Return the fields of `RunList`."""
    listed: JsonObject = {"runs": [_run(run) for run in found]}
    return listed | ({"next": found[-1].job_id} if more else {})


def page_list(found: Sequence[KnownPage], *, more: bool) -> JsonObject:
    """Return the fields of `PageList`."""
    listed: JsonObject = {"pages": [_page(page) for page in found]}
    return listed | ({"next": found[-1].id} if more else {})


def alert_test(found: Delivery) -> JsonObject:
    """Return the fields of `AlertTest`."""
    arrived = found.status == "success"
    waiting = "It was not sent yet: look at the delivery later."
    return {
        "success": arrived,
        "deliveryId": found.id,
        **({} if found.http_status is None else {"status": found.http_status}),
        "message": "The receiver took the test." if arrived else found.error or waiting,
    }


def delivery_list(found: Sequence[Delivery], *, more: bool) -> JsonObject:
    """Return the fields of `DeliveryList`."""
    listed: JsonObject = {"deliveries": [webhook_answers.delivery(delivery) for delivery in found]}
    return listed | ({"next": found[-1].id} if more else {})


def _snapshot(found: Snapshot) -> JsonObject:
    return {
        "id": found.id,
        "monitorId": found.monitor_id,
        "jobId": found.job_id,
        "url": found.url,
        **({} if found.status_code is None else {"statusCode": found.status_code}),
        "contentHash": found.content_hash,
        "capturedAt": time_text(found.captured_at),
        "createdAt": time_text(found.created_at),
    }


def _run(found: EndedRun) -> JsonObject:
    return {
        "jobId": found.job_id,
        "startedAt": time_text(found.started_at),
        "endedAt": time_text(found.ended_at),
        "outcome": found.outcome,
        "pages": found.pages,
        "failedPages": found.failed_pages,
        "changes": found.changes,
        **({"error": failure_text(found.failure)} if found.failure else {}),
    }


def _page(found: KnownPage) -> JsonObject:
    fields = {
        "id": found.id,
        "url": found.url,
        "capturedAt": time_text(found.captured_at),
        "lastSeenAt": time_text(found.seen_at),
        "snapshotId": found.snapshot_id,
        "contentHash": found.content_hash,
    }
    return {name: value for name, value in fields.items() if value is not None}
