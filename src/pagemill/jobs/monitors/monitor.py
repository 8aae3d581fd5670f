"""The nouns of monitors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pagemill.jobs.queue.store import pack_options, unpack_options, unpack_site
from pagemill.model import Failure, Format

if TYPE_CHECKING:
    from datetime import datetime

    from pagemill.model import JsonObject, ScrapeOptions, SiteOptions


@dataclass(frozen=True, slots=True)
class Definition:
    """What a monitor watches, and how often."""

    request: JsonObject
    """As the API took it, in its names: what was given, and the defaults of the rest."""
    url: str
    options: ScrapeOptions
    site: SiteOptions | None
    """What its crawls are to find; None: it watches one page."""
    interval_minutes: int
    alert_webhook_url: str | None
    is_active: bool
    expires_at: datetime | None

    @property
    def watched(self) -> tuple[str, JsonObject, SiteOptions | None]:
        """What is compared from run to run. Where it changes, the monitor begins anew."""
        return self.url, pack_options(self.options), self.site


@dataclass(frozen=True, slots=True)
class Monitor:
    """A monitor and how it does."""

    id: str
    key_id: str
    definition: Definition
    revision: str
    expired: bool
    next_run_at: datetime | None
    job_id: str | None
    """Of the run under way."""
    submitted: bool
    claims: int
    compared: int
    checks: int
    last_checked_at: datetime | None
    last_changed_at: datetime | None
    last_alerted_at: datetime | None
    failure: Failure | None
    """Why the last run failed, if it did."""
    created_at: datetime
    updated_at: datetime

    @property
    def text_format(self) -> Format | None:
        """The format whose text is compared; None: only the structured JSON is."""
        return next((name for name in self.definition.options.formats if name is not Format.JSON), None)

    @property
    def has_data(self) -> bool:
        """Whether structured JSON is compared."""
        return Format.JSON in self.definition.options.formats


@dataclass(frozen=True, slots=True)
class Change:
    """How a page differed from the run before."""

    id: str
    monitor_id: str
    job_id: str
    kind: str
    """`changed`, `added` or `removed`."""
    url: str
    summary: str
    diff: str | None
    diff_json: JsonObject | None
    changed_at: datetime


def monitor_of(row: Any) -> Monitor:
    """Return the monitor of a row."""
    definition = Definition(
        request=row["request"],
        url=row["url"],
        options=unpack_options(row["options"]),
        site=unpack_site(row["site"]),
        interval_minutes=row["interval_minutes"],
        alert_webhook_url=row["alert_webhook_url"],
        is_active=row["is_active"],
        expires_at=row["expires_at"],
    )
    return Monitor(
        id=row["id"],
        key_id=row["key_id"],
        definition=definition,
        revision=row["revision"],
        expired=row["expired"],
        next_run_at=row["next_run_at"],
        job_id=row["job_id"],
        submitted=row["submitted"],
        claims=row["claims"],
        compared=row["compared"],
        checks=row["checks"],
        last_checked_at=row["last_checked_at"],
        last_changed_at=row["last_changed_at"],
        last_alerted_at=row["last_alerted_at"],
        failure=Failure(row["error_code"], row["error_message"]) if row["error_code"] else None,
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def change_of(row: Any) -> Change:
    """Return the change of a row."""
    return Change(
        id=row["id"],
        monitor_id=row["monitor_id"],
        job_id=row["job_id"],
        kind=row["kind"],
        url=row["url"],
        summary=row["summary"],
        diff=row["diff"],
        diff_json=row["diff_json"],
        changed_at=row["changed_at"],
    )
