"""The webhook of a request: told of the job as Firecrawl's are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from pagemill.api.submission.submit import check_webhooks
from pagemill.api.wire.page_fields import checked_headers
from pagemill.api.wire.request_validation import receiver_url
from pagemill.errors import RequestError
from pagemill.jobs.webhooks.endpoints import Event
from pagemill.model import JobWebhook

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pagemill.api.firecrawl.requests.fields import WebhookFields
    from pagemill.api.resources import Resources

MAX_METADATA_BYTES = 8192
"""Of what is sent along with each event, as JSON."""

_EVENTS: Mapping[str, Mapping[str, tuple[Event, ...]]] = {
    "crawl": {
        "started": (Event.JOB_STARTED,),
        "page": (Event.PAGE_COMPLETED,),
        "completed": (Event.CRAWL_COMPLETED,),
        "failed": (Event.CRAWL_FAILED,),
    },
    "batch_scrape": {
        "started": (Event.JOB_STARTED,),
        "page": (Event.PAGE_COMPLETED,),
        "completed": (Event.BATCH_COMPLETED,),
    },
    "extract": {
        "started": (Event.JOB_STARTED,),
        "completed": (Event.BATCH_COMPLETED,),
        "failed": (Event.BATCH_COMPLETED,),
    },
}
"""What is told of each kind of job, by the names that requests have."""
_RESERVED = frozenset({"content-type", "x-anakin-signature", "x-anakin-timestamp", "x-firecrawl-signature"})
"""Headers that say what a message is, and who sent it."""


@dataclass(frozen=True, slots=True)
class AskedWebhook:
    """Whom to tell and how, where somebody is."""

    url: str | None = None
    webhook: JobWebhook | None = None


def checked_webhook(fields: WebhookFields | None, kind: str, resources: Resources) -> AskedWebhook:
    """Return who is told of a job of this kind.

    Raises errors.InvalidUrlError, errors.RequestError, and errors.NotSupportedError if webhooks cannot be signed.
    """
    if fields is None:
        return AskedWebhook()
    url = receiver_url(fields.url, "webhook.url", resources.settings)
    metadata = fields.metadata or {}
    if len(orjson.dumps(metadata)) > MAX_METADATA_BYTES:
        raise RequestError(f"The field `webhook.metadata` is not valid: it has more than {MAX_METADATA_BYTES} bytes.")
    check_webhooks(resources)
    served = _EVENTS[kind]
    asked = served if fields.events is None else fields.events
    events = {event for name in asked for event in served.get(name, ())}
    headers = checked_headers(fields.headers or {}, "webhook.headers", _RESERVED)
    return AskedWebhook(url, JobWebhook(kind, tuple(sorted(events)), metadata, headers))
