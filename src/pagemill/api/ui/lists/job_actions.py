"""What can be done with a job: cancel it, or run it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from pagemill.api.resources import ApiResources
from pagemill.api.sites.requests import site_of
from pagemill.api.submission.submit import Submission, SubmitEndpoint, submit
from pagemill.api.ui.downloads.stored_pages import pages_of
from pagemill.api.ui.form import read_form
from pagemill.api.ui.lists.job import job_of_path
from pagemill.api.ui.route import PageRoute
from pagemill.api.ui.visitor import SignedIn
from pagemill.errors import ConflictError
from pagemill.model import JobKind, Status

if TYPE_CHECKING:
    from pagemill.api.resources import Resources
    from pagemill.model import Job

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_SEE_OTHER = 303


@router.post("/ui/jobs/{job_id}/cancel")
async def cancel_job(job_id: str, resources: ApiResources, visitor: SignedIn) -> Response:
    """Cancel what has not begun of a job. What is worked on ends as it would have."""
    job, _ = await job_of_path(resources, job_id, visitor.key_id)
    if job.kind is JobKind.CRAWL:
        await resources.crawls.stop(job.id, visitor.key_id)
    elif job.kind is JobKind.BULK:
        await resources.batches.cancel(job.id, visitor.key_id)
    else:
        await resources.jobs.cancel(job.id, visitor.key_id)
    return RedirectResponse(f"/ui/jobs/{job.id}", _SEE_OTHER)


@router.post("/ui/jobs/{job_id}/retry")
async def retry_job(job_id: str, request: Request, resources: ApiResources, visitor: SignedIn) -> Response:
    """Submit a job again as a new one, with the same options: all of it, or what failed (`what=failed`).

    Raises errors.ConflictError for a job that has not ended, where nothing failed, and for more URLs than a batch may
    have; and what a submission raises.
    """
    job, details = await job_of_path(resources, job_id, visitor.key_id)
    if not job.status.ended:
        raise ConflictError("The job has not ended yet.")
    only_failed = (await read_form(request)).get("what") == "failed"
    progress = details.progress
    pages = progress.failed if only_failed else progress.pages
    new = await submit(resources, visitor.key_id, await _submission(resources, job, pages, only_failed=only_failed))
    return RedirectResponse(f"/ui/jobs/{new.id}", _SEE_OTHER)


async def _submission(resources: Resources, job: Job, pages: int, *, only_failed: bool) -> Submission:
    """Return what submits a job again, `pages` of them."""
    if job.kind is JobKind.BULK:
        raise ConflictError("A batch by upload is run again by uploading it again.")
    if job.site is not None:
        endpoint = SubmitEndpoint.CRAWL if job.kind is JobKind.CRAWL else SubmitEndpoint.MAP
        urls, site = [job.site.url], site_of(job.kind, job.site)
    else:
        if pages > resources.settings.requests.max_batch_urls:
            raise ConflictError("The job has more URLs than one batch may have. Submit them by the API.")
        endpoint, site = SubmitEndpoint.RETRY, None
        listed = [page async for _, page in pages_of(resources, job)]
        urls = [page.url for page in listed if not only_failed or page.status is Status.FAILED]
    if not urls:
        raise ConflictError("Nothing of this job failed.")
    return Submission(
        endpoint, urls, job.options, job.webhook_url, job.webhook, batch=job.batch, retry_of=job.id, site=site
    )
