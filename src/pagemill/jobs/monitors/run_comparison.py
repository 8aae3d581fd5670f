"""Compares the pages of a run with what the runs before it gave, page by page, and writes down what changed.

The pages themselves are compared in an extraction process: they are hostile, and it takes time. Whatever happens here,
each page's comparison has its effect once, and whoever takes the run over goes on where it was.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from typing import TYPE_CHECKING, Any

import structlog
import zstandard

from pagemill import bodies
from pagemill.errors import (
    DamagedResultError,
    InternalPageError,
    NotFoundError,
    PageError,
    StructuringError,
    UnavailableError,
)
from pagemill.fair_semaphore import current_key
from pagemill.jobs.monitors import statements
from pagemill.jobs.monitors.page_comparison import compare_page
from pagemill.model import Failure, Format, Status
from pagemill.observability.metrics import MONITOR_CHANGES, MONITOR_RUNS
from pagemill.sites.identity import site_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pagemill.jobs.database.pool import Database
    from pagemill.jobs.monitors.monitor import Monitor
    from pagemill.jobs.monitors.page_comparison import Comparer
    from pagemill.jobs.queue.store import BodyPlace, JobStore
    from pagemill.model import JsonObject
    from pagemill.settings import Settings

log = structlog.get_logger(__name__)

MAX_CLAIMS = 1000
"""How often a run is taken up before it is given up: each time its worker died, or the object storage was away."""
_PAGES_AT_ONCE = 50
_GONE = frozenset({404, 410})
_LARGEST_JSON = 2 * 1024 * 1024
"""Bytes of structured JSON beyond which it is not compared."""
_NO_JOB = Failure(NotFoundError.code, "The job of the run was deleted before its pages were compared.")
_NO_DATA = Failure(StructuringError.code, "The structured JSON could not be made, so that it was not compared.")
_FAULT = Failure(InternalPageError.code, "A page could not be compared because of a fault in the service.")
_GIVEN_UP = Failure(InternalPageError.code, "The pages of the run could not be compared, however often it was tried.")

_Bodies = dict[str, bytes]


class RunComparison:
    """The comparison of one run."""

    def __init__(self, run: Monitor, database: Database, jobs: JobStore, scraper: Comparer, settings: Settings) -> None:
        self._run = run
        self._database = database
        self._jobs = jobs
        self._scraper = scraper
        self._settings = settings.monitors
        self._failure: Failure | None = None
        self._failed = False
        self._pages = 0
        self._completed = 0
        self._gone: list[bytes] = []

    async def compare(self) -> None:
        """Compare all pages of the run, and end it."""
        run = self._run
        current_key.set(run.key_id)
        job = await self._jobs.get(run.job_id or "", run.key_id)
        if job is None or run.claims > MAX_CLAIMS:
            await self._finish(_NO_JOB if job is None else _GIVEN_UP, complete=False)
            return
        if run.checks == 0:
            await self._database.rows(statements.FORGET_PAGES, run.id, run.job_id, run.claims)
        position = -1  # of what was compared before, it still counts how each page ended
        while rows := await self._database.rows(statements.LIST_RUN_PAGES, job.id, position, _PAGES_AT_ONCE):
            for row in rows:
                await self._take_in(row)
            self._pages, position = self._pages + len(rows), rows[-1]["position"]
        site = run.definition.site
        complete = site is not None and job.status is Status.COMPLETED and not self._failed and self._pages < site.limit
        await self._finish(self._failure, complete=complete)

    async def _take_in(self, row: Any) -> None:
        """Compare one page, unless it was compared before this worker had the run."""
        run = self._run
        if row["status"] == Status.FAILED:
            self._note_failure(row)
        if row["status"] != Status.COMPLETED:
            return
        self._completed += 1
        if row["position"] <= run.compared:
            return
        try:
            await self._compare_page(row)
        except UnavailableError:
            raise
        except (PageError, NotFoundError, DamagedResultError) as error:
            log.warning("a page of a monitor could not be compared", monitor=run.id, error=error.code)
            self._failure = Failure(error.code, error.message)
        except Exception:
            log.exception("a page of a monitor could not be compared by a fault of ours", monitor=run.id)
            self._failure = _FAULT
        else:
            return
        self._failed = True  # it was not recorded as seen

    def _note_failure(self, row: Any) -> None:
        if self._run.definition.site is not None and row["status_code"] in _GONE:
            self._gone.append(_page_id(row))
            return
        self._failed = True
        if row["position"] == 0 or self._failure is None:
            self._failure = Failure(row["error_code"], row["error_message"])

    async def _compare_page(self, row: Any) -> None:
        run = self._run
        new = await self._bodies(row["id"])
        known = await self._database.row(statements.GET_KNOWN_PAGE, run.id, _page_id(row))
        if known is None:
            # The first run of a monitor has nothing to compare with; what is new on a site later was added.
            added = run.checks > 0 and run.definition.site is not None
            found = {"kind": "added", "summary": "The page is new."} if added else None
            await self._record(row, new, found)
            return
        old = {name: known[name] for name in ("content", "data") if known[name] is not None}
        if all(old.get(name) == body for name, body in new.items()):
            await self._record(row, {} if known["has_snapshot"] else new, None)
            return
        found = await compare_page(
            *(self._scraper, row["url"], old, new, known["captured_at"], row["completed_at"]),
            self._settings.monitor_diff_characters,
        )
        if found["changed"]:
            await self._record(row, new, {"kind": "changed", **found})
            return
        # Where there was no JSON so far, there is something to compare the next one with.
        await self._record(row, new if old.keys() != new.keys() | old.keys() else {}, None)

    async def _bodies(self, page_id: int) -> _Bodies:
        """What is compared of a page: its `content` and its `data`, packed."""
        run = self._run
        names: dict[str, str] = {run.text_format: "content"} if run.text_format else {}
        if run.has_data:
            names[Format.JSON] = "data"
        places = await self._jobs.with_contents(await self._jobs.body_places(page_id, names))
        found = {names[name]: await self._body(place) for name, place in places.items()}
        if "data" in found and not _has_data(found["data"]):
            del found["data"]
        if run.has_data and "data" not in found:
            self._failure = self._failure or _NO_DATA
        return found

    async def _body(self, place: BodyPlace) -> bytes:
        body = b"".join([part async for part in self._jobs.body_parts(place)])
        if place.object is not None and not await asyncio.to_thread(bodies.is_intact, body):
            raise DamagedResultError
        return body

    async def _record(self, row: Any, new: Mapping[str, bytes], change: JsonObject | None) -> None:
        run, found = self._run, change or {}
        content_hash = await asyncio.to_thread(_content_hash, new) if new else None
        await self._database.rows(
            statements.RECORD_PAGE,
            *(run.id, run.job_id, run.claims, row["position"], _page_id(row), row["url"]),
            *(new.get("content"), new.get("data"), row["completed_at"]),
            *(f"chg_{secrets.token_hex(12)}" if change else None, found.get("kind"), found.get("summary")),
            *(found.get("diff"), found.get("diff_json")),
            *(f"snap_{secrets.token_hex(12)}" if new else None, content_hash, row["status_code"]),
        )
        if change:
            MONITOR_CHANGES.add(change["kind"])

    async def _finish(self, failure: Failure | None, *, complete: bool) -> None:
        run, site = self._run, self._run.definition.site
        row = await self._database.row(
            statements.FINISH_RUN,
            *(run.id, run.job_id, run.claims, self._completed > 0),
            *((failure.code, failure.message) if failure else (None, None)),
            *(complete, self._gone, self._settings.monitor_changes_kept, 2 * site.limit if site else 1),
            *(self._settings.monitor_snapshots_kept, self._pages, self._pages - self._completed),
            self._settings.monitor_runs_kept,
        )
        if row is None or row["changed"] is None:  # another worker has ended it
            return
        changed = bool(row["changed"])
        MONITOR_RUNS.add("changed" if changed else "failed" if failure else "unchanged")
        MONITOR_CHANGES.add("removed", amount=row["removed"])
        log.info("monitor", monitor=run.id, job=run.job_id, changed=changed, error=failure.code if failure else None)


def _page_id(row: Any) -> bytes:
    """What a page is known by from run to run."""
    if row["identity"] is not None:
        return bytes(row["identity"])
    url = site_url(row["url"])
    return hashlib.sha256((url.identity if url else row["url"]).encode()).digest()


def _content_hash(version: Mapping[str, bytes]) -> str:
    """The SHA-256 of a page's text; of its structured JSON where it has no text."""
    if (text := version.get("content")) is not None:
        return hashlib.sha256(str(bodies.unpack(text)).encode()).hexdigest()
    return hashlib.sha256(b"".join(bodies.text_of(version["data"]))).hexdigest()


def _has_data(packed: bytes) -> bool:
    """Whether structured JSON was made. It is ours, and small."""
    if not 0 < zstandard.frame_content_size(packed) <= _LARGEST_JSON:
        return False
    found = bodies.unpack(packed)
    return isinstance(found, dict) and found.get("status") == "success" and "data" in found
