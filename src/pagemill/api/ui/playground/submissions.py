"""Submitting from the playground: the API's own requests, checked and submitted by the API's own code."""

from __future__ import annotations

from fastapi import APIRouter, Response

from pagemill.api.endpoints.crawl import submit_crawl
from pagemill.api.endpoints.map_ import submit_map
from pagemill.api.endpoints.url_scraper import submit_batch, submit_url
from pagemill.api.resources import ApiResources
from pagemill.api.sites.requests import CrawlRequest, MapRequest
from pagemill.api.ui.route import PageRoute
from pagemill.api.ui.visitor import SignedIn
from pagemill.api.wire.scrape_request import BatchRequest, ScrapeRequest

router = APIRouter(prefix="/ui/playground", include_in_schema=False, route_class=PageRoute)


@router.post("/page", status_code=202)
async def submit_one(visitor: SignedIn, body: ScrapeRequest, resources: ApiResources) -> Response:
    """Submit a page, as `POST /v1/url-scraper` does."""
    return await submit_url(body, resources, visitor.key_id)


@router.post("/batch", status_code=202)
async def submit_several(visitor: SignedIn, body: BatchRequest, resources: ApiResources) -> Response:
    """Submit several pages, as `POST /v1/url-scraper/batch` does."""
    return await submit_batch(body, resources, visitor.key_id)


@router.post("/map", status_code=202)
async def submit_site_map(visitor: SignedIn, body: MapRequest, resources: ApiResources) -> Response:
    """Submit a map, as `POST /v1/map` does."""
    return await submit_map(body, resources, visitor.key_id)


@router.post("/crawl", status_code=202)
async def submit_site_crawl(visitor: SignedIn, body: CrawlRequest, resources: ApiResources) -> Response:
    """Submit a crawl, as `POST /v1/crawl` does."""
    return await submit_crawl(body, resources, visitor.key_id)
