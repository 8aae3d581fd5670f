"""The lists of jobs, and of crawls and maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from pagemill.api.resources import ApiResources
from pagemill.api.ui.lists.queries import FIELDS, address, cursor, job_filter
from pagemill.api.ui.rendering import render
from pagemill.api.ui.route import PageRoute
from pagemill.api.ui.visitor import SignedIn
from pagemill.errors.explanations import PAGE_ERRORS
from pagemill.jobs.listing.job_filter import JobFilter, ListedKind
from pagemill.model import Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pagemill.api.resources import Resources
    from pagemill.api.ui.visitor import Visitor

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_LISTED = 50
_MOST_COUNTED = 1_000
_RUNNING = (Status.PENDING, Status.PROCESSING)


@router.get("/ui/jobs")
async def show_jobs(request: Request, resources: ApiResources, visitor: SignedIn) -> Response:
    """Show the key's jobs by filters."""
    return await _list(request, resources, visitor, "jobs.html", dict(request.query_params))


@router.get("/ui/crawls")
async def show_crawls(request: Request, resources: ApiResources, visitor: SignedIn) -> Response:
    """Show the key's crawls, or its maps."""
    query = dict(request.query_params)
    if query.get("kind") != ListedKind.MAP:
        query["kind"] = ListedKind.CRAWL
    return await _list(request, resources, visitor, "crawls.html", query)


async def _list(
    request: Request, resources: Resources, visitor: Visitor, template: str, query: Mapping[str, str]
) -> Response:
    wanted, place = job_filter(query), cursor(query)
    part = await resources.job_lists.jobs(visitor.key_id, wanted, place, _LISTED)
    path = request.scope["path"]
    is_unreadable = bool(query.get("q", "").strip()) and wanted.host is None
    counts = place is None and not is_unreadable
    return render(
        request, visitor, template,
        part=part,
        query={name: query.get(name, "") for name in FIELDS},
        wanted=wanted,
        is_first=place is None,
        is_unreadable=is_unreadable,
        count=await resources.job_lists.count(visitor.key_id, wanted, _MOST_COUNTED) if counts else None,
        newest=address(path, query),
        older=address(path, query, after=str(part.next)) if part.next else None,
        statuses=list(Status), kinds=list(ListedKind), codes=sorted(PAGE_ERRORS),
        tallies=await _tallies(resources, visitor.key_id) if template == "jobs.html" else (),
    )  # fmt: skip


async def _tallies(resources: Resources, key_id: str) -> list[tuple[str, str, str]]:
    """Return short cuts: their names, how many jobs each shows, and the query."""
    found = []
    for name, wanted, query in (
        ("All", JobFilter(), ""),
        ("Failed", JobFilter(status=Status.FAILED), "?status=failed"),
        ("Batches", JobFilter(kind=ListedKind.BATCH), "?kind=batch"),
        ("Crawls", JobFilter(kind=ListedKind.CRAWL), "?kind=crawl"),
        ("Maps", JobFilter(kind=ListedKind.MAP), "?kind=map"),
    ):
        count = await resources.job_lists.count(key_id, wanted, _MOST_COUNTED)
        text = "" if count is None else f"{count.number:,}+" if count.more else f"{count.number:,}"
        found.append((name, text, query))
    return found
