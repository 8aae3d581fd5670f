"""The routers of the interface, each a group of views."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from pagemill.api.ui import sign_in, static_files
from pagemill.api.ui.content import corrections
from pagemill.api.ui.content import page as content
from pagemill.api.ui.downloads import endpoint as downloads
from pagemill.api.ui.lists import job, job_actions, jobs, monitors
from pagemill.api.ui.operations import hosts, keys, operations, proxies, webhooks
from pagemill.api.ui.playground import contents, submissions, watching
from pagemill.api.ui.playground import page as playground
from pagemill.api.ui.route import PageRoute
from pagemill.api.ui.visitor import SignedIn
from pagemill.errors import NotFoundError

_last = APIRouter(include_in_schema=False, route_class=PageRoute)


@_last.get("/ui/{path:path}")
async def find_nothing(path: str, request: Request, visitor: SignedIn) -> Response:  # noqa: ARG001 - it asks who
    """Say that there is no such page, as a page."""
    raise NotFoundError("There is no such page.")


ROUTERS = (
    sign_in.router,
    static_files.router,
    playground.router,
    submissions.router,
    watching.router,
    contents.router,
    content.router,
    corrections.router,
    jobs.router,
    job.router,
    job_actions.router,
    downloads.router,
    monitors.router,
    operations.router,
    keys.router,
    webhooks.router,
    proxies.router,
    hosts.router,
    # Views come above this line.
    _last,
)
"""In this order: the last one takes what no other took."""
