"""Jobs as clients see them: submitted, looked up, read."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import TypeAdapter

from pagemill.errors import (
    CancelledPageError,
    ConflictError,
    DamagedResultError,
    NotFoundError,
    QueueFullError,
    StorageUnavailableError,
)
from pagemill.jobs.keys.keys import secret_hash
from pagemill.jobs.queue import statements
from pagemill.jobs.queue.ended_jobs import log_ended_jobs
from pagemill.model import (
    Attempt,
    Failure,
    FetchedWith,
    Format,
    Job,
    JobKind,
    JobSummary,
    JobWebhook,
    Page,
    ScrapeOptions,
    SiteOptions,
    Status,
)
from pagemill.observability import metrics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

    from pagemill.jobs.database.pool import Database
    from pagemill.jobs.objects.object_storage import ObjectStorage

log = structlog.get_logger(__name__)

_OPTIONS = TypeAdapter(ScrapeOptions)
_SITE = TypeAdapter(SiteOptions)
PART_SIZE = 256 * 1024
"""Bytes of a body that are read from the database at once."""
_OBJECT_PART_SIZE = 1024 * 1024
"""The same of an object: a request to the object storage takes longer than a statement."""
INLINE_SIZE = 64 * 1024
"""Bytes up to which a body is read together with its place: most are smaller, and a statement costs more to send."""
PICTURES = frozenset({Format.SCREENSHOT.value, Format.SCREENSHOT_FULL_PAGE.value})
"""Bodies that are files as they are, and not packed."""
_LATEST_TIME = datetime.max.replace(tzinfo=UTC)
_LOOKUP_ATTEMPTS = 3  # an earlier job may be deleted between being found and being read


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A client's promise that requests with one key are one: `request_hash` is SHA-256 of what it asked for."""

    key: str
    request_hash: bytes


@dataclass(frozen=True, slots=True)
class Site:
    """What makes a job a map or a crawl of a whole site."""

    kind: JobKind
    options: SiteOptions
    identity: bytes
    """SHA-256 of the first URL's identity: `pagemill.sites.identity`."""
    host: str


@dataclass(frozen=True, slots=True)
class Repeat:
    """What a request without an idempotency key is known by, should it come again because its answer got lost.

    The same one within `window` of the first is taken for such a repetition. `until_end`: the answer was only due when
    the job ended, so it may have got lost up to then.
    """

    request_hash: bytes | None
    window: timedelta = timedelta(0)
    until_end: bool = False


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """The most pages in jobs that have not ended, for each key and in all. None: any number."""

    per_key: int | None = None
    in_all: int | None = None

    def __bool__(self) -> bool:
        """Whether there is any."""
        return self.per_key is not None or self.in_all is not None


@dataclass(frozen=True, slots=True)
class BodyPlace:
    """Where a body is: in its row, or in an object."""

    page_id: int
    name: str
    """Its format."""
    size: int
    object: str | None = None
    """The URL of the object. None: the row has the body."""
    start: int = 0
    """The body's first byte in the object."""
    content: bytes | None = None
    """The body itself, where it was read already."""


class JobStore:
    """Jobs and their pages in the database. Its methods raise errors.UnavailableError when that is away.

    Without `objects`, bodies in object storage are not read.
    """

    def __init__(
        self, database: Database, queue_limits: QueueLimits = QueueLimits(), objects: ObjectStorage | None = None
    ) -> None:
        self._database = database
        self._queue_limits = queue_limits
        self._objects = objects

    async def submit(  # noqa: PLR0913 - each is a fact of its own about the job
        self,
        key_id: str,
        urls: Sequence[str],
        options: ScrapeOptions,
        *,
        batch: bool,
        idempotency: Idempotency | Repeat | None = None,
        webhook_url: str | None = None,
        webhook: JobWebhook | None = None,
        site: Site | None = None,
        trace_context: str | None = None,
        retry_of: str | None = None,
        job_id: str | None = None,
    ) -> Job:
        """Store a job with a page for each URL, ready for the workers, and return it. A `site` has one URL.

        `webhook_url` is told when it ends, or as `webhook` says; `trace_context` is the span that submits it,
        `retry_of` the job that it runs again. Where `idempotency` says that the request came before, the job that it
        made then is returned. With a `job_id`, of `new_job_id`, it may be called again: the job is stored once. Raises
        errors.ConflictError when its key came with another request, and errors.QueueFullError where too many pages
        wait.
        """
        job_id = job_id or new_job_id(site.kind if site else JobKind.SCRAPE, batch=batch)
        key, request_hash = (
            (idempotency.key, idempotency.request_hash) if isinstance(idempotency, Idempotency) else (None, None)
        )
        repeat = idempotency if isinstance(idempotency, Repeat) else Repeat(None)
        values = (job_id, key_id, batch, pack_options(options), list(urls), key, request_hash, webhook_url)
        for _ in range(_LOOKUP_ATTEMPTS):
            [row] = await self._database.rows(
                statements.SUBMIT_JOB,
                *(*values, repeat.request_hash, repeat.window, repeat.until_end),
                *(self._queue_limits.per_key, self._queue_limits.in_all, trace_context, *_pack_site(site)),
                *(_pack_webhook(webhook), retry_of),
            )
            if row["id"] is not None:
                return _counted(job_of(row), len(urls))
            # Stored already, by this very call, whose first answer got lost, or by an earlier one; or refused.
            stored = await self._database.row(statements.GET_JOB, job_id, key_id)
            if stored is not None:
                return _counted(job_of(stored), len(urls))
            if (job := await self._existing_job(key_id, idempotency)) is not None:
                return job
            self._refuse_full(row)
        raise RuntimeError(f"job {job_id} was neither stored nor there before")

    async def find_place(self, key_id: str, pages: int) -> None:
        """Raise errors.QueueFullError where `submit` would."""
        if self._queue_limits:
            values = (key_id, pages, self._queue_limits.per_key, self._queue_limits.in_all)
            self._refuse_full((await self._database.rows(statements.FIND_PLACE, *values))[0])

    def _refuse_full(self, row: Any) -> None:
        if row["key_full"]:
            raise QueueFullError(f"At most {self._queue_limits.per_key} pages of one key wait or are worked on.")
        if row["full"]:
            raise QueueFullError(f"At most {self._queue_limits.in_all} pages wait or are worked on in all.")

    async def find_existing_job(self, key_id: str, idempotency: Idempotency | Repeat | None) -> Job | None:
        """Return the job that `submit` would return instead of a new one, or None. Raises as it does."""
        if isinstance(idempotency, Repeat):
            row = await self._database.row(
                statements.GET_REPEATED_JOB,
                *(key_id, idempotency.request_hash, idempotency.window, idempotency.until_end),
            )
            return job_of(row) if row else None
        return await self._existing_job(key_id, idempotency)

    async def _existing_job(self, key_id: str, idempotency: Idempotency | Repeat | None) -> Job | None:
        if isinstance(idempotency, Repeat):
            row = await self._database.row(statements.GET_RECENT_JOB, key_id, idempotency.request_hash)
            return job_of(row) if row else None
        if idempotency is None:
            return None
        row = await self._database.row(statements.GET_JOB_BY_IDEMPOTENCY_KEY, key_id, idempotency.key)
        if row is not None and row["request_hash"] != idempotency.request_hash:
            raise ConflictError("This Idempotency-Key came with another request before. Use a new key.")
        return job_of(row) if row else None

    async def cancel(self, job_id: str, key_id: str) -> int:
        """End what no worker has in hand of a job as failed, `cancelled`, and return how many pages that were."""
        await self._database.row(statements.MARK_CANCELLED, job_id, key_id)
        now = await self._database.row(statements.GET_TIME)
        row = await self._database.row(
            statements.CANCEL_JOB,
            *(job_id, key_id, CancelledPageError.code, "The job was cancelled.", now["time"] if now else None),
        )
        log_ended_jobs(row)
        pages = int(row["pages"]) if row else 0
        metrics.page_failed(CancelledPageError.code, pages=pages)
        return pages

    async def jobs_of(
        self, key_id: str, *, status: Status | None = None, before: Job | None = None, limit: int
    ) -> list[JobSummary]:
        """Return a key's jobs, newest first: those older than `before` where there is one."""
        rows = await self._database.rows(statements.LIST_JOBS[status], key_id, *list_start(before), limit)
        return [_summary(row) for row in rows]

    async def get(self, job_id: str, key_id: str) -> Job | None:
        """Return a job of this key, or None."""
        row = await self._database.row(statements.GET_JOB, job_id, key_id)
        return job_of(row) if row else None

    async def polled(self, secret: str, job_id: str) -> tuple[Job, Page, bool] | None:
        """Return a job of one page, the page, and whether the key is an operator's, for who sends an API key.

        One statement does what `Keys.find`, `get` and `pages` do one after another. None where any finds nothing.
        """
        digest = secret_hash(secret)
        row = await self._database.row(statements.GET_POLLED_JOB, digest, job_id)
        if row is None or not hmac.compare_digest(row["hash"], digest):
            return None
        page = {name.removeprefix("page_"): value for name, value in row.items() if name.startswith("page_")}
        return job_of(row), page_of(page), row["operator"]

    async def pages(self, job_id: str) -> list[Page]:
        """Return a job's pages in the order of its submission."""
        return [page_of(row) for row in await self._database.rows(statements.GET_PAGES, job_id)]

    async def page(self, job_id: str, position: int) -> Page | None:
        """Return one page of a job, or None."""
        row = await self._database.row(statements.GET_PAGE, job_id, position)
        return page_of(row) if row else None

    async def bodies(self, page_id: int) -> dict[str, bytes]:
        """Return what is kept of a completed page but pictures, by format, packed as in `pagemill.bodies`."""
        places = await self.with_contents(await self.body_places(page_id))
        return {name: b"".join([part async for part in self.body_parts(place)]) for name, place in places.items()}

    async def body_places(self, page_id: int, names: Iterable[str] | None = None) -> dict[str, BodyPlace]:
        """Return where each of these bodies is that a completed page has, by format; of all but pictures without names.

        No body is read for it but small ones that are in their rows.
        """
        names = None if names is None else list(names)
        rows = await self._database.rows(statements.GET_BODY_PLACES, page_id, names, INLINE_SIZE)
        return {
            row["format"]: BodyPlace(
                page_id, row["format"], row["size"], row["object"], row["start"] or 0, row["content"]
            )
            for row in rows
        }

    async def with_contents(self, places: Mapping[str, BodyPlace]) -> dict[str, BodyPlace]:
        """Return these places of one page, with the bodies where they are in an object and small: in one request.

        Of an object that is cut short, each body is left to be read by itself.
        """
        found = [place for place in places.values() if place.object is not None and place.name not in PICTURES]
        start = min((place.start for place in found), default=0)
        length = max((place.start + place.size for place in found), default=0) - start
        if not 0 < length <= _OBJECT_PART_SIZE:
            return dict(places)
        try:
            contents = await self._part(replace(found[0], start=start), 0, length)
        except DamagedResultError:
            return dict(places)
        return {
            **places,
            **{place.name: replace(place, content=contents[place.start - start :][: place.size]) for place in found},
        }

    async def body_parts(self, place: BodyPlace) -> AsyncIterator[bytes]:
        """Yield a body in parts, each read when it is needed.

        Raises errors.NotFoundError where it was deleted, errors.DamagedResultError where its object is cut short, and
        errors.StorageUnavailableError where its storage is away.
        """
        if place.content is not None:
            yield place.content
            return
        part_size = PART_SIZE if place.object is None else _OBJECT_PART_SIZE
        for start in range(0, place.size, part_size):
            yield await self._part(place, start, min(part_size, place.size - start))

    async def _part(self, place: BodyPlace, start: int, length: int) -> bytes:
        if place.object is not None:
            if self._objects is None:
                raise StorageUnavailableError
            return await self._objects.read(place.object, place.start + start, length)
        row = await self._database.row(statements.GET_BODY_PART, place.page_id, place.name, start + 1, length)
        if row is None:
            raise NotFoundError("The result was deleted meanwhile.")
        part: bytes = row["part"]
        return part

    async def delete_ended(self, older_than: timedelta, limit: int) -> int:
        """Delete at most `limit` jobs that ended longer ago than this, and return how many."""
        row = await self._database.row(statements.DELETE_ENDED_JOBS, older_than, limit)
        return int(row["jobs"]) if row else 0


