"""Authentication by API key."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated, cast
from urllib.parse import parse_qsl, urlsplit

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from starlette.datastructures import Headers

from pagemill.errors import ForbiddenError, RequestError, UnauthorizedError
from pagemill.jobs.keys.keys import ANONYMOUS_KEY

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from pagemill.api.resources import Resources
    from pagemill.jobs.keys.keys import KnownKey
    from pagemill.settings import Settings

HEADER = "X-API-Key"
METRICS_PATH = "/metrics"
MCP_PATH = "/mcp"
READER_PREFIX = "/r/"
_APIS = ("/v1", "/v2")

_scheme = APIKeyHeader(
    name=HEADER, scheme_name="ApiKey", description="A key made by `pagemill keys create NAME`.", auto_error=False
)
_bearer = HTTPBearer(scheme_name="Bearer", description="The same key, as a bearer token.", auto_error=False)


class Authentication:
    """Answers 401 to every request without a known key below /v1, /v2 or /r, or to /mcp or /metrics, also where there
    is no endpoint.

    It runs before the body is read, so that a request without a key costs little. With authentication off, a request
    without a key belongs to the anonymous key, and a known key still counts.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, as ASGI has it."""
        if scope["type"] in ("http", "websocket") and _needs_key(scope["path"]):
            resources = cast("Resources", scope["app"].state.resources)
            key = await _key(resources, scope)
            scope.setdefault("state", {}).update(key_id=key.id, key_is_operator=key.operator)
            refuse_nul(scope)
        await self.app(scope, receive, send)


def _needs_key(path: str) -> bool:
    if path in (*_APIS, METRICS_PATH, MCP_PATH, READER_PREFIX.rstrip("/")):
        return True
    return path.startswith((*(f"{api}/" for api in _APIS), READER_PREFIX))


def _is_open_on_machine(path: str, settings: Settings) -> bool:
    """Whether the settings let programs on this machine ask for a path without a key."""
    if path == METRICS_PATH:
        return not settings.observability.metrics_auth
    return path.startswith(READER_PREFIX) and not settings.service.reader_auth


async def _key(resources: Resources, scope: Scope) -> KnownKey:
    headers = Headers(scope=scope)
    secret = sent_secret(headers) or _subprotocol(scope)
    known = await resources.keys.find(secret) if secret else None
    if known is not None:
        return known
    if _is_open_on_machine(scope["path"], resources.settings) and _is_on_machine(scope):
        return ANONYMOUS_KEY
    if not resources.settings.service.auth:
        if not names_this_machine(headers) or not _is_same_origin(headers, scope["scheme"]):
            raise UnauthorizedError("Without a key, the API answers only local programs and its own pages.")
        return ANONYMOUS_KEY
    if secret:
        raise UnauthorizedError("This API key is not known, or was revoked.")
    raise UnauthorizedError(f"An API key is needed, in the header {HEADER} or as `Authorization: Bearer KEY`.")


def names_this_machine(headers: Headers) -> bool:
    """Whether a request was sent to an address of this machine: a page elsewhere cannot have its own name lead here."""
    return _is_local(f"//{headers.get('host', '')}")


def sent_secret(headers: Headers) -> str:
    """Return the API key that a request's headers hold, or nothing."""
    return headers.get(HEADER) or _bearer_token(headers)


def _bearer_token(headers: Headers) -> str:
    """Return the token of an Authorization header (RFC 6750 section 2.1), or nothing."""
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _subprotocol(scope: Scope) -> str:
    """Return what a WebSocket names as its protocol: the key of clients in browsers, which can send no other header."""
    return str(next(iter(scope.get("subprotocols", ())), ""))


def _is_local(url: str) -> bool:
    """Whether a URL's host is this machine's own: `localhost`, or a loopback address."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _is_on_machine(scope: Scope) -> bool:
    """Whether a request comes from a program on this machine.

    One that a reverse proxy on this machine passes on names another host, as a rule.
    """
    headers, client = Headers(scope=scope), scope.get("client")
    local = client is not None and _is_local(f"//[{client[0]}]" if ":" in client[0] else f"//{client[0]}")
    return local and _is_local(f"//{headers.get('host', '')}") and _is_same_origin(headers, scope["scheme"])


def _is_same_origin(headers: Headers, scheme: str) -> bool:
    """Whether a request comes from no web page, or from one of this very origin.

    Pages of other origins run in browsers on this machine too, also those of other ports of localhost.
    """
    scheme = {"ws": "http", "wss": "https"}.get(scheme, scheme)
    origin = headers.get("origin")
    if origin is not None and origin.lower() != f"{scheme}://{headers.get('host', '')}".lower():
        return False
    return headers.get("sec-fetch-site", "none") in ("none", "same-origin")


def refuse_nul(scope: Scope) -> None:
    """Raise errors.RequestError for a NUL in the path or the query, which PostgreSQL cannot store."""
    if "\0" in scope["path"]:
        raise RequestError("The path is not valid: it holds a NUL character.")
    query = scope["query_string"]
    if b"%00" not in query:
        return
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if "\0" in name + value:
            shown = name.replace("\0", "")
            raise RequestError(f"The parameter `{shown}` is not valid: it holds a NUL character.")


async def _of_request(
    request: Request,
    _key: Annotated[str | None, Security(_scheme)],
    _token: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> str:
    return cast("str", request.state.key_id)


KeyId = Annotated[str, Depends(_of_request)]
"""An endpoint's parameter of this type is the id of the request's API key."""


async def _of_operator(request: Request, key_id: KeyId) -> str:
    if not request.state.key_is_operator:
        raise ForbiddenError("This takes an operator's key. `pagemill keys create NAME --operator` makes one.")
    return key_id


OperatorKeyId = Annotated[str, Depends(_of_operator)]
"""The same, for an endpoint that takes an operator's key. Raises errors.ForbiddenError for any other."""
