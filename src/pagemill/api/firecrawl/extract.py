"""`/v2/extract`: structured data of several pages as one value."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Response
from starlette.responses import JSONResponse

from pagemill.api.firecrawl.answers import FirecrawlExtract, FirecrawlSubmitted
from pagemill.api.firecrawl.documents import generated_json
from pagemill.api.firecrawl.headers import IdempotencyKey
from pagemill.api.firecrawl.jobs.batch import BatchIdInPath, found_batch
from pagemill.api.firecrawl.jobs.status import expiry, status_of
from pagemill.api.firecrawl.merging import Merged
from pagemill.api.firecrawl.requests.fields import FirecrawlExtractRequest
from pagemill.api.firecrawl.requests.formats import schema_of
from pagemill.api.firecrawl.requests.options import asked_options, checked_schema, joined
from pagemill.api.firecrawl.requests.refusals import refuse_unserved, warnings_about
from pagemill.api.firecrawl.requests.urls import parted_urls
from pagemill.api.firecrawl.requests.webhook import checked_webhook
from pagemill.api.middleware.api_keys import KeyId
from pagemill.api.resources import ApiResources
from pagemill.api.submission.submit import Submission, SubmitEndpoint, submit
from pagemill.api.wire.response import no_such_job, stored_of_one_of_many
from pagemill.api.wire.strict_json import StrictJsonRoute
from pagemill.errors import NotSupportedError
from pagemill.jobs.queue.failures import batch_error, failure_text
from pagemill.model import Format, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.api.resources import Resources
    from pagemill.model import Job, JsonObject, Page

router = APIRouter(prefix="/v2/extract", tags=["Firecrawl"], route_class=StrictJsonRoute)


@router.post(
    "",
    operation_id="firecrawlSubmitExtract",
    summary="Make structured data of pages",
    response_model=FirecrawlSubmitted,
)
async def submit_extract(
    body: FirecrawlExtractRequest, resources: ApiResources, key_id: KeyId, idempotency_key: IdempotencyKey = None
) -> Response:
    """Queue pages whose structured data is wanted."""
    refuse_unserved(body, served=("prompt",))
    for index, url in enumerate(body.urls):
        if url.rstrip().endswith("*"):
            raise NotSupportedError(f"The field `urls[{index}]` is not supported: name pages, without `*`.")
    urls, invalid = parted_urls(body.urls, resources.settings, ignore_invalid=body.ignore_invalid_urls is not False)
    asked = await asked_options(body.scrape_options, resources, key_id, "scrapeOptions.")
    schema = await checked_schema(schema_of(body.schema_, body.prompt), "schema", resources, key_id)
    options = replace(asked.options, formats=(Format.JSON,), output_schema=schema)
    told = checked_webhook(body.webhook, "extract", resources)
    submission = Submission(
        SubmitEndpoint.BATCH, urls, options, told.url, told.webhook, batch=True, idempotency_key=idempotency_key
    )
    job = await submit(resources, key_id, submission)
    return JSONResponse(
        {
            "success": True,
            "id": job.id,
            **({"invalidURLs": invalid} if body.ignore_invalid_urls is not False else {}),
            **joined([*warnings_about(body), *asked.warnings]),
        }
    )


@router.get(
    "/{id}",
    operation_id="firecrawlGetExtract",
    summary="Read the structured data of pages",
    response_model=FirecrawlExtract,
)
async def get_extract(batch_id: BatchIdInPath, resources: ApiResources, key_id: KeyId) -> Response:
    """Return the data of the pages as one value, once all have ended."""
    job, pages = await found_batch(resources, batch_id, key_id)
    if Format.JSON not in job.options.formats:
        raise no_such_job()
    status = status_of(job)
    fields: JsonObject = {
        "success": True,
        "status": "processing" if status == "scraping" else status,
        "data": {},
        "expiresAt": expiry(resources, job),
    }
    if not job.status.ended:
        return JSONResponse(fields)
    if status == "failed":
        return JSONResponse({**fields, "success": False, "error": batch_error(pages)})
    return JSONResponse({**fields, **await _data(resources, job, pages)})


async def _data(resources: Resources, job: Job, pages: Sequence[Page]) -> JsonObject:
    merged = Merged()
    warnings: list[str] = []
    for page in pages:
        if page.status is not Status.COMPLETED:
            warnings += [f"{page.url}: {failure_text(page.failure)}"] if page.failure else []
            continue
        stored = await stored_of_one_of_many(resources.jobs, job, page)
        warnings += [f"{page.url}: {reason}" for reason in stored.failure.values()]
        generated: dict[str, Any] = {}
        if Format.JSON in stored.bodies:
            generated = await generated_json(stored.bodies[Format.JSON])
        merged.add(page.url, generated.get("data"))
        warnings += [f"{page.url}: {generated[name]}" for name in ("error", "warning") if generated.get(name)]
    return {"data": merged.data, "sources": merged.sources, "creditsUsed": len(pages), **joined(warnings)}