def new_job_id(kind: JobKind, *, batch: bool = False) -> str:
    """Return the id of a job that is to be submitted."""
    prefix = "batch" if batch and kind is JobKind.SCRAPE else "job" if kind is JobKind.SCRAPE else kind.value
    return f"{prefix}_{secrets.token_hex(12)}"


def list_start(before: Job | None) -> tuple[datetime, str]:
    """Return where a list of jobs, newest first, begins: after `before` where there is one."""
    return (before.created_at, before.id) if before else (_LATEST_TIME, "")


def pack_options(options: ScrapeOptions) -> dict[str, Any]:
    """Return options as they stand in the database: what differs from the defaults."""
    packed: dict[str, Any] = _OPTIONS.dump_python(options, mode="json", exclude_defaults=True)
    return packed


def unpack_options(value: dict[str, Any]) -> ScrapeOptions:
    """Return the options that `pack_options` was given."""
    return _OPTIONS.validate_python(value)


def _pack_site(site: Site | None) -> tuple[JobKind, dict[str, Any] | None, bytes | None, str | None]:
    if site is None:
        return JobKind.SCRAPE, None, None, None
    return site.kind, _SITE.dump_python(site.options, mode="json"), site.identity, site.host


def unpack_site(value: dict[str, Any] | None) -> SiteOptions | None:
    """Return what a map or a crawl is to find, as it stands in the database."""
    return None if value is None else _SITE.validate_python(value)


