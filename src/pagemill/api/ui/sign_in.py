"""Signing in with an API key, and out."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from pagemill.api.resources import ApiResources
from pagemill.api.ui.form import read_form
from pagemill.api.ui.route import PageRoute, local_path, sign_in_page
from pagemill.api.ui.visitor import COOKIE, SignedIn, check_change, delete_cookie, forms_of, set_cookie

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_WRONG = "This API key is not known, or was revoked."
_SEE_OTHER = 303


@router.get("/ui/sign-in")
async def show_sign_in(request: Request, way_back: str = "/") -> Response:
    """Ask for an API key."""
    return sign_in_page(request, way_back=way_back)


@router.post("/ui/sign-in")
async def sign_in(request: Request, resources: ApiResources) -> Response:
    """Sign a browser in, and lead it back to where it was going.

    A wrong key costs what it costs at the API: one look at an index. A key is 256 random bits, so there is nothing to
    be had by guessing.
    """
    await check_change(request, forms_of(request))
    form = await read_form(request)
    way_back = form.get("way_back", "/")
    known = await resources.keys.find(form.get("key").strip())
    token = await resources.sign_ins.begin(known.id) if known else None
    if token is None:
        return sign_in_page(request, way_back=way_back, status=401, problem=_WRONG)
    response = RedirectResponse(local_path(way_back), _SEE_OTHER)
    set_cookie(request, response, COOKIE, token, round(resources.settings.interface.sign_in_time))
    return response


@router.post("/ui/sign-out")
async def sign_out(request: Request, resources: ApiResources, _visitor: SignedIn) -> Response:
    """Sign a browser out."""
    await resources.sign_ins.end(request.cookies.get(COOKIE, ""))
    response = RedirectResponse("/ui/sign-in", _SEE_OTHER)
    delete_cookie(request, response, COOKIE)
    return response
