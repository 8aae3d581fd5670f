"""The scraper under the paths and names that workflow tools use: `/v1/request`, in snake case."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import AliasChoices, ConfigDict, Field

from pagemill.api.endpoints.url_scraper import (
    UNCHANGED,
    AnyJob,
    IdempotencyKey,
    answer_batch,
    answer_single,
    get_job,
)
from pagemill.api.middleware.api_keys import KeyId
from pagemill.api.resources import ApiResources
from pagemill.api.wire.answer_shapes import SubmittedBatch, SubmittedJob
from pagemill.api.wire.answers import BATCH
from pagemill.api.wire.scrape_request import ScrapeFields
from pagemill.api.wire.strict_json import StrictJsonRoute
from pagemill.errors import RequestError

router = APIRouter(prefix="/v1", tags=["URL scraper"], route_class=StrictJsonRoute)


class JobRequest(ScrapeFields):
    """One URL or several to scrape. Every name may be in snake case too."""

    job_type: Literal["url_scraper", "batch_url_scraper"] = Field(
        alias="job_type",
        validation_alias=AliasChoices("job_type", "jobType"),
        description="Whether `url` or `urls` is to be scraped.",
    )
    url: str | None = Field(None, description="The page of a `url_scraper`: http or https.")
    urls: Annotated[list[str], Field(min_length=1)] | None = Field(
        None, description="The pages of a `batch_url_scraper`: http or https."
    )

    model_config = ConfigDict(
        populate_by_name=True,
        json_schema_extra={"examples": [{"job_type": "url_scraper", "url": "https://example.com", "country": "us"}]},
    )


@router.post(
    "/request",
    operation_id="submitRequest",
    summary="Scrape a URL or several: for workflow tools",
    status_code=202,
    response_model=SubmittedJob | SubmittedBatch,
)
async def submit_request(
    body: JobRequest, resources: ApiResources, key_id: KeyId, idempotency_key: IdempotencyKey = None
) -> Response:
    """Do as `/v1/url-scraper` or `/v1/url-scraper/batch` does, by the `job_type`."""
    if body.job_type == BATCH:
        if body.urls is None:
            raise RequestError("The field `urls` is required.")
        return await answer_batch(resources, key_id, body, body.urls, idempotency_key)
    if body.url is None:
        raise RequestError("The field `url` is required.")
    return await answer_single(resources, key_id, body, body.url, idempotency_key)


router.get(
    "/request/{id}",
    operation_id="getRequest",
    summary="The same as /v1/url-scraper/{id}",
    response_model=AnyJob,
    responses=UNCHANGED,
)(get_job)
