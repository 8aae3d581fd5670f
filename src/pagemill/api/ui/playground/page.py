"""The page of the playground: the form, and what came of a job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import RedirectResponse

from pagemill.api.resources import ApiResources, Resources
from pagemill.api.sites.answers import is_limit_reached
from pagemill.api.ui.playground.stored import MAX_POSITION, StoredPage, own_job, stored_page
from pagemill.api.ui.playground.views.markdown import is_web_address
from pagemill.api.ui.rendering import render
from pagemill.api.ui.route import PageRoute
from pagemill.api.ui.visitor import SignedIn
from pagemill.api.wire.country_names import country_names
from pagemill.errors.explanations import PAGE_ERRORS
from pagemill.jobs.queue.failures import failure_text
from pagemill.model import Format, JobKind, Status
from pagemill.redaction import mask_credentials

if TYPE_CHECKING:
    from pagemill.model import Job

router = APIRouter(include_in_schema=False, route_class=PageRoute)

FORMATS = (
    (Format.MARKDOWN, "Markdown", True),
    (Format.CLEANED_HTML, "Cleaned HTML", True),
    (Format.HTML, "Raw HTML", True),
    (Format.LINKS, "Links", True),
    (Format.IMAGES, "Images", False),
    (Format.SUMMARY, "Summary", False),
    (Format.SCREENSHOT, "Screenshot", False),
    (Format.SCREENSHOT_FULL_PAGE, "Screenshot of the whole page", False),
)
"""Formats to choose from, their names, and whether they are chosen at first."""

_TABS = (
    ("rendered", "Read", Format.MARKDOWN),
    ("markdown", "Markdown", Format.MARKDOWN),
    ("json", "JSON", Format.JSON),
    ("cleaned", "Cleaned HTML", Format.CLEANED_HTML),
    ("html", "Raw HTML", Format.HTML),
    ("links", "Links", Format.LINKS),
    ("screenshot", "Screenshot", Format.SCREENSHOT),
    ("screenshot", "Screenshot", Format.SCREENSHOT_FULL_PAGE),
    ("links", "Images", Format.IMAGES),
)


@router.get("/")
async def show_playground(request: Request, visitor: SignedIn, resources: ApiResources) -> Response:
    """Return the page with nothing but the form."""
    return render(request, visitor, "playground.html", result=None, **_form(resources))


@router.get("/ui")
@router.get("/ui/")
async def go_to_playground(_visitor: SignedIn) -> Response:
    """Lead there who has shortened the address of another view."""
    return RedirectResponse("/", status_code=307)


@router.get("/ui/playground/{job_id}")
async def show_job(  # noqa: PLR0913, PLR0917 - each is a parameter of the request
    request: Request,
    job_id: str,
    visitor: SignedIn,
    resources: ApiResources,
    page: Annotated[int | None, Query(ge=0, le=MAX_POSITION)] = None,
    after: Annotated[int, Query(ge=0, le=MAX_POSITION)] = 0,
) -> Response:
    """Return the page with what came of a job: its pages, or with `page` what came of one of them."""
    job = await own_job(resources, job_id, visitor.key_id)
    if job.kind is JobKind.BULK and page is None:  # it may have a million
        return RedirectResponse(f"/ui/jobs/{job.id}")
    result = await _result(resources, job, page, after)
    return render(request, visitor, "playground.html", result=result, **_form(resources))


def _form(resources: Resources) -> dict[str, Any]:
    return {
        "formats": FORMATS,
        "countries": country_names(),
        "has_model": resources.settings.structuring.llm_base_url is not None,
    }


async def _result(resources: Resources, job: Job, position: int | None, after: int) -> dict[str, Any]:
    result: dict[str, Any] = {"job": job, "kind": _kind(job), "pages": None, "found": None, "page": None, "next": None}
    if job.kind is JobKind.MAP:
        return result | await _map(resources, job)
    if job.kind is JobKind.SCRAPE and not job.batch:
        position = 0
    if position is not None:
        return result | {"page": await _page(await stored_page(resources, job, position))}
    return result | await _pages(resources, job, after)


def _kind(job: Job) -> str:
    return "batch" if job.batch and job.kind is JobKind.SCRAPE else job.kind.value


async def _pages(resources: Resources, job: Job, after: int) -> dict[str, Any]:
    """Return the pages of a batch, or of a crawl those that ended after a number."""
    most = resources.settings.interface.view_rows
    if job.kind is JobKind.SCRAPE:
        return {"pages": [_row(page) for page in await resources.jobs.pages(job.id)]}
    ended = await resources.crawls.ended_pages(job.id, after, most + 1)
    following = ended[most - 1].number if len(ended) > most else None
    return {"pages": [_row(found.page) for found in ended[:most]], "next": following}


def _row(page: Any) -> dict[str, Any]:
    return {
        "index": page.index,
        "url": mask_credentials(page.url),
        "status": page.status.value,
        "error": failure_text(page.failure) if page.failure else "",
    }


async def _map(resources: Resources, job: Job) -> dict[str, Any]:
    pages = await resources.jobs.pages(job.id)
    failure = pages[0].failure if pages else None
    if job.status is not Status.COMPLETED:
        return {"error": failure_text(failure) if failure else ""}
    stored = StoredPage(resources, job, pages[0], await resources.jobs.body_places(pages[0].id, ["map"]))
    found = await stored.value("map")
    most = resources.settings.interface.view_rows
    links = [(link, is_web_address(link)) for link in found["links"][:most]] if found else []
    in_all, is_full = (len(found["links"]), is_limit_reached(job, found)) if found else (None, False)
    return {"found": {"links": links, "in_all": in_all, "limit_reached": is_full}, "error": ""}


async def _page(stored: StoredPage) -> dict[str, Any]:
    page = stored.page
    tabs: dict[str, str] = {}
    for view, name, format_ in _TABS:
        if format_ in stored.places:
            tabs.setdefault(view, name)
    title = (await stored.value("metadata") or {}).get("title")
    summary = (await stored.text("summary", 4000))[0] if "summary" in stored.places else ""
    address = page.final_url or page.url
    code = page.failure.code if page.failure else ""
    return {
        **_row(page),
        "advice": PAGE_ERRORS[code].advice.replace("`", "") if code in PAGE_ERRORS else "",
        "title": title,
        "summary": summary,
        "address": mask_credentials(address),
        "address_leads": is_web_address(address) and address == mask_credentials(address),
        "status_code": page.status_code,
        "fetched_with": page.fetched_with.value if page.fetched_with else None,
        "cached": page.cached,
        "seconds": (page.completed_at - page.created_at).total_seconds() if page.completed_at else None,
        "tabs": [*tabs.items(), ("details", "Timings")] if page.status.ended else [],
    }
