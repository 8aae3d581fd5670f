"""Monitors and what they found, as objects. `raw` of each is the answer itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Monitor:
    """A page or a site that is watched. Times are as the service writes them: RFC 3339, in UTC."""

    id: str
    url: str
    scope: str
    """`page` or `site`."""
    interval_minutes: int
    is_active: bool
    """Whether it runs: false where it is paused, or has expired."""
    expired: bool = False
    next_run_at: str | None = None
    last_checked_at: str | None = None
    last_changed_at: str | None = None
    last_error: str | None = None
    """Why the last run failed, if it did: a sentence, and a code in parentheses."""
    job_id: str | None = None
    """Of the run under way."""
    alert_webhook_secret: str | None = field(default=None, repr=False)
    """What alerts are signed with, where one was made or changed that has an `alert_webhook_url`."""
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """Return the monitor of an answer."""
        return cls(
            id=answer["id"],
            url=answer["url"],
            scope=answer["scope"],
            interval_minutes=answer["intervalMinutes"],
            is_active=answer["isActive"],
            expired=bool(answer.get("expired")),
            next_run_at=answer.get("nextRunAt"),
            last_checked_at=answer.get("lastCheckedAt"),
            last_changed_at=answer.get("lastChangedAt"),
            last_error=answer.get("lastError"),
            job_id=answer.get("jobId"),
            alert_webhook_secret=answer.get("alertWebhookSecret"),
            raw=answer,
        )


@dataclass(frozen=True, slots=True)
class MonitorChange:
    """How a page differed from the run before."""

    id: str
    kind: str
    """`changed`; of a site also `added` and `removed`."""
    url: str
    summary: str
    diff: str | None
    """A unified diff of the text, where that differs."""
    diff_json: Mapping[str, Any]
    """What was `added`, `removed` and `changed` in the structured JSON, by JSON pointer; empty where nothing was."""
    changed_at: str
    job_id: str
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """Return the change of an answer."""
        return cls(
            id=answer["id"],
            kind=answer["kind"],
            url=answer["url"],
            summary=answer["summary"],
            diff=answer.get("diff"),
            diff_json=answer.get("diffJson") or {},
            changed_at=answer["changedAt"],
            job_id=answer["jobId"],
            raw=answer,
        )


@dataclass(frozen=True, slots=True)
class MonitorSnapshot:
    """A content that a page was found to have."""

    id: str
    url: str
    content_hash: str
    captured_at: str
    job_id: str
    status_code: int | None = None
    content: str | None = None
    """Its text: only where one snapshot was asked for."""
    extracted_data: Any = None
    """The same of its structured JSON."""
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """Return the snapshot of an answer."""
        return cls(
            id=answer["id"],
            url=answer["url"],
            content_hash=answer["contentHash"],
            captured_at=answer["capturedAt"],
            job_id=answer["jobId"],
            status_code=answer.get("statusCode"),
            content=answer.get("content"),
            extracted_data=answer.get("extractedData"),
            raw=answer,
        )


@dataclass(frozen=True, slots=True)
class MonitorRun:
    """A run that ended."""

    job_id: str
    started_at: str
    ended_at: str
    outcome: str
    """`baseline`, `changed`, `unchanged` or `failed`."""
    pages: int
    failed_pages: int
    changes: int
    error: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """Return the run of an answer."""
        return cls(
            job_id=answer["jobId"],
            started_at=answer["startedAt"],
            ended_at=answer["endedAt"],
            outcome=answer["outcome"],
            pages=answer["pages"],
            failed_pages=answer["failedPages"],
            changes=answer["changes"],
            error=answer.get("error"),
            raw=answer,
        )


@dataclass(frozen=True, slots=True)
class MonitorPage:
    """A page as a monitor knows it now."""

    id: str
    url: str
    captured_at: str
    last_seen_at: str
    snapshot_id: str | None = None
    content_hash: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """Return the page of an answer."""
        return cls(
            id=answer["id"],
            url=answer["url"],
            captured_at=answer["capturedAt"],
            last_seen_at=answer["lastSeenAt"],
            snapshot_id=answer.get("snapshotId"),
            content_hash=answer.get("contentHash"),
            raw=answer,
        )


@dataclass(frozen=True, slots=True)
class AlertTest:
    """What came of a test of a monitor's alerts."""

    success: bool
    message: str
    delivery_id: str
    status: int | None = None
    """The HTTP status that the receiver answered with, if it did."""

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """Return the test of an answer."""
        return cls(answer["success"], answer["message"], answer["deliveryId"], answer.get("status"))


@dataclass(frozen=True, slots=True)
class MonitorDelivery:
    """A message to one receiver of a monitor's alerts."""

    id: str
    event: str
    url: str
    status: str
    """`pending`, `success`, `failed` or `exhausted`."""
    attempts: int
    created_at: str
    http_status: int | None = None
    error: str | None = None
    job_id: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Self:
        """Return the delivery of an answer."""
        return cls(
            id=answer["id"],
            event=answer["event"],
            url=answer["url"],
            status=answer["status"],
            attempts=answer["attempts"],
            created_at=answer["createdAt"],
            http_status=answer.get("httpStatus"),
            error=answer.get("error"),
            job_id=answer.get("jobId"),
            raw=answer,
        )
