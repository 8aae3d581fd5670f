"""API keys: what they use, and for operators making and revoking them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from pagemill.api.resources import ApiResources
from pagemill.api.ui.form import read_form
from pagemill.api.ui.rendering import render
from pagemill.api.ui.route import PageRoute
from pagemill.api.ui.visitor import SignedIn, SignedInOperator
from pagemill.errors import ConflictError, NotFoundError, RequestError
from pagemill.jobs.keys.usage import MOST_COUNTED

if TYPE_CHECKING:
    from pagemill.api.resources import Resources
    from pagemill.api.ui.visitor import Visitor

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_LISTED = 100
_LONGEST_NAME = 100
_LONGEST_ID = 64
_SEE_OTHER = 303


@router.get("/ui/keys")
async def show_keys(request: Request, resources: ApiResources, visitor: SignedIn) -> Response:
    """Show what keys use: an operator all of them, anyone else their own."""
    return await _page(request, resources, visitor)


@router.post("/ui/keys")
async def create_key(request: Request, resources: ApiResources, visitor: SignedInOperator) -> Response:
    """Make a key, and show it this once."""
    form = await read_form(request)
    name = " ".join(form.get("name").split())
    if not 0 < len(name) <= _LONGEST_NAME:
        raise RequestError(f"A key's name has 1 to {_LONGEST_NAME} characters.")
    key_id, secret = await resources.keys.create(name, operator=form.get("operator") == "yes")
    return await _page(request, resources, visitor, created=(key_id, name, secret))


@router.post("/ui/keys/{key_id}/revoke")
async def revoke_key(key_id: str, resources: ApiResources, visitor: SignedInOperator) -> Response:
    """Make a key useless at once. Not the one that the browser is signed in with: it might be the last operator's."""
    if key_id == visitor.key_id:
        raise ConflictError("You are signed in with this key. Sign in with another operator's key to revoke it.")
    if len(key_id) > _LONGEST_ID or not await resources.keys.revoke(key_id):
        raise NotFoundError("There is no such key.")
    return RedirectResponse("/ui/keys", _SEE_OTHER)


async def _page(
    request: Request, resources: Resources, visitor: Visitor, created: tuple[str, str, str] | None = None
) -> Response:
    before = request.query_params.get("before") or None
    if visitor.operator:
        found = list(await resources.key_usages.list(before, _LISTED + 1))
    else:
        own = await resources.key_usages.of(visitor.key_id)
        found = [own] if own else []
    return render(
        request, visitor, "keys.html",
        usages=found[:_LISTED],
        is_first=before is None,
        older=f"/ui/keys?before={found[_LISTED - 1].key.id}" if len(found) > _LISTED else None,
        created=created,
        most_counted=MOST_COUNTED,
        limits=resources.settings.limits,
    )  # fmt: skip
