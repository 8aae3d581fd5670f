"""The endpoints of batches by upload: upload one, see how far it is, read its results, cancel it."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Annotated, Any

import orjson
from fastapi import APIRouter, Header, Path, Query, Request, Response
from starlette.responses import JSONResponse

from pagemill.api.batches import answers
from pagemill.api.batches.answers import Batch, UploadedBatch
from pagemill.api.batches.requests import OPTIONS_HEADER, LineReader, batch_options
from pagemill.api.batches.results import MEDIA_TYPES, ResultFormat, results_response
from pagemill.api.batches.upload import Upload
from pagemill.api.endpoints.url_scraper import IdempotencyKey, Wait
from pagemill.api.middleware.api_keys import KeyId
from pagemill.api.resources import ApiResources, Resources
from pagemill.api.submission.submit import SubmitEndpoint, check_session, checked_webhook
from pagemill.api.submission.waiting import await_end
from pagemill.api.submission.warnings import warnings_of
from pagemill.api.wire.request_validation import scrape_options
from pagemill.api.wire.response import no_such_job
from pagemill.jobs.queue.store import Idempotency
from pagemill.observability import tracing

if TYPE_CHECKING:
    from pagemill.api.batches.requests import BatchOptions
    from pagemill.jobs.batches.store import BatchProgress
    from pagemill.model import Job, ScrapeOptions

router = APIRouter(prefix="/v1", tags=["Batches by upload"])

MAX_NUMBER = 2**31 - 1
_BATCH_ID = re.compile(r"bulk_[0-9a-z]{1,64}")

BatchIdInPath = Annotated[str, Path(alias="id", description="The id that the upload was answered with.")]
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "JSON Lines: on each line a URL, or an object with `url`, and perhaps `id` and `options`. "
        "Or Parquet with such columns. Any `Content-Type` will do; `Content-Encoding` is none, `gzip` or `zstd`.",
        "content": {
            "text/plain": {
                "schema": {"type": "string"},
                "example": 'https://example.com/a\n{"url": "https://example.com/b", "id": "7"}\n',
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


@router.post(
    "/batches",
    operation_id="uploadBatch",
    summary="Upload a batch of up to a million URLs",
    status_code=202,
    response_model=UploadedBatch,
    openapi_extra=_BODY,
)
async def upload_batch(
    request: Request,
    resources: ApiResources,
    key_id: KeyId,
    options: Annotated[
        str | None,
        Header(
            alias=OPTIONS_HEADER,
            description="The options of all its pages, and `callback`: a JSON object with the fields of "
            "`POST /v1/url-scraper`.",
        ),
    ] = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Take a batch in as it comes. It is there whole, once this is answered, or not at all. One bad line refuses it."""
    asked = batch_options(options)
    with resources.uploads.taken(key_id):
        return await _upload(request, resources, key_id, asked, idempotency_key)


@router.get("/batches/{id}", operation_id="getUploadedBatch", summary="See how far a batch is", response_model=Batch)
async def get_batch(
    request: Request, batch_id: BatchIdInPath, resources: ApiResources, key_id: KeyId, wait: Wait = 0
) -> Response:
    """Return the status and the counts of a batch by upload."""
    await _batch(resources, batch_id, key_id)
    await await_end(resources, batch_id, key_id, seconds=wait, receive=request.receive)
    return JSONResponse(answers.batch(*await _batch(resources, batch_id, key_id)))


@router.get(
    "/batches/{id}/results",
    operation_id="getBatchResults",
    summary="Read a batch's results",
    response_class=Response,
    responses={200: {"content": {media_type: {} for media_type in MEDIA_TYPES.values()}}},
)
async def get_results(  # noqa: PLR0913, PLR0917 - each is a parameter of the request
    request: Request,
    batch_id: BatchIdInPath,
    resources: ApiResources,
    key_id: KeyId,
    cursor: Annotated[int, Query(ge=0, le=MAX_NUMBER, description="Only those after the one with this `number`.")] = 0,
    limit: Annotated[int | None, Query(ge=1, le=MAX_NUMBER, description="How many at most.")] = None,
    format: Annotated[ResultFormat, Query(description="How they are written.")] = ResultFormat.LINES,  # noqa: A002
) -> Response:
    """Stream the pages that have ended, in the order of completion. `X-Next-Cursor` leads on, also while it runs."""
    job, progress = await _batch(resources, batch_id, key_id)
    return await results_response(resources, job, progress, request.headers, cursor=cursor, limit=limit, form=format)


@router.delete("/batches/{id}", operation_id="cancelUploadedBatch", summary="Cancel a batch", response_model=Batch)
async def cancel_batch(batch_id: BatchIdInPath, resources: ApiResources, key_id: KeyId) -> Response:
    """Begin no more pages of a batch. Those that are being worked on end as they would have."""
    await _batch(resources, batch_id, key_id)
    await resources.batches.cancel(batch_id, key_id)
    return JSONResponse(answers.batch(*await _batch(resources, batch_id, key_id)))


async def _upload(
    request: Request, resources: Resources, key_id: str, asked: BatchOptions, idempotency_key: str | None
) -> Response:
    options = await scrape_options(asked, resources.settings, resources.schemas, key_id)
    await check_session(resources, key_id, options)
    webhook_url = checked_webhook(resources, asked)
    upload = Upload(request, resources, key_id)
    if idempotency_key is not None and await resources.batches.is_known(key_id, idempotency_key):
        await upload.drain()
        job = await resources.jobs.find_existing_job(
            key_id, _idempotency(resources, upload, options, webhook_url, idempotency_key)
        )
        if job is None:
            raise no_such_job()
    else:
        job = await _new_batch(resources, key_id, upload, asked, options, webhook_url, idempotency_key)
    found = await resources.batches.get(job.id, key_id)
    if found is None:
        raise no_such_job()
    return JSONResponse({**answers.uploaded(job, found[1].total), **warnings_of(asked)}, 202)


async def _new_batch(  # noqa: PLR0913, PLR0917 - what is known of it
    resources: Resources,
    key_id: str,
    upload: Upload,
    asked: BatchOptions,
    options: ScrapeOptions,
    webhook_url: str | None,
    idempotency_key: str | None,
) -> Job:
    sealed = await resources.sessions.seal_options(key_id, options)
    batch_id = await resources.batches.begin(key_id)
    try:
        lines = await upload.copy(batch_id, LineReader(resources, key_id, asked))
        if resources.limits:
            await resources.limits.admit(key_id, SubmitEndpoint.UPLOAD, lines)
        job = await resources.batches.accept(
            batch_id,
            key_id,
            lines,
            sealed,
            idempotency=_idempotency(resources, upload, options, webhook_url, idempotency_key),
            webhook_url=webhook_url,
            trace_context=tracing.current_context(),
        )
    except Exception:
        await resources.batches.abandon(batch_id)
        raise
    if job.id != batch_id:
        await resources.batches.abandon(batch_id)
    return job


def _idempotency(
    resources: Resources, upload: Upload, options: ScrapeOptions, webhook_url: str | None, key: str | None
) -> Idempotency | None:
    if key is None:
        return None
    asked = hashlib.sha256(upload.digest.digest() + orjson.dumps([options, webhook_url])).digest()
    # Lines may have secrets too: nobody without the service's key can try what they are.
    return Idempotency(key, resources.sessions.request_hash(asked, options, secret=True))


async def _batch(resources: Resources, batch_id: str, key_id: str) -> tuple[Job, BatchProgress]:
    found = await resources.batches.get(batch_id, key_id) if _BATCH_ID.fullmatch(batch_id) else None
    if found is None:
        raise no_such_job()
    return found
