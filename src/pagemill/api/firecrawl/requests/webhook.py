"""The webhook of a request: called when the job ends, with this service's own body and signature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagemill.api.submission.submit import check_webhooks
from pagemill.api.wire.request_validation import receiver_url

if TYPE_CHECKING:
    from pagemill.api.firecrawl.requests.fields import WebhookFields
    from pagemill.api.resources import Resources

_TOLD = frozenset({"completed", "failed"})
WARNING = (
    "The webhook is called when the job ends, with the body and the signature that the documentation of this service "
    "describes; `headers` and `metadata` are not sent."
)
NOT_CALLED = "The webhook is not called: of its events, `completed` and `failed` are served."


def checked_webhook(webhook: WebhookFields | None, resources: Resources) -> tuple[str | None, list[str]]:
    """Return the URL to call, if there is one, and warnings.

    Raises errors.InvalidUrlError, and errors.NotSupportedError if webhooks cannot be signed.
    """
    if webhook is None:
        return None, []
    url = receiver_url(webhook.url, "webhook.url", resources.settings)
    if webhook.events and _TOLD.isdisjoint(webhook.events):
        return None, [NOT_CALLED]
    check_webhooks(resources)
    return url, [WARNING]
