"""The interface's own style sheet, modules and pictures: read once, sent with a tag by which browsers keep them."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

from pagemill.api.ui.route import PageRoute
from pagemill.errors import NotFoundError

router = APIRouter(include_in_schema=False, route_class=PageRoute)

FOLDER = Path(__file__).parent / "assets"
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".txt": "text/plain"}
_HEADERS = {
    "Cache-Control": "no-cache",  # asked for again with each page, and sent again where it changed
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",  # the frame of the content view has no origin
}


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    media_type: str
    tag: str


@router.get("/ui/assets/{name}")
async def get_asset(name: str, request: Request) -> Response:
    """Return a file, or 304 where the browser has it."""
    file = _files().get(name)
    if file is None:
        raise NotFoundError("There is no such file.")
    headers = {**_HEADERS, "ETag": file.tag}
    if request.headers.get("if-none-match") == file.tag:
        return Response(status_code=304, headers=headers)
    return Response(file.body, media_type=file.media_type, headers=headers)


@functools.cache
def _files() -> dict[str, _File]:
    """All files by name: less than 300 KB."""
    return {
        path.name: _File(body, _MEDIA_TYPES[path.suffix], f'"{hashlib.sha256(body).hexdigest()[:16]}"')
        for path in FOLDER.iterdir()
        for body in (path.read_bytes(),)
    }
