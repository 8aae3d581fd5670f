"""What a client wants sent with the request for its page: headers, cookies, a user agent.

Headers are for the origin that the client named, cookies for its host: redirects elsewhere do not take them along.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pagemill.fetching.http.validators import Validators
    from pagemill.fetching.url import Url
    from pagemill.model import Cookie, ScrapeOptions

_CLIENT_HINTS = ("sec-ch-ua", "sec-ch-ua-mobile", "sec-ch-ua-platform")
"""Headers that say again who asks: beside a user agent of the client's own they would contradict it."""
_CONDITIONS = frozenset({"if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range"})
"""Headers that a host may answer with 304 or 412 and no page. There is nothing of the client's here to keep instead."""


@dataclass(frozen=True, slots=True)
class RequestFields:
    """Checked by whoever took them from the client: no line ends, no control characters."""

    headers: tuple[tuple[str, str], ...] = ()
    cookies: tuple[Cookie, ...] = ()
    user_agent: str | None = None
    validators: Validators | None = None
    """Of the page as it is known already: it need not come again where it has not changed."""
    enough: int | None = None
    """Bytes of the body after which the rest is not read, however long it is."""
    session_cookies: tuple[bytes, ...] = field(default=(), repr=False)
    """The cookies of a saved session, as lines of Netscape's cookie file."""

    @property
    def own(self) -> bool:
        """Whether the client sends anything of its own, so that the host may answer otherwise than anybody else."""
        return bool(self.headers or self.cookies or self.user_agent or self.session_cookies)

    @classmethod
    def of(cls, options: ScrapeOptions) -> RequestFields:
        """Those of a job."""
        return cls(unconditional(options).headers, options.cookies, options.user_agent)

    def header_lines(self, *, same_origin: bool) -> list[bytes]:
        """The header lines for a request, to the origin that the client named or another one."""
        fields = [*self.headers] if same_origin else []
        if self.user_agent is not None:
            fields = [(name, value) for name, value in fields if name.lower() != "user-agent"]
            fields.append(("User-Agent", self.user_agent))
        # libcurl sends a header without a value for `Name;`, and takes `Name:` for one that is to be left out.
        lines = [(f"{name}: {value}" if value else f"{name};").encode() for name, value in fields]
        names = {name.lower() for name, _ in fields}
        if "user-agent" in names:
            lines += [f"{name}:".encode() for name in _CLIENT_HINTS if name not in names]
        return lines

    def condition_lines(self, url: Url) -> list[bytes]:
        """The header lines that make the request for `url` a conditional one, where its validators are known."""
        return [line.encode() for line in self.validators.headers_for(url)] if self.validators else []

    def cookie_lines(self, host: str) -> list[bytes]:
        """The cookies as lines of Netscape's cookie file, as CURLOPT_COOKIELIST takes them; the session's first."""
        lines = [*self.session_cookies]
        for cookie in self.cookies:
            domain = host if cookie.domain is None else cookie.domain.lstrip(".")
            below = "FALSE" if cookie.domain is None else "TRUE"
            parts = (domain, below, cookie.path, "FALSE", "0", cookie.name, cookie.value)
            lines.append("\t".join(parts).encode())
        return lines


def is_same_origin(url: Url, first: Url) -> bool:
    """Whether what is for the first URL may go to this one: the same origin, or its step up from HTTP to HTTPS."""
    steps_up = (first.scheme, first.port, url.scheme, url.port) == ("http", 80, "https", 443)
    return url.host == first.host and (steps_up or (url.scheme, url.port) == (first.scheme, first.port))


def unconditional(options: ScrapeOptions) -> ScrapeOptions:
    """The options without headers that make a request a conditional one."""
    headers = tuple((name, value) for name, value in options.headers if name.lower() not in _CONDITIONS)
    return options if headers == options.headers else replace(options, headers=headers)


NONE = RequestFields()
