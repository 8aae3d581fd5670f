"""What the methods of both clients do, step by step and without I/O.

A flow is a generator. It yields a `Call` and is sent its `Answer`, or the error where none came; it yields a `Pause`,
and an `Item` for whoever iterates, and is sent None. What it returns is the result of the method.
"""

from __future__ import annotations

import json
import time
import uuid
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from pagemill.client.calls import Answer, Call, lines_of, pause
from pagemill.client.errors import JobNotEndedError, PageFailedError, ServiceUnreachableError
from pagemill.client.options import to_fields
from pagemill.client.results import COMPLETED, FAILED, BatchPage, CrawlPage, Page, SearchResult, Session, SiteMap
from pagemill.client.upload import UploadBody

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from pagemill.client.upload import Source

URLS_IN_A_BATCH = 25
"""So many URLs are submitted as one batch: their pages come together, as it ends."""
BATCHES_AT_A_TIME = 4
_LONGEST_HOLD = 30
"""Seconds for which the service is asked to hold an answer until a job ends."""
_PAGES_AT_A_TIME = 50
_UPLOAD_HOLD = 600
"""Seconds that the service may take for the lines of a table once it is uploaded."""
_OTHER_PATHS = {"crawl_": "/v1/crawl", "map_": "/v1/map", "bulk_": "/v1/batches"}
_CRAWL_PAUSE, _LONGEST_CRAWL_PAUSE = 0.5, 5.0


@dataclass(frozen=True, slots=True)
class Pause:
    """Seconds to wait."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Item:
    """What an iterator yields next."""

    value: Any


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch or a crawl is. `total` of a crawl grows while links are found."""

    completed: int
    failed: int
    total: int


_Result = TypeVar("_Result")
Step: TypeAlias = "Call | Pause | Item"
Reply: TypeAlias = "Answer | ServiceUnreachableError | None"
Flow: TypeAlias = "Generator[Step, Reply, _Result]"
ProgressCallback: TypeAlias = "Callable[[Progress], None]"


def call(request: Call, retries: int, *names: str) -> Flow[Any]:
    """Send a call, again where that may help, and return the JSON, which has these names.

    Raises ApiError and ServiceUnreachableError.
    """
    return (yield from answered(request, retries)).value(*names)


def answered(request: Call, retries: int) -> Flow[Answer]:
    """Send a call, again where that may help, and return the last answer. Raises ServiceUnreachableError."""
    repetition = 0
    while True:
        reply = yield request
        if isinstance(reply, Answer) and not (reply.is_to_be_repeated() and repetition < retries):
            return reply
        if isinstance(reply, ServiceUnreachableError) and repetition >= retries:
            raise reply
        yield Pause(reply.pause(repetition) if isinstance(reply, Answer) else pause(repetition))
        repetition += 1


def submission(path: str, fields: Mapping[str, Any]) -> Call:
    """A submission that may be sent again: the service answers with the same job."""
    return Call("POST", path, fields, headers={"Idempotency-Key": uuid.uuid4().hex})


def request(sent: Call, retries: int) -> Flow[Any]:
    """Send any call, and return the JSON. Raises ApiError and ServiceUnreachableError."""
    if sent.method == "POST":
        sent = replace(sent, headers={**submission(sent.path, {}).headers, **sent.headers})
    return (yield from call(sent, retries))


def job(path: str, job_id: str, retries: int, seconds: float | None) -> Flow[Any]:
    """Wait for a job's end, and return it. Raises JobNotEndedError after so many seconds."""
    deadline = None if seconds is None else time.monotonic() + seconds
    while True:
        left = _LONGEST_HOLD if deadline is None else deadline - time.monotonic()
        hold = max(0, min(_LONGEST_HOLD, left))
        poll = Call("GET", f"{path}/{job_id}", query={"wait": round(hold, 3)}, hold=hold)
        found = yield from call(poll, retries, "status")
        if found["status"] in (COMPLETED, FAILED):
            return found
        if deadline is not None and time.monotonic() >= deadline:
            raise JobNotEndedError(job_id, seconds or 0)


def scrape(url: str, options: Mapping[str, Any], retries: int, seconds: float | None) -> Flow[Page]:
    """Scrape a page. Raises PageFailedError, ApiError and JobNotEndedError."""
    submitted = yield from call(submission("/v1/url-scraper", {"url": url, **to_fields(options)}), retries, "id")
    page = Page.of((yield from job("/v1/url-scraper", submitted["id"], retries, seconds)))
    if not page.is_completed:
        raise PageFailedError(page)
    return page


def site_map(url: str, options: Mapping[str, Any], retries: int, seconds: float | None) -> Flow[SiteMap]:
    """Find the URLs of a site. Raises PageFailedError, ApiError and JobNotEndedError."""
    submitted = yield from call(submission("/v1/map", {"url": url, **to_fields(options)}), retries, "id")
    found = yield from job("/v1/map", submitted["id"], retries, seconds)
    if found["status"] == FAILED:
        raise PageFailedError(Page.of(found))
    return SiteMap.of(found)


