"""Who is asking: the API key of a request."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated, cast
from urllib.parse import urlsplit

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from starlette.datastructures import Headers

from pagemill.errors import UnauthorizedError
from pagemill.jobs.keys.keys import ANONYMOUS

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from pagemill.api.resources import Resources

HEADER = "X-API-Key"

_scheme = APIKeyHeader(
    name=HEADER, scheme_name="ApiKey", description="A key made by `pagemill keys create NAME`.", auto_error=False
)
_bearer = HTTPBearer(scheme_name="Bearer", description="The same key, as a bearer token.", auto_error=False)


class Authentication:
    """Lets nothing below /v1 through without a known key, be there such an endpoint or not.

    It comes before the body is read, so that strangers cost little. With authentication off a request without a key
    is the anonymous one's, and a known key is honoured all the same.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, as ASGI has it."""
        if scope["type"] == "http" and (scope["path"] == "/v1" or scope["path"].startswith("/v1/")):
            resources = cast("Resources", scope["app"].state.resources)
            scope.setdefault("state", {})["key_id"] = await _key_id(resources, Headers(scope=scope))
        await self.app(scope, receive, send)


async def _key_id(resources: Resources, headers: Headers) -> str:
    secret = headers.get(HEADER) or _bearer_token(headers)
    known = await resources.keys.find(secret) if secret else None
    if known is not None:
        return known
    if not resources.settings.service.auth:
        if not _is_local(f"//{headers.get('host', '')}") or not _is_local(headers.get("origin", "//localhost")):
            # A page in a browser on this machine, from elsewhere: by a name of its own that it had point here (DNS
            # rebinding), or across origins.
            raise UnauthorizedError("Without a key, requests are answered to the local machine's own addresses alone.")
        return ANONYMOUS
    if secret:
        raise UnauthorizedError("This API key is not known, or was revoked.")
    raise UnauthorizedError(f"An API key is needed, in the header {HEADER} or as `Authorization: Bearer KEY`.")


def _bearer_token(headers: Headers) -> str:
    """Return the token of an Authorization header (RFC 6750 section 2.1), or nothing."""
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _is_local(url: str) -> bool:
    """Whether a URL's host is this machine's own: `localhost`, or a loopback address."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


async def _of_request(
    request: Request,
    _key: Annotated[str | None, Security(_scheme)],
    _token: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> str:
    return cast("str", request.state.key_id)


KeyId = Annotated[str, Depends(_of_request)]
"""A parameter of this type gives an endpoint the id of the key that asks."""
