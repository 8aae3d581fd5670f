"""What was learnt of hosts, and forgetting it. For operators: it tells which hosts all keys scrape."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from pagemill.api.resources import ApiResources
from pagemill.api.ui.form import read_form
from pagemill.api.ui.rendering import render
from pagemill.api.ui.route import PageRoute
from pagemill.api.ui.visitor import SignedInOperator
from pagemill.errors import RequestError

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_LISTED = 50
_LONGEST_HOST = 260
_SEE_OTHER = 303


@router.get("/ui/hosts")
async def show_hosts(request: Request, resources: ApiResources, visitor: SignedInOperator) -> Response:
    """Show hosts by name, those that begin with `q`."""
    prefix = request.query_params.get("q", "").strip().lower()[:_LONGEST_HOST]
    after = request.query_params.get("after", "")[:_LONGEST_HOST]
    found = await resources.known_hosts.list(after, prefix, _LISTED + 1)
    query = {"q": prefix} if prefix else {}
    return render(
        request, visitor, "hosts.html",
        hosts=found[:_LISTED],
        prefix=prefix,
        is_first=not after,
        newest=f"/ui/hosts?{urlencode(query)}" if query else "/ui/hosts",
        older=f"/ui/hosts?{urlencode({**query, 'after': found[_LISTED - 1].host})}" if len(found) > _LISTED else None,
        interval=resources.settings.sites.host_interval,
    )  # fmt: skip


@router.post("/ui/hosts/forget")
async def forget_host(request: Request, resources: ApiResources, _visitor: SignedInOperator) -> Response:
    """Forget what was learnt of a host: pace, robots.txt, need of the browser, selectors and proxies' scores."""
    form = await read_form(request)
    host = form.get("host")
    if not 0 < len(host) <= _LONGEST_HOST:
        raise RequestError("The form names no host.")
    await resources.known_hosts.forget(host)
    query = {"q": form.get("q")[:_LONGEST_HOST]} if form.get("q") else {}
    return RedirectResponse(f"/ui/hosts?{urlencode(query)}" if query else "/ui/hosts", _SEE_OTHER)
