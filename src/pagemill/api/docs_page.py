"""The OpenAPI document, and the page at /docs: Swagger UI on it, with nothing loaded from elsewhere."""

from __future__ import annotations

import asyncio
from importlib import util
from pathlib import Path

import orjson
from fastapi import APIRouter, Request
from starlette.responses import FileResponse, HTMLResponse, Response

router = APIRouter(include_in_schema=False)

_MAX_AGE = {"Cache-Control": "public, max-age=86400"}

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Pagemill API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" href="data:,">
</head>
<body>
<div id="api"></div>
<script src="/docs/swagger-ui.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""

_START = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#api",
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
})
"""

# Nothing from elsewhere, and no inline scripts: the page is given an API key. Swagger UI sets styles in attributes.
_CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_SECURITY_HEADERS = {
    "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@router.get("/openapi.json")
async def get_document(request: Request) -> Response:
    """Return the OpenAPI document. Making it takes half a second, so a thread does that."""
    document = await asyncio.to_thread(lambda: orjson.dumps(request.app.openapi()))
    return Response(document, media_type="application/json")


@router.get("/docs")
async def get_docs() -> HTMLResponse:
    """Return the page."""
    return HTMLResponse(_PAGE, headers=_SECURITY_HEADERS)


@router.get("/docs/start.js")
async def get_start() -> Response:
    """Return the script that starts Swagger UI."""
    return Response(_START, media_type="text/javascript", headers=_MAX_AGE)


@router.get("/docs/swagger-ui.js")
async def get_script() -> FileResponse:
    """Return Swagger UI's script."""
    return FileResponse(_assets() / "swagger-ui-bundle.js", headers=_MAX_AGE)


@router.get("/docs/swagger-ui.css")
async def get_style() -> FileResponse:
    """Return Swagger UI's style sheet."""
    return FileResponse(_assets() / "swagger-ui.css", headers=_MAX_AGE)


def _assets() -> Path:
    """Return the folder of Swagger UI's files in `fastapi-offline`, without running that package's code."""
    spec = util.find_spec("fastapi_offline")
    if spec is None or spec.origin is None:
        raise RuntimeError("the package fastapi-offline is not installed")
    return Path(spec.origin).parent / "static"
