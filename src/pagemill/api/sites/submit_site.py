"""Submitting a map or a crawl."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from pagemill.api.sites.answers import submitted
from pagemill.api.submission.submit import Submission, SubmitEndpoint, checked_webhook, submit
from pagemill.api.submission.warnings import warnings_of
from pagemill.model import JobKind

if TYPE_CHECKING:
    from starlette.responses import Response

    from pagemill.api.resources import Resources
    from pagemill.api.wire.scrape_request import JobFields
    from pagemill.jobs.queue.store import Site
    from pagemill.model import ScrapeOptions


async def submit_site(  # noqa: PLR0913, PLR0917 - what makes a submission
    resources: Resources,
    key_id: str,
    endpoint: SubmitEndpoint,
    site: Site,
    options: ScrapeOptions,
    body: JobFields,
    idempotency_key: str | None,
) -> Response:
    """Submit a map or a crawl, and return the answer."""
    submission = Submission(
        endpoint,
        [site.options.url],
        options,
        checked_webhook(resources, body),
        batch=site.kind is JobKind.CRAWL,
        idempotency_key=idempotency_key,
        site=site,
    )
    job = await submit(resources, key_id, submission)
    return JSONResponse({**submitted(job, site.options.url), **warnings_of(body)}, 202)
