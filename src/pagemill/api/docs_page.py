"""The page at /docs: Swagger UI on /openapi.json, with nothing loaded from elsewhere."""

from __future__ import annotations

from importlib import util
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse, HTMLResponse

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
<script>
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#api",
  deepLinking: true,
  persistAuthorization: true,
  validatorUrl: null,
})
</script>
</body>
</html>
"""


@router.get("/docs")
async def get_docs() -> HTMLResponse:
    """Return the page."""
    return HTMLResponse(_PAGE)


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
