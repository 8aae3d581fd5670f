"""The page at `/`."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from pagemill.api.ui.rendering import render
from pagemill.api.ui.route import PageRoute
from pagemill.api.ui.visitor import SignedIn

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/")
async def show_playground(request: Request, visitor: SignedIn) -> Response:
    """Return the page."""
    return render(request, visitor, "playground.html")
