"""Validates the headers, cookies, user agent and selectors of a request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from pagemill.errors import RequestError
from pagemill.model import Cookie

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

MAX_HEADERS = 50
MAX_COOKIES = 100
MAX_SELECTORS = 50

# RFC 9110, 5.6.2 and 5.5; RFC 6265, 4.1.1, as widely as browsers read cookies.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\U0010ffff]{0,8000}")
_COOKIE_VALUE = re.compile(r"[\x20-\x3a\x3c-\x7e]{0,4096}")
_COOKIE_ATTRIBUTE = re.compile(r"[\x21-\x3a\x3c-\x7e]{1,1000}")
# Pseudo-classes of CSS that only a browser can judge, and so the parser here does not know them.
_OF_BROWSERS = re.compile(
    r":(autofill|in-range|invalid|muted|open|out-of-range|paused|picture-in-picture|placeholder-shown|playing"
    r"|popover-open|user-invalid|user-valid|valid)(?![\w(-])"
)
_STRING = re.compile(r"""\\.|"[^"]*"|'[^']*'""", re.DOTALL)
_DIGIT_ID = re.compile(r"#-?[0-9]")
"""An id that begins with a digit, which CSS wants escaped: the parser here is more lenient than browsers."""
# Headers of the connection, or that decide where it goes.
_RESERVED_HEADERS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "keep-alive", "expect",
     "proxy-authorization", "proxy-connection", "content-encoding", "accept-encoding"}
)  # fmt: skip


class CookieFields(BaseModel):
    """A cookie to send."""

    model_config = ConfigDict(strict=True, frozen=True, extra="allow")

    name: str
    value: str
    domain: Annotated[str | None, Field(description="The page's own host, where nothing is said.")] = None
    path: str | None = "/"


def checked_headers(
    headers: Mapping[str, str], field: str = "headers", reserved: Container[str] = ()
) -> tuple[tuple[str, str], ...]:
    """Return headers that can be sent. Raises errors.RequestError, naming the first that cannot.

    `reserved` are those, in lower case, that the service sets in this place, beside the ones that it sets everywhere.
    """
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
            raise RequestError(f"The field `{field}` is not valid: it holds what is no HTTP header.", field)
        if name.lower() in _RESERVED_HEADERS or name.lower() in reserved:
            raise RequestError(
                f"The field `{field}.{name}` is not valid: this header is set by the service.", f"{field}.{name}"
            )
    return tuple((name, value.strip()) for name, value in headers.items())


def checked_cookies(cookies: Sequence[CookieFields] | Mapping[str, str]) -> tuple[Cookie, ...]:
    """Return cookies that can be sent. Raises errors.RequestError, naming the first that cannot by its index."""
    fields = cookies if not isinstance(cookies, dict) else [CookieFields(name=n, value=v) for n, v in cookies.items()]
    return tuple(_cookie(index, cookie) for index, cookie in enumerate(fields) if isinstance(cookie, CookieFields))


def _cookie(index: int, cookie: CookieFields) -> Cookie:
    path = cookie.path or "/"
    places = (path, cookie.domain) if cookie.domain else (path,)
    if not (
        _TOKEN.fullmatch(cookie.name)
        and _COOKIE_VALUE.fullmatch(cookie.value)
        and path.startswith("/")
        and all(_COOKIE_ATTRIBUTE.fullmatch(place) for place in places)
    ):
        raise RequestError(
            f"The field `cookies[{index}]` is not valid: it is no cookie that can be sent.", f"cookies[{index}]"
        )
    return Cookie(cookie.name, cookie.value, cookie.domain or None, path)


def checked_user_agent(text: str | None) -> str | None:
    """Return a user agent that can be sent. Raises errors.RequestError."""
    if not text:
        return None
    if not _VALUE.fullmatch(text) or not text.isascii():
        raise RequestError("The field `userAgent` is not valid: it cannot be sent as a header.", "userAgent")
    return text.strip() or None


def checked_selectors(selectors: Sequence[str], field: str) -> tuple[str, ...]:
    """Return CSS selectors that are valid. Raises errors.RequestError, naming the first that is not by its index."""
    for index, selector in enumerate(selectors):
        if not is_css_selector(selector):
            raise RequestError(
                f"The field `{field}[{index}]` is not valid: it is no CSS selector.", f"{field}[{index}]"
            )
    return tuple(selectors)


def is_css_selector(text: str) -> bool:
    """Whether `text` is a selector of CSS, and of nothing that extends it."""
    import turbohtml

    try:
        turbohtml.parse(b"").select(_OF_BROWSERS.sub(":enabled", text))
    except ValueError:
        return False
    return _DIGIT_ID.search(_STRING.sub("x", text)) is None  # an escape or a string is no digit
