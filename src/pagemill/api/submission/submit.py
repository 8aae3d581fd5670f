"""Submits jobs: rate limits, repeated requests, storage."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import orjson

from pagemill.api.wire.request_validation import webhook_url
from pagemill.errors import NotFoundError, NotSupportedError
from pagemill.jobs.queue.store import Idempotency, Repeat
from pagemill.model import JobKind
from pagemill.observability import tracing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pagemill.api.resources import Resources
    from pagemill.api.wire.scrape_request import JobFields
    from pagemill.jobs.queue.store import Site
    from pagemill.jobs.sessions.store import SessionStore
    from pagemill.model import Job, JobWebhook, ScrapeOptions, SiteOptions
    from pagemill.settings import Settings


_LATER_OF_WEBHOOKS = frozenset({"headers", "sealed_headers"})
_LATER_OPTIONS = frozenset({"since", "monitor_id"})


class SubmitEndpoint(StrEnum):
    """The endpoints that submit, each with its own rate limit. Two paths that do the same count as one."""

    SINGLE = "url-scraper"
    BATCH = "url-scraper/batch"
    INLINE = "url-scraper/scrape"
    RETRY = "url-scraper/retry"
    MAP = "map"
    CRAWL = "crawl"
    SEARCH = "search"
    UPLOAD = "batches"


@dataclass(frozen=True, slots=True)
class Submission:
    """A validated request."""

    endpoint: SubmitEndpoint
    urls: Sequence[str]
    options: ScrapeOptions
    webhook_url: str | None = None
    webhook: JobWebhook | None = None
    """How the URL is told, where not of its end alone."""
    batch: bool = False
    idempotency_key: str | None = None
    retry_of: str | None = None
    """The id of the job that this one runs again, or whose failed pages it scrapes again."""
    site: Site | None = None
    """What makes it a map or a crawl."""
    search: tuple[str, int] | None = None
    """What its URLs are searched for by, and how many are wanted. It stands for them, as they are not known yet."""

    session_saved_at: datetime | None = None
    """When the session was saved that its pages begin with: saved anew, the same request asks for other pages."""

    @property
    def queued_pages(self) -> int:
        """How many pages it may queue at once. The pages of a crawl are queued as it goes on."""
        return self.search[1] if self.search else len(self.urls)

    @property
    def pages(self) -> int:
        """How many pages it may scrape."""
        return self.site.options.limit if self.site and self.site.kind is JobKind.CRAWL else self.queued_pages


def check_webhooks(resources: Resources) -> None:
    """Raise errors.NotSupportedError if webhooks cannot be signed."""
    if resources.webhooks is None:
        raise NotSupportedError("This service has no key to sign webhooks with: PAGEMILL_SECRET_KEY is not set.")


def checked_webhook(resources: Resources, request: JobFields) -> str | None:
    """Return the URL that is called when a request's job ends, if there is one.

    Raises errors.InvalidUrlError, and errors.NotSupportedError if webhooks cannot be signed.
    """
    url = webhook_url(request, resources.settings)
    if url is not None:
        check_webhooks(resources)
    return url


async def check_session(resources: Resources, key_id: str, options: ScrapeOptions) -> datetime | None:
    """Return when the session was saved that pages begin with, or None where there is none, or they save it themselves.

    Raises errors.NotFoundError if the session that pages are to begin with is not there, or is another key's.

    Raises errors.NotSupportedError if sessions cannot be encrypted.
    """
    use = options.session
    if use is None:
        return None
    if not resources.sessions.can_seal:
        raise NotSupportedError("This service has no key to encrypt sessions with: PAGEMILL_SECRET_KEY is not set.")
    found = None if use.is_empty else await resources.sessions.find(key_id, use.id, use.name)
    if found is None and not use.is_empty and not use.may_be_new:
        field = "sessionName" if use.id is None else "sessionId"
        raise NotFoundError(f"The field `{field}` is not valid: there is no such session.", field)
    return found.updated_at if found and not use.may_be_new else None


async def submit(resources: Resources, key_id: str, submission: Submission) -> Job:
    """Return the job of a submission: a new one, or the job of the earlier request that this one repeats.

    Raises errors.RateLimitedError and errors.QueueFullError, errors.ConflictError for an idempotency key that came with
    another request, and errors.NotFoundError for a session that is not there.
    """
    saved_at = await check_session(resources, key_id, submission.options)
    submission = replace(submission, session_saved_at=saved_at)
    if resources.limits:
        earlier = await earlier_job(resources, key_id, submission)
        if earlier is not None:
            return earlier
        await admit(resources, key_id, submission)
    return await store(resources, key_id, submission)


async def earlier_job(resources: Resources, key_id: str, submission: Submission) -> Job | None:
    """Return the job of the earlier request that this one repeats, or None. Raises errors.ConflictError."""
    return await resources.jobs.find_existing_job(
        key_id, idempotency(submission, resources.settings, resources.sessions)
    )


async def admit(resources: Resources, key_id: str, submission: Submission) -> None:
    """Count a submission that repeats none. Raises errors.RateLimitedError and errors.QueueFullError."""
    await resources.jobs.find_place(key_id, submission.queued_pages)  # first: what is refused does not count
    if resources.limits:
        await resources.limits.admit(key_id, submission.endpoint, submission.pages)


async def store(resources: Resources, key_id: str, submission: Submission) -> Job:
    """Store the job of a submission that is counted, and return it: or that of an earlier request, as `submit` does."""
    return await resources.jobs.submit(
        key_id,
        submission.urls,
        await resources.sessions.seal_options(key_id, submission.options),
        batch=submission.batch,
        idempotency=idempotency(submission, resources.settings, resources.sessions),
        webhook_url=submission.webhook_url,
        webhook=await resources.webhooks.seal(key_id, submission.webhook) if resources.webhooks else None,
        site=submission.site,
        trace_context=tracing.current_context(),
        retry_of=submission.retry_of,
    )


def idempotency(submission: Submission, settings: Settings, sessions: SessionStore) -> Idempotency | Repeat | None:
    """Return how a repeated request of this submission is recognised, or None if it is not."""
    options = {field.name: getattr(submission.options, field.name) for field in fields(submission.options)}
    del options["corrections"]  # those of a page's time, which no submission has
    if submission.options.sealed is None:
        del options["sealed"]
    if submission.options.session is None:
        del options["session"]
    asked: list[Any] = [submission.batch, submission.search or submission.urls, options]
    # What was not there once is left out where it is not asked for, so that stored hashes stay true.
    if submission.idempotency_key is None and submission.session_saved_at is not None:
        asked.append(submission.session_saved_at)
    secret = submission.webhook is not None and bool(submission.webhook.headers)
    webhook = _told(submission.webhook) if submission.webhook else None
    asked += [extra for extra in (submission.webhook_url, webhook, submission.retry_of) if extra is not None]
    if submission.site is not None:
        asked.append([submission.site.kind, _asked(submission.site.options)])
    request_hash = sessions.request_hash(orjson.dumps(asked), submission.options, secret=secret)
    if submission.idempotency_key is not None:
        return Idempotency(submission.idempotency_key, request_hash)
    if settings.requests.repeat_window == 0:
        return None
    inline = submission.endpoint is SubmitEndpoint.INLINE
    return Repeat(request_hash, timedelta(seconds=settings.requests.repeat_window), until_end=inline)


def _told(webhook: JobWebhook) -> dict[str, Any]:
    """How a webhook is told, without what was not there once where it is not asked for."""
    return {name: value for name, value in asdict(webhook).items() if name not in _LATER_OF_WEBHOOKS or value}


def _asked(site: SiteOptions) -> dict[str, Any]:
    """What is asked of a site, without what was not there once where it is not asked for."""
    return {name: value for name, value in asdict(site).items() if name not in _LATER_OPTIONS or value is not None}
