"""The answers about monitors: their types, and how they are made.

What there is nothing to say of is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from pagemill.api.wire.answer_shapes import Time, Warnings
from pagemill.api.wire.answers import time_text
from pagemill.jobs.queue.failures import failure_text
from pagemill.redaction import mask_credentials

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pagemill.jobs.monitors.monitor import Change, Monitor
    from pagemill.model import JsonObject

MonitorId = Annotated[str, Field(examples=["mon_0123456789abcdef01234567"])]
JobId = Annotated[str, Field(examples=["job_0123456789abcdef01234567"])]


class MonitorFields(TypedDict):
    """A page or a site that is watched."""

    id: MonitorId
    url: str
    scope: Literal["page", "site"]
    watchMode: Literal["full_page", "specific_data"]
    watchFormat: Literal["markdown", "html", "cleaned_html"]
    outputSchema: NotRequired[dict[str, Any]]
    sessionId: NotRequired[Annotated[str, Field(description="Of the session that each run begins with.")]]
    sessionName: NotRequired[str]
    intervalMinutes: int
    useBrowser: bool
    country: str
    maxPages: NotRequired[int]
    maxDepth: NotRequired[int]
    includePatterns: list[str]
    excludePatterns: list[str]
    alertWebhookUrl: NotRequired[
        Annotated[str, Field(description="With `***` for a user name and a password. Sent back so, they stay.")]
    ]
    isActive: Annotated[bool, Field(description="Whether it runs: false where it is paused, or has expired.")]
    expiresAt: NotRequired[Time]
    expired: bool
    nextRunAt: NotRequired[Time]
    jobId: NotRequired[Annotated[str, Field(description="Of the run under way: a job as any other.")]]
    lastCheckedAt: NotRequired[Time]
    lastChangedAt: NotRequired[Time]
    lastAlertedAt: NotRequired[Time]
    lastError: NotRequired[
        Annotated[str, Field(description="Why the last run failed, and the error's code in parentheses.")]
    ]
    createdAt: Time
    updatedAt: Time


class MonitorAnswer(MonitorFields):
    """A monitor that was just made or changed."""

    alertWebhookSecret: NotRequired[
        Annotated[str, Field(description="The account's secret, which alerts are signed with.")]
    ]
    warnings: NotRequired[Warnings]


class MonitorList(TypedDict):
    """Monitors, newest first."""

    monitors: list[MonitorFields]
    next: NotRequired[Annotated[str, Field(description="There are more: ask again with `before` set to this.")]]


class ChangeFields(TypedDict):
    """How a page differed from the run before."""

    id: Annotated[str, Field(examples=["chg_0123456789abcdef01234567"])]
    monitorId: MonitorId
    jobId: JobId
    kind: Literal["changed", "added", "removed"]
    url: str
    summary: str
    diff: NotRequired[Annotated[str, Field(description="A unified diff of the text, where that differs.")]]
    diffJson: Annotated[
        dict[str, Any],
        Field(
            description="How the structured JSON differs: `added`, `removed` and `changed`, by JSON pointer. "
            "Empty where it does not."
        ),
    ]
    changedAt: Time
    createdAt: Time


class ChangeList(TypedDict):
    """Changes, newest first."""

    changes: list[ChangeFields]
    next: NotRequired[Annotated[str, Field(description="There are more: ask again with `before` set to this.")]]


class MonitorRun(TypedDict):
    """A run that was asked for."""

    success: Literal[True]
    jobId: JobId
    message: str


def monitor_fields(found: Monitor) -> JsonObject:
    """Return the fields of `MonitorFields`."""
    definition, asked = found.definition, found.definition.request
    site = definition.site
    times = {
        "expiresAt": definition.expires_at,
        "nextRunAt": found.next_run_at if definition.is_active and not _is_over(found) else None,
        "lastCheckedAt": found.last_checked_at,
        "lastChangedAt": found.last_changed_at,
        "lastAlertedAt": found.last_alerted_at,
    }
    optional = {
        "outputSchema": asked.get("outputSchema"),
        "sessionId": asked.get("sessionId") or None,
        "sessionName": asked.get("sessionName") or None,
        "maxPages": site.limit if site else None,
        "maxDepth": site.depth if site else None,
        "alertWebhookUrl": mask_credentials(definition.alert_webhook_url) if definition.alert_webhook_url else None,
        "jobId": found.job_id,
        "lastError": failure_text(found.failure) if found.failure else None,
    }
    return {
        "id": found.id,
        "url": definition.url,
        "scope": "site" if site else "page",
        "watchMode": asked.get("watchMode", "full_page"),
        "watchFormat": asked.get("watchFormat", "markdown"),
        "intervalMinutes": definition.interval_minutes,
        "useBrowser": definition.options.use_browser,
        "country": definition.options.country,
        "includePatterns": list(site.include) if site else [],
        "excludePatterns": list(site.exclude) if site else [],
        "isActive": definition.is_active and not found.expired,
        "expired": found.expired,
        **{name: value for name, value in optional.items() if value is not None},
        **_times(times),
        "createdAt": time_text(found.created_at),
        "updatedAt": time_text(found.updated_at),
    }


def monitor_list(monitors: Sequence[Monitor], *, more: bool) -> JsonObject:
    """Return the fields of `MonitorList`."""
    listed: JsonObject = {"monitors": [monitor_fields(found) for found in monitors]}
    return listed | ({"next": monitors[-1].id} if more else {})


def change_list(changes: Sequence[Change], *, more: bool) -> JsonObject:
    """Return the fields of `ChangeList`."""
    listed: JsonObject = {"changes": [_change(change) for change in changes]}
    return listed | ({"next": changes[-1].id} if more else {})


def _change(change: Change) -> JsonObject:
    return {
        "id": change.id,
        "monitorId": change.monitor_id,
        "jobId": change.job_id,
        "kind": change.kind,
        "url": change.url,
        "summary": change.summary,
        **({"diff": change.diff} if change.diff is not None else {}),
        # Clients read `diff` where `diffJson` is not there, and take a text for a fault.
        "diffJson": change.diff_json or {},
        "changedAt": time_text(change.changed_at),
        "createdAt": time_text(change.changed_at),
    }


def _is_over(found: Monitor) -> bool:
    """Whether there is no other run before the end."""
    end, next_run = found.definition.expires_at, found.next_run_at
    return found.expired or (end is not None and next_run is not None and next_run >= end)


def _times(times: Mapping[str, datetime | None]) -> dict[str, str]:
    return {name: time_text(moment) for name, moment in times.items() if moment is not None}