def search(prompt: str, options: Mapping[str, Any], retries: int, seconds: float | None) -> Flow[list[SearchResult]]:
    """Search the web, and wait for the pages where they are to be scraped. Raises ApiError and JobNotEndedError."""
    found = yield from call(submission("/v1/search", {"prompt": prompt, **to_fields(options)}), retries)
    if "jobId" not in found:
        return [SearchResult.of(result, None) for result in found["results"]]
    ended = yield from job("/v1/url-scraper", found["jobId"], retries, seconds)
    pages = [Page.of(result) for result in ended["results"]]
    return [SearchResult.of(result, page) for result, page in zip(found["results"], pages, strict=True)]


def batch(
    urls: Sequence[str], options: Mapping[str, Any], retries: int, progress: ProgressCallback | None
) -> Flow[None]:
    """Scrape pages, and yield each with its place among `urls`, in their order. Failed ones are yielded too."""
    fields = to_fields(options)
    running: deque[tuple[int, str]] = deque()
    starts = deque(range(0, len(urls), URLS_IN_A_BATCH))
    completed = failed = 0
    while running or starts:
        while starts and len(running) < BATCHES_AT_A_TIME:
            start = starts.popleft()
            part = list(urls[start : start + URLS_IN_A_BATCH])
            submitted = yield from call(submission("/v1/url-scraper/batch", {"urls": part, **fields}), retries, "id")
            running.append((start, submitted["id"]))
        _, job_id = running.popleft()
        ended = yield from job("/v1/url-scraper", job_id, retries, None)
        for result in ended["results"]:
            page = Page.of(result)
            completed, failed = completed + page.is_completed, failed + (not page.is_completed)
            if progress is not None:
                progress(Progress(completed, failed, len(urls)))
            yield Item(page)


def upload_batch(source: Source, options: Mapping[str, Any], retries: int) -> Flow[str]:
    """Upload a batch, and return its id. Raises ApiError."""
    fields = to_fields(options)
    headers = {"X-Batch-Options": json.dumps(fields)} if fields else {}
    sent = submission("/v1/batches", {})
    body = UploadBody(source)
    headers |= body.headers
    upload = replace(sent, fields=None, headers={**sent.headers, **headers}, hold=_UPLOAD_HOLD, upload=body)
    return str((yield from call(upload, retries, "id"))["id"])


def batch_results(batch_id: str, cursor: int, retries: int, progress: ProgressCallback | None) -> Flow[None]:
    """Yield the pages of an uploaded batch that end after the page of this number, until it ends. Raises ApiError."""
    path = f"/v1/batches/{batch_id}"
    while True:
        state = yield from call(Call("GET", path), retries, "status", "totalPages")
        query = {"cursor": cursor, "limit": _PAGES_AT_A_TIME}
        results = lines_of((yield from answered(Call("GET", f"{path}/results", query=query), retries)))
        for result in results:
            page = BatchPage.of(result)
            cursor = page.number
            yield Item(page)
        if progress is not None:
            progress(Progress(state["completedPages"], state["failedPages"], state["totalPages"]))
        if not results:
            # The status was read first: what ended before it was final is there when results are read.
            if state["status"] in (COMPLETED, FAILED):
                return
            yield Pause(_CRAWL_PAUSE)


def start_crawl(url: str, options: Mapping[str, Any], retries: int) -> Flow[str]:
    """Submit a crawl, and return its id."""
    submitted = yield from call(submission("/v1/crawl", {"url": url, **to_fields(options)}), retries, "id")
    return str(submitted["id"])


def crawl(url: str, options: Mapping[str, Any], retries: int, progress: ProgressCallback | None) -> Flow[None]:
    """Scrape the pages of a site, and yield each as it ends. Raises ApiError."""
    crawl_id = yield from start_crawl(url, options, retries)
    yield from crawl_pages(crawl_id, 0, retries, progress)


def crawl_pages(crawl_id: str, after: int, retries: int, progress: ProgressCallback | None) -> Flow[None]:
    """Yield the pages of a crawl that end after the page of this number, until it ends. Raises ApiError."""
    wait = _CRAWL_PAUSE
    while True:
        query = {"after": after, "limit": _PAGES_AT_A_TIME}
        found = yield from call(Call("GET", f"/v1/crawl/{crawl_id}", query=query), retries, "results", "status")
        for result in found["results"]:
            page = CrawlPage.of(result)
            after = page.number
            yield Item(page)
        if progress is not None:
            progress(Progress(found["completedPages"], found["failedPages"], found["totalPages"]))
        if found["results"]:
            wait = _CRAWL_PAUSE
        elif found["status"] in (COMPLETED, FAILED):
            return
        else:
            yield Pause(wait)
            wait = min(wait * 1.5, _LONGEST_CRAWL_PAUSE)


def cancel(job_id: str, retries: int) -> Flow[None]:
    """Begin no more pages of a job. Raises ApiError."""
    path = next((path for kind, path in _OTHER_PATHS.items() if job_id.startswith(kind)), "/v1/url-scraper")
    yield from call(Call("DELETE", f"{path}/{job_id}"), retries)


def sessions(retries: int) -> Flow[list[Session]]:
    """Return the key's sessions by name. Raises ApiError."""
    found = yield from call(Call("GET", "/v1/sessions"), retries, "sessions")
    return [Session.of(session) for session in found["sessions"]]


def delete_session(session_id: str, retries: int) -> Flow[None]:
    """Delete a session. Raises ApiError."""
    yield from call(Call("DELETE", f"/v1/sessions/{session_id}"), retries)
