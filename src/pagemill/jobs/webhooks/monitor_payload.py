"""What a webhook says of a monitor: what one run found to have changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from pagemill.jobs.webhooks.endpoints import Event
from pagemill.jobs.webhooks.payload import time_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pagemill.jobs.monitors.monitor import Change
    from pagemill.model import JsonObject

CHANGES_TOLD = 20
"""Changes that one message holds at most."""
_LONGEST_DIFF = 10_000
"""Characters of a diff that is part of a message. Longer ones are left out: the receiver asks for them."""


def monitor_payload(  # noqa: PLR0913, PLR0917 - each is a fact of its own
    delivery_id: str, created_at: datetime, changes: Sequence[Change], count: int, url: str, public_url: str
) -> bytes:
    """Return the body that tells of the changes that a run found: the first of them, and how many there are."""
    first = changes[0]
    return orjson.dumps(
        {
            "event": Event.MONITOR_CHANGED,
            "id": delivery_id,
            "monitorId": first.monitor_id,
            "jobId": first.job_id,
            "createdAt": time_text(created_at),
            "data": {
                "id": first.monitor_id,
                "url": url,
                "totalChanges": count,
                "changes": [_change(change) for change in changes],
            },
            "url": f"{public_url.rstrip('/')}/v1/monitors/{first.monitor_id}/changes",
        }
    )


def _change(change: Change) -> JsonObject:
    fields: JsonObject = {
        "id": change.id,
        "kind": change.kind,
        "url": change.url,
        "summary": change.summary,
        "changedAt": time_text(change.changed_at),
    }
    if change.diff is not None and len(change.diff) <= _LONGEST_DIFF:
        fields["diff"] = change.diff
    if change.diff_json is not None and len(orjson.dumps(change.diff_json)) <= _LONGEST_DIFF:
        fields["diffJson"] = change.diff_json
    return fields
