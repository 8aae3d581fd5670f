"""From a checked submission to its job: limits, repetitions, storage."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import orjson
import structlog

from pagemill.api.wire.submission import webhook_url
from pagemill.errors import NotSupportedError
from pagemill.jobs.queue.store import Idempotency, Repeat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.api.resources import Resources
    from pagemill.api.wire.scrape_request import ScrapeFields
    from pagemill.model import Job, ScrapeOptions
    from pagemill.settings import Settings

log = structlog.get_logger(__name__)


class SubmitEndpoint(StrEnum):
    """The ways to submit, each with a rate limit of its own; two paths that do the same are one."""

    SINGLE = "url-scraper"
    BATCH = "url-scraper/batch"
    INLINE = "url-scraper/scrape"
    RETRY = "url-scraper/retry"


@dataclass(frozen=True, slots=True)
class Submission:
    """What a client asks for, checked."""

    endpoint: SubmitEndpoint
    urls: Sequence[str]
    options: ScrapeOptions
    webhook_url: str | None = None
    batch: bool = False
    idempotency_key: str | None = None
    retry_of: str | None = None
    """The id of the job that this one tries again: not the request that made that one."""


def check_webhooks(resources: Resources) -> None:
    """Make sure that webhooks can be signed. Raises errors.NotSupportedError."""
    if resources.webhooks is None:
        raise NotSupportedError("This service has no key to sign webhooks with: PAGEMILL_SECRET_KEY is not set.")


def checked_webhook(resources: Resources, request: ScrapeFields) -> str | None:
    """Return where the end of a request's job is to be told, if anywhere.

    Raises errors.InvalidUrlError, and errors.NotSupportedError where nothing can be told.
    """
    url = webhook_url(request, resources.settings)
    if url is not None:
        check_webhooks(resources)
    return url


async def submit(resources: Resources, key_id: str, submission: Submission) -> Job:
    """Return the job of a submission: a new one, or that of the same request before.

    Raises errors.RateLimitedError, and errors.ConflictError for an idempotency key that came with another request.
    """
    repetition = idempotency(submission, resources.settings)
    if resources.limits:
        earlier = await resources.jobs.earlier(key_id, repetition)
        if earlier is not None:
            return earlier
        await resources.limits.admit(key_id, submission.endpoint, len(submission.urls))
    job = await resources.jobs.submit(
        key_id,
        submission.urls,
        submission.options,
        batch=submission.batch,
        idempotency=repetition,
        webhook_url=submission.webhook_url,
    )
    log.info("job submitted", job=job.id, pages=len(submission.urls))
    return job


def idempotency(submission: Submission, settings: Settings) -> Idempotency | Repeat | None:
    """Return what a repetition of this submission is known by, or None where none is looked for."""
    asked: list[Any] = [submission.batch, submission.urls, submission.options]
    # What was not there once is left out where it is not asked for, so that stored hashes stay true.
    asked += [extra for extra in (submission.webhook_url, submission.retry_of) if extra is not None]
    request_hash = hashlib.sha256(orjson.dumps(asked)).digest()
    if submission.idempotency_key is not None:
        return Idempotency(submission.idempotency_key, request_hash)
    if settings.requests.repeat_window == 0:
        return None
    inline = submission.endpoint is SubmitEndpoint.INLINE
    return Repeat(request_hash, timedelta(seconds=settings.requests.repeat_window), until_end=inline)