def _pack_webhook(webhook: JobWebhook | None) -> dict[str, Any] | None:
    """Return how a job's webhook is told for the database: with headers only where they are encrypted."""
    if webhook is None:
        return None
    packed = asdict(webhook)
    del packed["headers"]
    return packed


def unpack_webhook(value: dict[str, Any] | None) -> JobWebhook | None:
    """Return how a job's webhook is told, as it stands in the database."""
    if value is None:
        return None
    sealed = value.get("sealed_headers")
    return JobWebhook(value["kind"], tuple(value["events"]), value["metadata"], sealed_headers=sealed)


def _counted(job: Job, pages: int) -> Job:
    """Count a job that is new, and say so in the log."""
    metrics.JOBS_SUBMITTED.add()
    metrics.PAGES_SUBMITTED.add(amount=pages)
    log.info("job submitted", job=job.id, pages=pages)
    return job


def _summary(row: Any) -> JobSummary:
    return JobSummary(
        job=job_of(row),
        url=row["url"],
        pages=row["pages"],
        completed=row["completed"],
        failed=row["failed"],
        cached=row["cached"],
        failure=Failure(row["error_code"], row["error_message"]) if row["error_code"] else None,
    )


def pack_attempts(attempts: Sequence[Attempt]) -> list[dict[str, Any]]:
    """Return attempts as they stand in the database."""
    return [asdict(attempt) for attempt in attempts]


def unpack_attempts(value: list[dict[str, Any]] | None) -> tuple[Attempt, ...]:
    """Return the attempts that `pack_attempts` was given."""
    return tuple(Attempt(**{**item, "fetched_with": FetchedWith(item["fetched_with"])}) for item in value or ())


def job_of(row: Any) -> Job:
    """Return the job of a row."""
    return Job(
        id=row["id"],
        key_id=row["key_id"],
        batch=row["batch"],
        status=Status(row["status"]),
        options=unpack_options(row["options"]),
        created_at=row["created_at"],
        completed_at=row["completed_at"],
        cancelled_at=row["cancelled_at"],
        webhook_url=row["webhook_url"],
        webhook=unpack_webhook(row["webhook"]),
        kind=JobKind(row["kind"]),
        site=unpack_site(row["site"]),
    )


def page_of(row: Any) -> Page:
    """Return the page of a row."""
    return Page(
        id=row["id"],
        job_id=row["job_id"],
        index=row["position"],
        url=row["url"],
        status=Status(row["status"]),
        failure=Failure(row["error_code"], row["error_message"]) if row["error_code"] else None,
        cached=row["cached"],
        final_url=row["final_url"],
        status_code=row["status_code"],
        fetched_with=FetchedWith(row["fetched_with"]) if row["fetched_with"] else None,
        attempts=unpack_attempts(row["attempts"]),
        created_at=row["created_at"],
        started_at=row["started_at"],
        completed_at=row["completed_at"],
    )
