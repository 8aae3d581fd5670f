"""One job: how it stands, why pages failed, its pages, its options, and what can be done with it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from pagemill.api.endpoints.url_scraper import is_job_id
from pagemill.api.resources import ApiResources
from pagemill.api.ui.downloads.endpoint import reason_against
from pagemill.api.ui.lists.shown_options import shown_options
from pagemill.api.ui.rendering import render
from pagemill.api.ui.route import PageRoute
from pagemill.api.ui.visitor import SignedIn
from pagemill.api.wire.response import no_such_job
from pagemill.errors.explanations import PAGE_ERRORS
from pagemill.model import JobKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pagemill.api.resources import Resources
    from pagemill.jobs.listing.job_lists import JobDetails, ListedPage
    from pagemill.model import Job, Page

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_LISTED = 50
_CODE = re.compile(r"[a-z_]{1,60}")
_PLACE = re.compile(r"(?:([a-z_]{1,60})\.)?(\d{1,9})")
_FORMS = (("JSON Lines", "jsonl"), ("ZIP", "zip"), ("Parquet", "parquet"))


@router.get("/ui/jobs/{job_id}")
async def show_job(job_id: str, request: Request, resources: ApiResources, visitor: SignedIn) -> Response:
    """Show a job of the key. `pages=failed` or `error=CODE`: of its pages, those alone; `after`: the rest of them."""
    job, details = await job_of_path(resources, job_id, visitor.key_id)
    query = request.query_params
    code = query.get("error", "")
    code = code if _CODE.fullmatch(code) else ""
    only_failed = query.get("pages") == "failed" or bool(code)
    listed = await _pages(resources, job, query.get("after", ""), code or None, only_failed=only_failed)
    shown = listed[:_LISTED]
    is_first = not query.get("after")
    errors = await resources.job_lists.errors(job.id)
    return render(
        request, visitor, "job.html",
        job=job,
        url=title_of(job, shown, await resources.jobs.page(job.id, 0)),
        details=details,
        progress=details.progress,
        errors=[(name, pages, PAGE_ERRORS.get(name)) for name, pages in errors.items()],
        explanations=PAGE_ERRORS,
        pages=shown,
        steps={each.page.index: steps_of(each.page) for each in shown},
        only_failed=only_failed, code=code, is_first=is_first,
        more=_address(job, only_failed, code, shown[-1]) if len(listed) > _LISTED else None,
        options=shown_options(job),
        most_urls=resources.settings.requests.max_batch_urls,
        schema=job.options.output_schema,
        frontier=await resources.job_lists.frontier(job.id) if job.kind is JobKind.CRAWL else None,
        files=[
            (name, form, reason_against(resources, form, job, details.progress.pages)) for name, form in _FORMS
        ] if details.progress.completed else [],
        refreshes=is_first and not job.status.ended,
    )  # fmt: skip


async def job_of_path(resources: Resources, job_id: str, key_id: str) -> tuple[Job, JobDetails]:
    """Return a job of this key, with more of it. Raises errors.NotFoundError."""
    job = await resources.jobs.get(job_id, key_id) if is_job_id(job_id) else None
    details = await resources.job_lists.details(job_id, key_id) if job else None
    if job is None or details is None:
        raise no_such_job()
    return job, details


def title_of(job: Job, shown: Sequence[ListedPage], first: Page | None) -> str:
    """Return the URL that a job goes by: the first of them."""
    if job.site and job.site.url:
        return job.site.url
    return first.url if first else shown[0].page.url if shown else job.id


def steps_of(page: Page) -> list[Mapping[str, object]]:
    """Return how the time of a page went, for a bar: name, seconds, and share of the whole, in thousandths."""
    if page.started_at is None:
        return []
    waited = max(0.0, (page.started_at - page.created_at).total_seconds())
    parts = [("waited", waited, "in the queue")]
    parts += [(attempt.fetched_with.value, attempt.duration, attempt.outcome) for attempt in page.attempts]
    if page.completed_at is not None:
        worked = max(0.0, (page.completed_at - page.started_at).total_seconds())
        rest = worked - sum(attempt.duration for attempt in page.attempts)
        if rest > 0:
            parts.append(("rest", rest, "extracting, structuring, storing"))
    total = sum(seconds for _, seconds, _ in parts) or 1.0
    steps: list[Mapping[str, object]] = []
    start = 0.0
    for kind, seconds, text in parts:
        steps.append({
            "kind": kind, "seconds": seconds, "text": text,
            "x": round(1000 * start / total), "width": max(2, round(1000 * seconds / total)),
        })  # fmt: skip
        start += seconds
    return steps


async def _pages(
    resources: Resources, job: Job, place: str, code: str | None, *, only_failed: bool
) -> list[ListedPage]:
    found = _PLACE.fullmatch(place)
    position = int(found[2]) if found else -1
    if not only_failed:
        return await resources.job_lists.pages(job.id, position, _LISTED + 1)
    after = (found[1], position) if found and found[1] else ("", -1)
    return await resources.job_lists.failed_pages(job.id, code, after, _LISTED + 1)


def _address(job: Job, only_failed: bool, code: str, last: ListedPage) -> str:
    failure = last.page.failure
    place = f"{failure.code}.{last.page.index}" if only_failed and failure else str(last.page.index)
    query = {"error": code} if code else {"pages": "failed"} if only_failed else {}
    return f"/ui/jobs/{job.id}?{urlencode({**query, 'after': place})}#pages"
