"""Polls of single jobs, answered before the framework: clients send more of them than of all other requests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from starlette.datastructures import Headers

from pagemill.api.middleware.api_keys import sent_secret
from pagemill.api.middleware.recorded_request import record_route
from pagemill.api.submission.polling import Fields, poll_response
from pagemill.api.submission.waiting import await_reading

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from pagemill.api.resources import Resources

ROUTE = "/v1/url-scraper/{id}"
_PATH = re.compile(r"/v1/url-scraper/(job_[0-9a-z]{1,64})")
_QUERY = re.compile(rb"(fields=status)?|wait=([0-9]|[1-5][0-9]|60)")


class JobPolls:
    """Answers `GET /v1/url-scraper/{id}` of a job with one page, without FastAPI and by one statement.

    Whatever is out of the ordinary goes on to the endpoint, which answers as this would: parameters, a key or a job
    that is not known, a request without a key.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, as ASGI has it."""
        response = await _response(scope, receive) if scope["type"] == "http" and scope["method"] == "GET" else None
        await (response or self.app)(scope, receive, send)


async def _response(scope: Scope, receive: Receive) -> Response | None:
    path, query = _PATH.fullmatch(scope["path"]), _QUERY.fullmatch(scope["query_string"])
    if path is None or query is None:
        return None
    headers = Headers(scope=scope)
    secret = sent_secret(headers)
    if not secret or "content-length" in headers or "transfer-encoding" in headers:
        return None
    resources = cast("Resources", scope["app"].state.resources)
    found = await await_reading(
        *(resources, path[1], lambda: resources.jobs.polled(secret, path[1]), lambda found: found[0]),
        seconds=float(query[2] or 0),
        receive=receive,
    )
    if found is None:
        return None
    job, page, is_operator = found
    scope.setdefault("state", {}).update(key_id=job.key_id, key_is_operator=is_operator)
    record_route(scope, ROUTE)
    response = await poll_response(
        *(resources.jobs, resources.downloads, job, headers),
        include=None,
        fields=Fields.STATUS if query[1] else None,
        pages=[page],
    )
    response.headers["Vary"] = "Accept-Encoding"  # as the middleware further in says of all others
    return response
