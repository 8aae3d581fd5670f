"""The downloads of a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from pagemill.api.endpoints.url_scraper import is_job_id
from pagemill.api.resources import ApiResources
from pagemill.api.ui.downloads.json_lines import json_lines
from pagemill.api.ui.downloads.parquet_file import MISSING, is_available, parquet_file
from pagemill.api.ui.downloads.zip_file import zip_file
from pagemill.api.ui.route import PageRoute
from pagemill.api.ui.visitor import SignedIn
from pagemill.api.wire.response import no_such_job
from pagemill.errors import NotFoundError, NotSupportedError
from pagemill.model import JobKind

if TYPE_CHECKING:
    from pagemill.api.resources import Resources
    from pagemill.model import Job

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_FORMS = {
    "jsonl": (json_lines, "application/jsonl"),
    "zip": (zip_file, "application/zip"),
    "parquet": (parquet_file, "application/vnd.apache.parquet"),
}


def reason_against(resources: Resources, form: str, job: Job, pages: int) -> str | None:
    """Return why a job is not offered in a form, or None where it is."""
    if job.kind is JobKind.MAP:
        return "A map has URLs, and no pages."
    if form == "parquet" and not is_available():
        return MISSING
    most = resources.settings.lists.zip_download_pages
    if form == "zip" and pages > most:
        return f"A ZIP file holds {most} pages at most (PAGEMILL_ZIP_DOWNLOAD_PAGES)."
    return None


@router.get("/ui/jobs/{job_id}/pages.{form}")
async def download(job_id: str, form: str, resources: ApiResources, visitor: SignedIn) -> Response:
    """Send the pages of a job as they stand, once it is this download's turn among those of its key."""
    if form not in _FORMS:
        raise NotFoundError("There is no such file.")
    job = await resources.jobs.get(job_id, visitor.key_id) if is_job_id(job_id) else None
    details = await resources.job_lists.details(job_id, visitor.key_id) if job else None
    if job is None or details is None:
        raise no_such_job()
    reason = reason_against(resources, form, job, details.progress.pages)
    if reason is not None:
        raise NotSupportedError(reason)
    make, media_type = _FORMS[form]
    chunks = await resources.downloads.begin(visitor.key_id, make(resources, job))
    headers = {
        "Content-Disposition": f'attachment; filename="{job.id}.{form}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return StreamingResponse(chunks, media_type=media_type, headers=headers)
