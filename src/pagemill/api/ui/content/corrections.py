"""The list of corrections at `/ui/corrections`, and the training pages that are made of them."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse, StreamingResponse

from pagemill.api.resources import ApiResources
from pagemill.api.ui.content.shown_page import LETTERS, NAMES
from pagemill.api.ui.rendering import render
from pagemill.api.ui.route import PageRoute
from pagemill.api.ui.visitor import SignedIn
from pagemill.errors import NotFoundError
from pagemill.jobs.corrections.training_pages import zip_of

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/ui/corrections")
async def show_corrections(request: Request, resources: ApiResources, visitor: SignedIn) -> Response:
    """Return the list."""
    found = await resources.corrections.corrections_of(visitor.key_id)
    most = resources.settings.corrections.corrections_per_key
    return render(request, visitor, "corrections.html", corrections=found, most=most, names=NAMES, letters=LETTERS)


@router.post("/ui/corrections/{correction_id}/remove")
async def remove_correction(correction_id: str, resources: ApiResources, visitor: SignedIn) -> Response:
    """Remove a correction: pages are extracted without it from then on."""
    if not await resources.corrections.delete(visitor.key_id, correction_id):
        raise NotFoundError("There is no such correction.")
    return RedirectResponse("/ui/corrections", 303)


@router.get("/ui/corrections.zip")
async def export_corrections(resources: ApiResources, visitor: SignedIn) -> Response:
    """Return the corrected pages in the form of the reading set, as a ZIP archive."""
    chunks = zip_of(resources.corrections, resources.annotator, visitor.key_id)
    return StreamingResponse(
        await resources.downloads.begin(visitor.key_id, chunks),
        media_type="application/zip",
        headers={
            "Content-Disposition": 'attachment; filename="corrections.zip"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )
