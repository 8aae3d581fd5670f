"""Watching a job: server-sent events that tell how far it is, from its rows and, while it runs, from its worker.

Each event tells a whole state, so that one that is lost is made good by the next, and a browser that connects again
goes on as if nothing had been.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson
from fastapi import APIRouter, Response
from starlette.responses import StreamingResponse

from pagemill.api.resources import ApiResources, Resources
from pagemill.api.ui.playground.stored import own_job
from pagemill.api.ui.route import PageRoute
from pagemill.api.ui.visitor import SignedIn
from pagemill.jobs.queue.failures import failure_text
from pagemill.model import JobKind
from pagemill.process_lifetime import first_completed
from pagemill.redaction import mask_credentials

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from pagemill.jobs.queue.watched_steps import StepWatcher
    from pagemill.model import Job, Page

router = APIRouter(prefix="/ui/playground", include_in_schema=False, route_class=PageRoute)

_RECHECK_INTERVAL = 1.0
_CALM = 0.1
"""Seconds in which changes are told together: many pages of a crawl may end in them."""
_PAGES_AT_ONCE = 50
_SHOWN_PAGES = 100
"""Pages of a crawl that are told as they end; the rest are counted."""


@router.get("/{job_id}/events")
async def watch_job(job_id: str, visitor: SignedIn, resources: ApiResources) -> Response:
    """Send how far a job is, until it has ended."""
    job = await own_job(resources, job_id, visitor.key_id)
    return StreamingResponse(
        resources.streams.in_turn(visitor.key_id, _events(resources, job)),
        media_type="text/event-stream",
        # Compression would hold events back until its buffer is full.
        headers={"Cache-Control": "no-store", "Content-Encoding": "identity", "X-Accel-Buffering": "no"},
    )


async def _events(resources: Resources, job: Job) -> AsyncGenerator[bytes]:
    """Yield the state whenever it changed; at last an event `end`."""
    told: dict[str, Any] | None = None
    crawled = _CrawledPages()
    async with resources.ended.subscribed(job.id) as ended, resources.steps.watching(job.id) as watcher:
        while True:
            ended.clear()
            watcher.changed.clear()
            current = await resources.jobs.get(job.id, job.key_id)
            if current is None:
                return
            state = await _state(resources, current, watcher, crawled)
            if state != told:
                told = state
                yield b"event: state\ndata: " + orjson.dumps(state) + b"\n\n"
            if current.status.ended:
                yield b"event: end\ndata: {}\n\n"
                return
            if resources.stopping.is_set():  # who waited for its turn until now is not kept waiting
                return
            yield b": alive\n\n"  # a browser that has left is found out
            await first_completed(
                ended.wait(), watcher.changed.wait(), resources.stopping.wait(), timeout=_RECHECK_INTERVAL
            )
            await asyncio.sleep(_CALM)
            if resources.stopping.is_set():
                return


class _CrawledPages:
    """The first pages of a crawl that ended, read on as more do."""

    def __init__(self) -> None:
        self.after = 0
        self.shown: list[dict[str, Any]] = []


async def _state(resources: Resources, job: Job, watcher: StepWatcher, crawled: _CrawledPages) -> dict[str, Any]:
    state: dict[str, Any] = {"id": job.id, "status": job.status.value}
    if job.kind is JobKind.CRAWL:
        progress = await resources.crawls.progress(job.id)
        if progress is not None:
            state |= {"pages": progress.pages, "ended": progress.ended, "completed": progress.completed}
        if len(crawled.shown) < _SHOWN_PAGES:
            for found in await resources.crawls.ended_pages(job.id, crawled.after, _PAGES_AT_ONCE):
                crawled.after = found.number
                crawled.shown.append(page_state(found.page))
        return state | {"results": crawled.shown[:_SHOWN_PAGES]}
    if job.kind is JobKind.BULK:  # it may have a million pages: they are counted, and listed elsewhere
        batch = await resources.batches.get(job.id, job.key_id)
        if batch is not None:
            state |= {"pages": batch[1].total, "ended": batch[1].ended, "completed": batch[1].completed}
        return state | {"results": []}
    pages = await resources.jobs.pages(job.id)
    ended = [page for page in pages if page.status.ended]
    state |= {"pages": len(pages), "ended": len(ended), "completed": sum(page.failure is None for page in ended)}
    if job.batch:
        return state | {"results": [page_state(page) for page in pages]}
    return state | {"page": page_state(pages[0]) if pages else None, "steps": watcher.steps.get(0, [])}


def page_state(page: Page) -> dict[str, Any]:
    """Return what is told of a page."""
    state: dict[str, Any] = {"index": page.index, "url": mask_credentials(page.url), "status": page.status.value}
    if page.status.ended:
        state["error"] = failure_text(page.failure) if page.failure else None
        state["cached"] = page.cached
        state["fetchedWith"] = page.fetched_with.value if page.fetched_with else None
    return state
