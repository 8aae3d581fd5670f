"""The page at `/`: where to go from here. It says nothing of the service that is not public."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from pagemill import __version__

router = APIRouter(include_in_schema=False)

_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'", "X-Frame-Options": "DENY"}

_PAGE = f"""<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Pagemill</title>
<style>body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem }}</style>
</head>
<body>
<h1>Pagemill {__version__}</h1>
<p>Web pages as clean HTML, Markdown and JSON. The service runs.</p>
<ul>
<li><a href="/docs">/docs</a>: the API, to read and to try</li>
<li><a href="/openapi.json">/openapi.json</a>: the same for programs</li>
<li><a href="/health">/health</a> and <a href="/ready">/ready</a>: whether it is alive, and whether it can work</li>
</ul>
</body>
</html>
"""


@router.get("/")
async def start_page() -> HTMLResponse:
    """Return the page."""
    return HTMLResponse(_PAGE, headers=_HEADERS)
