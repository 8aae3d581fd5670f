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
