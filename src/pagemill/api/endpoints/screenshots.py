"""The screenshots of a page, as PNG."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query, Response
from starlette.responses import StreamingResponse

from pagemill.api.endpoints.url_scraper import JobIdInPath, is_job_id
from pagemill.api.middleware.api_keys import KeyId
from pagemill.api.resources import ApiResources
from pagemill.api.wire.response import no_such_job
from pagemill.errors import NotFoundError
from pagemill.model import Format, Status

router = APIRouter(prefix="/v1", tags=["URL scraper"])


class ScreenshotType(StrEnum):
    """Which of a page's screenshots."""

    VIEWPORT = "viewport"
    FULL_PAGE = "fullpage"


_FORMATS = {ScreenshotType.VIEWPORT: Format.SCREENSHOT, ScreenshotType.FULL_PAGE: Format.SCREENSHOT_FULL_PAGE}


@router.get(
    "/url-scraper/{id}/screenshot",
    operation_id="getScreenshot",
    summary="Get a screenshot",
    response_class=Response,
    responses={200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def get_screenshot(
    job_id: JobIdInPath,
    resources: ApiResources,
    key_id: KeyId,
    type: Annotated[ScreenshotType, Query(description="What was asked for.")] = ScreenshotType.VIEWPORT,  # noqa: A002
    index: Annotated[int, Query(ge=0, le=2**31 - 1, description="Of a batch or a crawl, which URL's.")] = 0,
) -> Response:
    """Return the PNG of a page that was scraped with the format `screenshot` or `screenshotFullPage`."""
    job = await resources.jobs.get(job_id, key_id) if is_job_id(job_id) else None
    if job is None:
        raise no_such_job()
    page = await resources.jobs.page(job.id, index)
    if page is not None and page.status is Status.COMPLETED:
        page_id, name = page.id, _FORMATS[type].value
        place = (await resources.jobs.body_places(page_id, [name])).get(name)
        if place is not None:
            return StreamingResponse(
                await resources.downloads.begin(key_id, resources.jobs.body_parts(place)),
                media_type="image/png",
                headers={"Content-Length": str(place.size)},
            )
    raise NotFoundError("There is no such screenshot.")
