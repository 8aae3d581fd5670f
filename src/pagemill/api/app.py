"""The ASGI application."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware

from pagemill import __version__
from pagemill.api import docs_page, openapi
from pagemill.api.batches import endpoint as batches
from pagemill.api.endpoints import (
    countries,
    crawl,
    health,
    jobs,
    map_,
    metrics,
    not_served,
    proxy_scores,
    requests,
    screenshots,
    url_scraper,
    webhooks,
)
from pagemill.api.firecrawl import extract as firecrawl_extract
from pagemill.api.firecrawl import map_ as firecrawl_map
from pagemill.api.firecrawl import not_served as firecrawl_not_served
from pagemill.api.firecrawl import scrape as firecrawl_scrape
from pagemill.api.firecrawl import search as firecrawl_search
from pagemill.api.firecrawl.jobs import batch as firecrawl_batch
from pagemill.api.firecrawl.jobs import crawl as firecrawl_crawl
from pagemill.api.mcp import endpoint as mcp_endpoint
from pagemill.api.mcp.mount import McpMount
from pagemill.api.middleware.api_keys import Authentication
from pagemill.api.middleware.body_limit import BodySizeLimit
from pagemill.api.middleware.encoding_negotiation import EncodingNegotiation
from pagemill.api.middleware.recorded_request import RouteRecording
from pagemill.api.middleware.request_logging import RequestLogging
from pagemill.api.middleware.request_normalisation import RequestNormalisation
from pagemill.api.monitors import alerts as monitor_alerts
from pagemill.api.monitors import endpoint as monitors
from pagemill.api.monitors import history as monitor_history
from pagemill.api.reader import endpoint as reader
from pagemill.api.resources import open_resources
from pagemill.api.search import endpoint as search
from pagemill.api.sessions import endpoint as sessions
from pagemill.api.submission.job_polls import JobPolls
from pagemill.api.ui.routers import ROUTERS
from pagemill.api.wire.error_response import add_error_handlers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pagemill.settings import Settings

_GZIP_LEVEL = 4
_SMALLEST_COMPRESSED = 1024


def create_app(settings: Settings) -> FastAPI:
    """Return the application. Its lifespan opens the database named by the settings, and closes it."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_resources(settings) as resources, McpMount(app, settings, resources.stopping) as mcp:
            app.state.resources, app.state.mcp = resources, mcp
            yield

    app = FastAPI(
        title="Pagemill",
        version=__version__,
        description=openapi.DESCRIPTION,
        lifespan=lifespan,
        redirect_slashes=False,
        openapi_url=None,  # served by docs_page
        docs_url=None,
        redoc_url=None,
    )
    served = (
        screenshots,
        url_scraper,
        requests,
        jobs,
        map_,
        crawl,
        batches,
        monitors,
        monitor_history,
        monitor_alerts,
        sessions,
        search,
        webhooks,
        reader,
        mcp_endpoint,
        countries,
        proxy_scores,
        health,
        metrics,
        docs_page,
    )
    firecrawl = (firecrawl_scrape, firecrawl_batch, firecrawl_crawl, firecrawl_map, firecrawl_extract, firecrawl_search)
    for part in (*served, *firecrawl, not_served, firecrawl_not_served):
        # include_router() would compile each route's models a second time, in the first request of each application.
        app.router.routes.extend(part.router.routes)
    for router in ROUTERS:
        app.router.routes.extend(router.routes)
    add_error_handlers(app)
    openapi.complete(app, settings)
    _add_middleware(app, settings)
    return app


def _add_middleware(app: FastAPI, settings: Settings) -> None:
    """Add the middleware, innermost first."""
    app.add_middleware(RouteRecording)
    app.add_middleware(
        BodySizeLimit,
        max_bytes=settings.requests.max_request_bytes,
        of_uploads=settings.batches.batch_upload_bytes,
    )
    app.add_middleware(Authentication)
    app.add_middleware(
        GZipMiddleware,
        minimum_size=_SMALLEST_COMPRESSED,
        compresslevel=_GZIP_LEVEL,
        exclude_content_types=(*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/vnd.apache.parquet"),
    )
    app.add_middleware(JobPolls)
    app.add_middleware(EncodingNegotiation)
    app.add_middleware(RequestNormalisation)
    app.add_middleware(RequestLogging)
