"""The view at `/ui/content/{job_id}`: the page as it came at the left, its Markdown at the right.

The left one is a document of its own in an `iframe` with `sandbox="allow-scripts"`: it has no origin, so no cookies,
and its policy lets one script run, by a nonce: ours. That tells the view by messages which block is pointed at. Without
scripts it could not; with an origin, whatever broke out of it would have that of the service. Its markup is written by
`extraction.annotation.original`, which passes on nothing of the page's but its text.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse

from pagemill.api.resources import ApiResources
from pagemill.api.ui.content import shown_page
from pagemill.api.ui.form import read_form
from pagemill.api.ui.rendering import FOREIGN_HEADERS, environment, render
from pagemill.api.ui.route import PageRoute
from pagemill.api.ui.visitor import SignedIn
from pagemill.errors import RequestError
from pagemill.jobs.corrections.store import correction_id, sites_of
from pagemill.model import BlockRole, Correction

router = APIRouter(include_in_schema=False, route_class=PageRoute)

Index = Annotated[int, Query(ge=0, le=2**31 - 1)]

_THIS_TEXT = "text"
_ALL_ALIKE = "path"


@router.get("/ui/content/{job_id}")
async def show_content(
    job_id: str, request: Request, resources: ApiResources, visitor: SignedIn, index: Index = 0
) -> Response:
    """Return the view. Its module reads `block` in the address: which one is marked at first."""
    shown = await shown_page.load(resources, visitor.key_id, job_id, index)
    following = await resources.jobs.page(shown.job.id, index + 1)
    # In a thread: of a page of thousands of blocks it takes a part of a second.
    return await asyncio.to_thread(
        render,
        request,
        visitor,
        "content.html",
        shown=shown,
        index=index,
        has_next=following is not None,
        roles=list(BlockRole),
        names=shown_page.NAMES,
        letters=shown_page.LETTERS,
        counts=shown.counts(),
        notice=shown_page.CHOICES[shown.annotated["choice"]],
    )


@router.get("/ui/content/{job_id}/original")
async def show_original(job_id: str, resources: ApiResources, visitor: SignedIn, index: Index = 0) -> Response:
    """Return the page as it came, for the `iframe` of the view."""
    shown = await shown_page.load(resources, visitor.key_id, job_id, index)
    nonce = secrets.token_urlsafe(24)
    policy = (
        f"sandbox allow-scripts; default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
    )
    template = environment().get_template("content_original.html")
    page = template.render(nonce=nonce, original=Markup(shown.annotated["original"]))  # noqa: S704 - see the module
    return HTMLResponse(page, headers={**FOREIGN_HEADERS, "Content-Security-Policy": policy})


@router.post("/ui/content/{job_id}/corrections")
async def correct(
    job_id: str, request: Request, resources: ApiResources, visitor: SignedIn, index: Index = 0
) -> Response:
    """Keep a correction of one block: the form's `block`, `role` and `scope`."""
    form = await read_form(request)
    try:
        number, role = int(form.get("block")), BlockRole(form.get("role"))
    except ValueError:
        raise RequestError("The form does not say which block, or not which role.") from None
    shown = await shown_page.load(resources, visitor.key_id, job_id, index)
    block = shown.block(number)
    text = None if form.get("scope") == _ALL_ALIKE or block["alike"] == 1 else block["digest"]
    path = tuple((tag, tuple(names)) for tag, names in shown.annotated["paths"][block["path"]])
    hosts, template = sites_of([shown.page.url, shown.url]), tuple(shown.annotated["template"])
    made = correction_id(visitor.key_id, hosts, path, text, template)
    await resources.corrections.save(
        visitor.key_id,
        Correction(made, hosts, template, path, text, role),
        instead_of=BlockRole(block["role"]),
        sample=" ".join(block["text"].split()),
        url=shown.url,
        html=shown.html,
        replaces=block["correction"],
    )
    return RedirectResponse(f"/ui/content/{shown.job.id}?index={index}&block={number}", 303)
