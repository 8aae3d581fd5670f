"""Routes of the interface: what goes wrong is told on a page, and a browser that is not signed in is asked to."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from pagemill.api.middleware.api_keys import refuse_nul
from pagemill.api.ui.rendering import HEADERS, prepare, render
from pagemill.api.ui.visitor import FORM_COOKIE, forms_of, set_cookie
from pagemill.api.wire.error_response import INTERNAL_MESSAGE, error_response, field_of
from pagemill.api.wire.strict_json import StrictJsonRoute
from pagemill.errors import InternalPageError, NotFoundError, RequestError, UnauthorizedError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from fastapi import Request, Response

log = structlog.get_logger(__name__)

_LOCAL_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")
"""A path on this very host, as a URL has it: `//host` and `/\\host` lead to another, in browsers."""


class PageRoute(StrictJsonRoute):
    """A route whose errors are pages. For a module, which does not accept HTML, they are JSON as the API's, and `field`
    beside names the field that is not valid. Every answer has the headers of a page, or its own in their place.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler as FastAPI makes it, with its errors answered."""
        handle = super().get_route_handler()

        async def handle_with_pages(request: Request) -> Response:
            response = await _answered(request, handle)
            for name, value in HEADERS.items():  # of what has none of its own: errors, pictures, files, redirects
                response.headers.setdefault(name, value)
            return response

        return handle_with_pages


async def _answered(request: Request, handle: Callable[[Request], Coroutine[Any, Any, Response]]) -> Response:
    await prepare()
    try:
        refuse_nul(request.scope)
        response = await handle(request)
    except (RequestValidationError, HTTPException) as error:
        if not wants_page(request):
            return _told(error, request.scope["path"])
        return _error_page(request, NotFoundError("There is no such page."))
    except RequestError as error:
        return _error_page(request, error) if wants_page(request) else _told(error, request.scope["path"])
    except Exception:
        log.exception("page of the interface failed", path=request.scope["path"])
        return _error_page(request, InternalPageError(INTERNAL_MESSAGE))
    _keep_forms(request, response)
    return response


def local_path(text: str) -> str:
    """Return a path of ours that someone is to be led back to, or `/` where the text is anything else."""
    return text if _LOCAL_PATH.fullmatch(text) else "/"


def wants_page(request: Request) -> bool:
    """Whether a request is a browser's for a page, and not one of a module."""
    return "text/html" in request.headers.get("accept", "")


def _keep_forms(request: Request, response: Response) -> None:
    """Give a browser that is not signed in the cookie that the token of its forms is made of."""
    forms = getattr(request.state, "forms", None)
    if forms is not None and forms.is_new:
        set_cookie(request, response, FORM_COOKIE, forms.secret)


def sign_in_page(request: Request, *, way_back: str, status: int = 200, problem: str = "") -> Response:
    """Return the page that asks for an API key.

    Who follows a link on another site is not known, as browsers then send no cookie that is SameSite=Strict: such a
    page loads again by itself, with it.
    """
    request.state.forms = forms_of(request)
    response = render(
        request, None, "sign_in.html",
        status=status, csrf=request.state.forms.csrf, way_back=local_path(way_back), problem=problem,
        comes_from_elsewhere=request.headers.get("sec-fetch-site") in ("cross-site", "same-site"),
    )  # fmt: skip
    _keep_forms(request, response)
    return response


def _told(error: Exception, path: str) -> Response:
    """Return an error for a module, as JSON."""
    answer, field = error_response(error, path), field_of(error)
    if field is None:
        return answer
    return JSONResponse({**json.loads(bytes(answer.body)), "field": field}, answer.status_code)


def _error_page(request: Request, error: RequestError | InternalPageError) -> Response:
    answer = error_response(error, request.scope["path"])
    if not wants_page(request):
        return answer
    if isinstance(error, UnauthorizedError):
        query = request.url.query
        way_back = request.url.path + (f"?{query}" if query else "") if request.method == "GET" else "/"
        return sign_in_page(request, way_back=way_back, status=error.http_status)
    visitor = getattr(request.state, "visitor", None)
    page = render(request, visitor, "error.html", status=answer.status_code, message=error.message)
    if "retry-after" in answer.headers:
        page.headers["Retry-After"] = answer.headers["retry-after"]
    return page
