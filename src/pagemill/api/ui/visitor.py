"""Who asks for a page: a browser that is signed in, or anyone on this machine where authentication is off.

A request that changes something comes from a page of ours. Three things make sure of that: the cookie is
SameSite=Strict; what the browser says of the request's origin; and a token in the form, or in the header X-CSRF-Token,
that only pages of ours are told.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request

from pagemill.api.middleware.api_keys import names_this_machine
from pagemill.api.resources import ApiResources, Resources
from pagemill.api.ui.form import read_form
from pagemill.errors import ForbiddenError, UnauthorizedError
from pagemill.jobs.keys.keys import ANONYMOUS_KEY

if TYPE_CHECKING:
    from starlette.responses import Response

    from pagemill.jobs.keys.keys import KnownKey

COOKIE = "pagemill-sign-in"
FORM_COOKIE = "pagemill-form"
"""Of browsers that are not signed in: what the token of their forms is made of."""
CSRF_FIELD = "csrf"
CSRF_HEADER = "X-CSRF-Token"
_SAFE_METHODS = ("GET", "HEAD")
_MAX_COOKIE = 200


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks for a page."""

    key_id: str
    operator: bool
    """Whether they may see what concerns all keys."""
    csrf: str
    """What every form and every request of a module that changes something has to bring back."""
    signed_in: bool
    """False where authentication is off and nobody signed in."""


@dataclass(frozen=True, slots=True)
class Forms:
    """What the token of a browser's forms is made of: a secret in one of its cookies."""

    secret: str
    is_new: bool

    @property
    def csrf(self) -> str:
        """The token. It cannot be turned back into the cookie."""
        return hmac.new(self.secret.encode(), b"csrf", hashlib.sha256).hexdigest()


async def _visitor(request: Request, resources: ApiResources) -> Visitor:
    """Return who asks, and keep who signs in from being abused.

    Raises errors.UnauthorizedError for a browser that is not signed in, and errors.ForbiddenError for a change that
    comes from no page of ours.
    """
    known, token = await signed_in(request, resources), request.cookies.get(COOKIE, "")
    forms = Forms(token, is_new=False) if known else forms_of(request)
    if known is None and not resources.settings.service.auth and names_this_machine(request.headers):
        known = ANONYMOUS_KEY
    if known is None:
        raise UnauthorizedError("Sign in with an API key to see this page.")
    if request.method not in _SAFE_METHODS:
        await check_change(request, forms)
    visitor = Visitor(known.id, known.operator, forms.csrf, signed_in=known is not ANONYMOUS_KEY)
    request.state.key_id, request.state.forms, request.state.visitor = known.id, forms, visitor
    return visitor


SignedIn = Annotated[Visitor, Depends(_visitor)]
"""An endpoint's parameter of this type is who asks; a request that changes something was checked to come from us."""


async def _operator(visitor: SignedIn) -> Visitor:
    if not visitor.operator:
        raise ForbiddenError("This takes an operator's key. `pagemill keys create NAME --operator` makes one.")
    return visitor


SignedInOperator = Annotated[Visitor, Depends(_operator)]
"""The same, for a view of what concerns all keys. Raises errors.ForbiddenError for any other key."""


async def signed_in(request: Request, resources: Resources) -> KnownKey | None:
    """Return the key that a browser is signed in with, or None."""
    token = request.cookies.get(COOKIE, "")
    return await resources.sign_ins.find(token) if 0 < len(token) <= _MAX_COOKIE else None


def forms_of(request: Request) -> Forms:
    """Return what the forms of a browser are told by that is not signed in."""
    secret = request.cookies.get(FORM_COOKIE, "")
    if 0 < len(secret) <= _MAX_COOKIE:
        return Forms(secret, is_new=False)
    return Forms(secrets.token_urlsafe(32), is_new=True)


async def check_change(request: Request, forms: Forms) -> None:
    """Raise errors.ForbiddenError for a request that comes from no page of ours."""
    if not _is_from_us(request):
        raise ForbiddenError("This request came from another site.")
    sent = request.headers.get(CSRF_HEADER) or (await read_form(request)).get(CSRF_FIELD)
    if not hmac.compare_digest(sent.encode(), forms.csrf.encode()):
        raise ForbiddenError("The page is too old, or was not ours. Load it again and repeat what you did.")


def _is_from_us(request: Request) -> bool:
    """Whether the browser says that a page of ours sends a request; True for one that says nothing of it.

    Behind a proxy that ends TLS we do not know our own scheme, so hosts are compared.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None and site not in ("same-origin", "none"):
        return False
    if origin is None or site == "same-origin":
        return True
    try:
        return urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower()
    except ValueError:
        return False


def set_cookie(request: Request, response: Response, name: str, value: str, max_age: int | None = None) -> None:
    """Give a browser a cookie that scripts cannot read and that other sites cannot have sent.

    `max_age` is in seconds; None for until the browser ends.
    """
    response.set_cookie(
        name, value, max_age=max_age, path="/", httponly=True, samesite="strict", secure=_is_secure(request)
    )


def delete_cookie(request: Request, response: Response, name: str) -> None:
    """Take a cookie back."""
    response.delete_cookie(name, path="/", httponly=True, samesite="strict", secure=_is_secure(request))


def _is_secure(request: Request) -> bool:
    """Whether the browser came by https, perhaps to a proxy before us: its Origin says so."""
    return request.url.scheme == "https" or request.headers.get("origin", "").lower().startswith("https://")
